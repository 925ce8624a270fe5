"""A word to a step that is under way."""

from __future__ import annotations

from orchestrator.app.project import Project
from orchestrator.errors import UsageError
from orchestrator.models.base import RunId, StepId
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.plan import Plan
from orchestrator.models.run import OVER

MAX_CHARACTERS = 8192


def steer(project: Project, run: str, step: str, text: str) -> str:
    """What was done, in a sentence.

    Raises ``UsageError``: RUN004 a run that is over, RUN006 no such step, RUN007 an empty or overlong text. Not
    known here: whether the step's agent can hear it at once; its next attempt is told in any case.
    """
    found = project.index.run(RunId(run))
    if found.status in OVER:
        raise UsageError("RUN004", f"Run {run} is over ({found.status}).", "handrail runs")
    plan = Plan.model_validate_json(project.blobs.get(found.plan)) if found.plan else None
    known = [s.id for s in plan.steps] if plan else []
    if step not in known:
        raise UsageError("RUN006", f"Run {run} has no step {step}.", f"one of: {', '.join(known) or 'none is planned'}")
    if not text.strip() or len(text) > MAX_CHARACTERS:
        raise UsageError("RUN007", f"A word to an agent has 1 to {MAX_CHARACTERS} characters.", "say it shorter")
    digest = project.blobs.put(text.encode())
    project.index.add_steer(found.id, StepId(step), digest)
    now = project.clock.now()
    project.index.emit(Event(at=now, run=found.id, kind=EventKind.STEERED, step=StepId(step), data={"text": digest}))
    return f"Step {step} is told at once if its agent can hear it, else with its next attempt."
