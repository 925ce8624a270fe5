"""The list of batches bears what a killed command left."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from orchestrator.app.batches import book
from orchestrator.cli.main import cli


def test_a_batch_whose_command_was_killed_before_it_was_written_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    half = tmp_path / "handrail" / "batches" / "B20261130-aaaaaa"
    half.mkdir(parents=True)
    (half / ".new-half").write_bytes(b"half")
    assert book.names() == []
    done = CliRunner().invoke(cli, ["runs", "--batches", "--json"])
    assert (done.exit_code, json.loads(done.output)["batches"]) == (0, [])
