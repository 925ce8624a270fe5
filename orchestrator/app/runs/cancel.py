"""Ending a run from outside: a row that its owner polls, or the end at once when nobody owns it."""

from __future__ import annotations

from orchestrator.app.project import Project
from orchestrator.errors import RunBusy, UsageError
from orchestrator.models.ids import RunId
from orchestrator.models.run import OVER, RunStatus


def cancel(project: Project, run: str) -> str:
    """What was done, in a sentence. Raises ``UsageError`` (RUN004) for a run that is over."""
    found = project.index.run(RunId(run))
    if found.status in OVER:
        raise UsageError("RUN004", f"Run {run} is over ({found.status}).", "handrail runs")
    project.index.ask_to_cancel(found.id)
    try:
        with project.owners.own(found.id):
            ended = {"status": RunStatus.CANCELLED, "message": "cancelled", "updated_at": project.clock.now()}
            project.index.save_run(found.model_copy(update=ended))
    except RunBusy:
        return f"Run {run} is being ended by the process that owns it."
    return f"Run {run} is cancelled."
