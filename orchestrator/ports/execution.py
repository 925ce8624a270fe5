"""Advancing runs elsewhere: in processes of this machine, or on workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from orchestrator.models.ids import RunId


@dataclass(frozen=True, slots=True)
class RunJob:
    """Advance a recorded run until it waits or ends.

    ``repository`` is a folder. ``key`` is the signing key's file and ``trust`` the digest of the ``.handrail`` folder,
    '' for the defaults. ``approve_plan`` signs the plan's approval with that key without anybody looking at it.
    ``begin`` says how to record the run first where there is none with that id yet; '' for one that is recorded.
    """

    repository: str
    run: RunId
    key: str = ""
    trust: str = ""
    approve_plan: bool = False
    begin: str = ""


@dataclass(frozen=True, slots=True)
class JobEnd:
    """``exit_code`` is that of `handrail resume`. ``lost`` says that the executor itself failed."""

    job: RunJob
    exit_code: int
    code: str = ""
    message: str = ""
    details: tuple[str, ...] = ()
    lost: bool = False


class RunExecutor(Protocol):
    """A context: at its end every job that is still under way is stopped so that its run can be resumed.

    A job is done at least once; that a run is advanced by one owner at a time is the run's lease, not the executor's.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def submit(self, job: RunJob) -> None:
        """Take a job. Never waits for it."""
        ...

    def wait(self, timeout_seconds: float) -> tuple[JobEnd, ...]:
        """Jobs that ended since the last call, after at most that time; none is no error."""
        ...
