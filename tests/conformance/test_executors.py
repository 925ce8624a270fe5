"""The executor of this machine and that of a cluster do what every executor must."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pytest
import yaml

from orchestrator.app.cluster.sending import cluster_executor
from orchestrator.app.local.executor import LocalExecutor
from orchestrator.app.runs.start import RunRequest, start
from orchestrator.errors import ExitCode
from orchestrator.models.ids import sha256
from orchestrator.ports import JobEnd, RunJob
from orchestrator.testing.executor_suite import CHECKS, Bench

sys.path.append(str(Path(__file__).resolve().parents[1] / "integration"))
from cluster_support import Cluster, cluster, tree_of
from run_support import Lab, lab

PROSE = b"Words for people.\n"
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
    """Processes below this one that advance runs."""
    return [pid for pid in tree_of(os.getpid()) if b"orchestrator.app.local.nursery" in _words(pid)]


def _words(pid: int) -> bytes:
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


@pytest.mark.slow
def test_the_engine_is_loaded_once_and_again_when_who_has_loaded_it_was_killed(tmp_path: Path) -> None:
    with lab(tmp_path, people={"cleo": ("clerk",)}) as here, LocalExecutor(2) as executor:
        jobs = [job(here, waiting_process(tmp_path / f"waits{n}")) for n in range(4)]
        for one in jobs[:2]:
            executor.submit(one)
        ends = _both(executor)
        (loaded,) = [pid for pid in workers() if _parent(pid) == os.getpid()]
        copies = [pid for pid in workers() if _parent(pid) == loaded]
        assert 1 <= len(copies) <= 2
        os.kill(loaded, signal.SIGKILL)
        os.kill(copies[0], signal.SIGKILL)
        for one in jobs[2:]:
            executor.submit(one)
        ends += _both(executor)
        lost = [end.job for end in ends if end.lost]  # given to the one that had been killed
        for one in lost:
            executor.submit(one)
        ends += [end for _ in lost for end in _both(executor, 1)]
    assert sorted(end.job.run for end in ends if end.exit_code == int(ExitCode.WAITING)) == sorted(j.run for j in jobs)


@pytest.mark.slow
def test_no_module_of_the_folder_that_a_batch_is_begun_in_is_loaded(tmp_path: Path, monkeypatch) -> None:
    folder, seen = tmp_path / "begun", tmp_path / "seen"
    (folder / "orchestrator" / "app" / "local").mkdir(parents=True)
    for name in ("json.py", "yaml.py", "orchestrator/__init__.py", "orchestrator/app/local/nursery.py"):
        (folder / name).write_text(f"open({str(seen)!r}, 'w')\nraise SystemExit\n")
    with lab(tmp_path, people={"cleo": ("clerk",)}) as here, LocalExecutor(1) as executor:
        one = job(here, waiting_process(tmp_path / "waits"))
        monkeypatch.chdir(folder)
        executor.submit(one)
        (end,) = _both(executor, 1)
    assert end.exit_code == int(ExitCode.WAITING)
    assert not seen.exists()


def _both(executor: LocalExecutor, count: int = 2) -> list[JobEnd]:
    ends, until = list[JobEnd](), time.monotonic() + 120
    while len(ends) < count:
        assert time.monotonic() < until
        ends += executor.wait(0.2)
    return ends


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


class WithWorker:
    """The cluster's executor and, for as long as it lives, a worker of its own."""

    def __init__(self, made: Cluster, jobs: int) -> None:
        self._made, self._jobs, self._inner = made, jobs, cluster_executor(())

    def __enter__(self):
        self._worker = self._made.worker(1, "--jobs", str(self._jobs))
        return self._inner.__enter__()

    def __exit__(self, *problem: object) -> None:
        self._inner.__exit__(*problem)
        self._worker.terminate()
        assert self._worker.wait(60) in {0, -signal.SIGTERM}, self._made.logs()  # the latter while it still starts


@pytest.mark.slow
@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__.removeprefix("check_"))
def test_the_executor_of_a_cluster(check, tmp_path: Path) -> None:
    with cluster(tmp_path, people={"cleo": ("clerk",)}) as made:
        workflow = waiting_process(tmp_path / "waits")
        check(Bench(lambda jobs: WithWorker(made, jobs), lambda: job(made.here, workflow), workers))
