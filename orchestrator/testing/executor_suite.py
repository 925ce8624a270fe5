"""What every :class:`orchestrator.ports.RunExecutor` must do, tried with real runs in real workers.

Each ``check_…`` takes a :class:`Bench` and raises ``AssertionError`` when the executor falls short. The runs wait for a
person at once, so that nothing is needed but a store. Not checked: how fast it is, and that one owner at a time
advances a run, which is the lease's to hold.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from orchestrator.errors import ExitCode
from orchestrator.models.ids import RunId
from orchestrator.ports import JobEnd, RunExecutor, RunJob

_WAIT_SECONDS = 0.2
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Bench:
    """``executor`` makes one of so many workers. ``job`` records a run that waits for a person once it is advanced.

    ``workers`` names the processes of all executors of this test that live. ``patience_seconds`` is how long an answer
    may take.
    """

    executor: Callable[[int], RunExecutor]
    job: Callable[[], RunJob]
    workers: Callable[[], Sequence[int]]
    patience_seconds: float = 120.0


def check_every_job_ends_once(bench: Bench) -> None:
    """More jobs than workers; each is answered, with its own job and the run's exit code."""
    jobs = [bench.job() for _ in range(4)]
    with bench.executor(2) as executor:
        for job in jobs:
            executor.submit(job)
        ends = _ends(bench, executor, len(jobs))
        more = executor.wait(_WAIT_SECONDS)
    _ensure(sorted(end.job.run for end in ends) == sorted(job.run for job in jobs), "each job once")
    _ensure({end.exit_code for end in ends} == {int(ExitCode.WAITING)}, "the runs' own exit codes")
    _ensure(not more, "no job is answered twice")


def check_a_job_that_cannot_be_done_is_answered_and_harms_no_other(bench: Bench) -> None:
    """No such repository, no such run: an answer with a code, and the next job is done."""
    good = bench.job()
    nowhere, nobody = replace(bench.job(), repository="/nonexistent"), replace(good, run=RunId("20000101-nobody"))
    with bench.executor(1) as executor:
        for job in (nowhere, nobody, good):
            executor.submit(job)
        ends = {end.job: end for end in _ends(bench, executor, 3)}
    for job in (nowhere, nobody):
        _ensure(bool(ends[job].code) and ends[job].exit_code != int(ExitCode.DONE), "a coded answer")
        _ensure(not ends[job].lost, "the executor did not fail")
    _ensure(ends[good].exit_code == int(ExitCode.WAITING), "the good job")


def check_a_worker_that_dies_loses_no_job(bench: Bench) -> None:
    """``kill -9`` of a worker with a job in hand: it is told as lost, or done by another; given again, it is done."""
    job = bench.job()
    with bench.executor(1) as executor:
        executor.submit(job)
        _until(bench, lambda: bool(bench.workers()), "a worker begins")
        for worker in bench.workers():
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)
        (end,) = _ends(bench, executor, 1)
        for _ in range(_TRIES):
            if not end.lost:
                break
            executor.submit(job)
            (end,) = _ends(bench, executor, 1)
    _ensure(end.exit_code == int(ExitCode.WAITING), "the job is done in the end")


def check_nothing_is_left_when_it_ends(bench: Bench) -> None:
    """Jobs that have not begun are let go of; workers end with their owner, and the runs can go on."""
    jobs = [bench.job() for _ in range(3)]
    with bench.executor(1) as executor:
        for job in jobs:
            executor.submit(job)
    _until(bench, lambda: not bench.workers(), "the workers end")
    with bench.executor(1) as executor:
        executor.submit(jobs[-1])
        (end,) = _ends(bench, executor, 1)
    _ensure(end.exit_code == int(ExitCode.WAITING), "a job that was let go of can be given again")


CHECKS: tuple[Callable[[Bench], None], ...] = (
    check_every_job_ends_once,
    check_a_job_that_cannot_be_done_is_answered_and_harms_no_other,
    check_a_worker_that_dies_loses_no_job,
    check_nothing_is_left_when_it_ends,
)


def _ends(bench: Bench, executor: RunExecutor, count: int) -> list[JobEnd]:
    ends = list[JobEnd]()

    def all_there() -> bool:
        ends.extend(executor.wait(_WAIT_SECONDS))
        return len(ends) >= count

    _until(bench, all_there, f"{count} answers")
    return ends


def _until(bench: Bench, true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + bench.patience_seconds
    while not true():
        _ensure(time.monotonic() < end, what)
        time.sleep(0.02)


def _ensure(holds: bool, what: str) -> None:  # noqa: FBT001  the one thing that it is about
    if not holds:
        raise AssertionError(what)
