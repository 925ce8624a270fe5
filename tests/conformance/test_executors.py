"""The executor of this machine does what every executor must."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
import yaml

from orchestrator.app.executor import LocalExecutor
from orchestrator.app.start import RunRequest, start
from orchestrator.models.base import sha256
from orchestrator.ports import RunJob
from orchestrator.testing.executor_suite import CHECKS, Bench

sys.path.append(str(Path(__file__).resolve().parents[1] / "integration"))
from run_support import Lab, lab

PROSE = b"1. Do it.\n"
ENDS = {"kind": "end", "exit": 0}
NODES = {"first": {"kind": "task", "role": "clerk", "on": {"done": "end", "blocked": "end"}}, "end": ENDS}


def waiting_process(folder: Path) -> Path:
    """A workflow that waits for a clerk at once."""
    folder.mkdir()
    (folder / "process.md").write_bytes(PROSE)
    named = {"title": "Made for a test", "start": "first", "roles": ["clerk"], "facts": {}, "ceiling": {}}
    body = {"schema": "handrail.workflow/1", "id": folder.name, **named, "nodes": NODES, "source_digest": sha256(PROSE)}
    (folder / "workflow.yaml").write_text(yaml.safe_dump(body, sort_keys=False))
    return folder / "workflow.yaml"


def job(here: Lab, workflow: Path) -> RunJob:
    with here.project() as project:
        run = start(project, RunRequest(None, workflow=str(workflow)))
    return RunJob(str(here.repo), run.id)


def workers() -> list[int]:
    """Children of this process that advance runs."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [int(pid) for pid in children if b"orchestrator.app.run_worker" in _words(pid)]


def _words(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__.removeprefix("check_"))
def test_the_local_executor(check, tmp_path: Path) -> None:
    with lab(tmp_path, people={"cleo": ("clerk",)}) as here:
        workflow = waiting_process(tmp_path / "waits")
        check(Bench(LocalExecutor, lambda: job(here, workflow), workers))
