"""Who works on an attempt: the run's agent, and after so many failures another one."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.models.plan import StepKind
from orchestrator.models.run import AgentChoice, RunSettings
from orchestrator.ports import Agent


@dataclass(frozen=True, slots=True)
class Worker:
    """A driver and the ``endpoint/model`` that it asks."""

    agent: Agent
    model: str


def choice(settings: RunSettings, kind: StepKind, attempt: int) -> AgentChoice:
    """The agent of an attempt (1 is the first). A tester is never relieved by who writes the code."""
    if kind is StepKind.TESTS and settings.tester is not None:
        return settings.tester
    if settings.escalate is not None and attempt > settings.escalate_after:
        return settings.escalate
    return AgentChoice(agent=settings.agent, model=settings.model)
