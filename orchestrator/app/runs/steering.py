"""A word to a step that is under way."""

from __future__ import annotations

from orchestrator.agents.catalog import HEARING
from orchestrator.app.project import Project
from orchestrator.engine.workers import choice
from orchestrator.errors import UsageError
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import RunId, StepId
from orchestrator.models.plan import Plan, Step
from orchestrator.models.run import OVER, Run, RunSettings

MAX_CHARACTERS = 8192
_BEGUN = EventKind.AGENT_PROMPT
_BOUNDS = frozenset({_BEGUN, EventKind.PROPOSED, *(kind for kind in EventKind if kind.startswith("step-"))})
"""Between the first and any of the others an agent is at work on a step."""


def steer(project: Project, run: str, step: str, text: str) -> str:
    """What was done, in a sentence.

    Raises ``UsageError``: RUN004 a run that is over, RUN006 no such step, RUN007 an empty or overlong text. An
    agent that cannot hear while it works is no error: its next attempt is told in any case.
    """
    found = project.index.run(RunId(run))
    if found.status in OVER:
        raise UsageError("RUN004", f"Run {run} is over ({found.status}).", "handrail runs")
    plan = Plan.model_validate_json(project.blobs.get(found.plan)) if found.plan else None
    known = {s.id: s for s in plan.steps} if plan else {}
    if step not in known:
        raise UsageError("RUN006", f"Run {run} has no step {step}.", f"one of: {', '.join(known) or 'none is planned'}")
    if not text.strip() or len(text) > MAX_CHARACTERS:
        raise UsageError("RUN007", f"A word to an agent has 1 to {MAX_CHARACTERS} characters.", "say it shorter")
    digest = project.blobs.put(text.encode())
    project.index.add_steer(found.id, StepId(step), digest)
    now = project.clock.now()
    project.index.emit(Event(at=now, run=found.id, kind=EventKind.STEERED, step=StepId(step), data={"text": digest}))
    return _heard(project, found, known[StepId(step)])


def _heard(project: Project, run: Run, step: Step) -> str:
    """Who is told, and when."""
    attempt = _at_work(project, run.id, step.id)
    if attempt is None:
        return f"No agent works on step {step.id} now. The next attempt begins with your words, if there is one."
    settings = RunSettings.model_validate_json(project.blobs.get(run.settings))
    agent = choice(settings, step.kind, attempt).agent
    if agent in HEARING:
        return f"The agent {agent} hears your words at its next turn on step {step.id}."
    words = f"The agent {agent} cannot be told anything while it works on step {step.id}."
    return f"{words} Its next attempt begins with your words, if there is one."


def _at_work(project: Project, run: RunId, step: StepId) -> int | None:
    """The attempt that is under way, by the run's record."""
    told = [event for _, event in project.index.events(run) if event.step == step and event.kind in _BOUNDS]
    return told[-1].attempt if told and told[-1].kind is _BEGUN else None
