"""A disk that is full for a file that is nobody's in particular."""

import errno
from pathlib import Path

import pytest

from orchestrator.app.room import room
from orchestrator.errors import StoreError


def test_a_full_disk_has_a_code_wherever_it_is_met() -> None:
    with (
        pytest.raises(StoreError, match="STORE022") as told,
        room("resume the run"),
        Path("/dev/full").open("wb", 0) as full,
    ):
        full.write(b"x")
    assert "free space" in told.value.hint


def test_any_other_trouble_stays_what_it_is() -> None:
    with pytest.raises(IsADirectoryError) as told, room("resume the run"):
        Path("/").write_bytes(b"")
    assert told.value.errno == errno.EISDIR
