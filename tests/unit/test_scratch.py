"""The folder of a run's temporary files: whoever goes on takes away a dead owner's, and nobody a living one's."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from orchestrator.app.runs.scratch import scratch


@pytest.fixture(autouse=True)
def _as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)


def test_it_is_gone_with_its_owner_and_so_is_the_record(tmp_path: Path) -> None:
    with scratch(tmp_path) as place:
        assert Path(tempfile.mkdtemp()).parent == place == Path(os.environ["TMPDIR"])
    assert list((tmp_path / "tmp").iterdir()) == []
    assert [entry.name for entry in tmp_path.iterdir()] == ["tmp"]


def test_what_a_dead_owner_left_is_taken_away(tmp_path: Path) -> None:
    dead = tmp_path / "tmp" / "handrail-dead"
    dead.mkdir()
    (tmp_path / "scratch").write_bytes(os.fsencode(dead))
    (tmp_path / ".new-half").write_bytes(b"half")
    with scratch(tmp_path) as place:
        assert [entry.name for entry in (tmp_path / "tmp").iterdir()] == [place.name]
        assert not (tmp_path / ".new-half").exists()


_WRITES = """
import itertools, sys, time
end = time.monotonic() + 0.5
for n in itertools.count():
    if n == 10:
        print(flush=True)
    if time.monotonic() > end:
        break
    try:
        open(f"{sys.argv[1]}/{n}", "w").close()
    except OSError:
        break
"""


def test_what_a_dead_owners_program_still_writes_to_is_taken_away(tmp_path: Path) -> None:
    dead = tmp_path / "tmp" / "handrail-dead"
    dead.mkdir()
    (tmp_path / "scratch").write_bytes(os.fsencode(dead))
    with subprocess.Popen([sys.executable, "-c", _WRITES, str(dead)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"\n"
        with scratch(tmp_path) as place:
            assert [entry.name for entry in (tmp_path / "tmp").iterdir()] == [place.name]


@contextmanager
def _nobody_removes(folder: Path) -> Iterator[None]:
    """Nor root, for whom it is a mount."""
    folder.mkdir()
    (folder / "file").touch()
    root = os.geteuid() == 0
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder] if root else ["chmod", "500", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder] if root else ["chmod", "700", folder], check=True)


def test_what_cannot_be_taken_away_stays_on_record_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = tmp_path / "tmp" / "handrail-dead"
    dead.mkdir()
    (tmp_path / "scratch").write_bytes(os.fsencode(dead))
    monkeypatch.setattr("orchestrator.app.runs.scratch._TRIES", 2)
    with _nobody_removes(dead / "busy"):
        for _ in range(2):
            with scratch(tmp_path) as place:
                assert {entry.name for entry in (tmp_path / "tmp").iterdir()} == {place.name, dead.name}
    with scratch(tmp_path):
        assert not dead.exists()
    assert not (tmp_path / "scratch").exists()


def test_a_folder_that_is_not_ours_stays(tmp_path: Path) -> None:
    other = tmp_path / "tmp" / "papers"
    other.mkdir()
    (tmp_path / "scratch").write_bytes(os.fsencode(other))
    with scratch(tmp_path):
        assert other.is_dir()


def test_an_owner_that_had_lost_its_run_leaves_its_successors_alone(tmp_path: Path) -> None:
    stalled, next_ = scratch(tmp_path), scratch(tmp_path)
    stalled.__enter__()
    place = next_.__enter__()
    stalled.__exit__(None, None, None)
    assert place.is_dir()
    next_.__exit__(None, None, None)
    assert list(tmp_path.glob("scratch")) == []
