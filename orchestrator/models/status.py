"""Where a run stands. Apart from the run itself, so that a list of runs loads no model."""

from __future__ import annotations

from enum import StrEnum


class RunStatus(StrEnum):
    RUNNING = "running"
    STOPPED = "stopped"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    LIMIT = "limit"


OVER = frozenset(RunStatus) - {RunStatus.RUNNING, RunStatus.STOPPED, RunStatus.WAITING}
"""A run in one of these never goes on."""

DRILL = "(drill)"
"""In the place of a run's workflow: there is none, nothing advances it, and it is in no list of runs."""
