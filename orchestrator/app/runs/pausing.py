"""Letting a run come to rest: what works ends its attempt, and nothing more begins until somebody resumes it."""

from __future__ import annotations

from orchestrator.app.project import Project
from orchestrator.errors import RunBusy, UsageError
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import RunId
from orchestrator.models.run import OVER


def pause(project: Project, run: str) -> str:
    """What was done, in a sentence. Raises ``UsageError`` (RUN004) for a run that is over."""
    found = project.index.run(RunId(run))
    if found.status in OVER:
        raise UsageError("RUN004", f"Run {run} is over ({found.status}).", "handrail runs")
    project.index.set_paused(found.id, paused=True)
    project.index.emit(Event(at=project.clock.now(), run=found.id, kind=EventKind.PAUSED))
    try:
        with project.owners.own(found.id):
            return f"Run {run} is not under way; no timer goes on with it before: handrail resume {run}"
    except RunBusy:
        return f"Run {run} pauses when what works now has ended its attempt. Then: handrail resume {run}"


def unpause(project: Project, run: RunId) -> None:
    """Whoever resumes a run means it to go on; harmless for one that is not paused."""
    project.index.set_paused(run, paused=False)
