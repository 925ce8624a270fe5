"""A run as the index knows it."""

from __future__ import annotations

from pydantic import Field

from orchestrator.models.base import Instant, Noun
from orchestrator.models.ids import Digest, GitOid, RunId
from orchestrator.models.plan import ReviewMode
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.status import DRILL, OVER, RunStatus

__all__ = ["DRILL", "OVER", "Run", "RunSettings", "RunStatus"]


class AgentChoice(Noun):
    """A coding agent and the ``endpoint/model`` that it asks; '' for an agent that asks none."""

    agent: str
    model: str = ""


class RunSettings(Noun):
    """What the person asked for when the run began; a resume goes on with the same.

    ``agent_input`` is the stored file that the agent was given (the scripted
    agent's actions). ``tester`` writes the tests in the test-first lane;
    ``escalate`` takes a step over once ``escalate_after`` attempts have failed.
    ``limits`` are ceilings by flag, named as in
    :class:`~orchestrator.models.capabilities.Limits`; ``budget_*`` are those of
    the whole run, ``budget_seconds`` of the wall time of all its attempts.
    ``packages`` is the folder that stands in for every index.
    ``osv`` is the export of known vulnerabilities that gates look in, '' for none.
    ``record`` keeps what models said; ``replay`` names a run whose recordings answer instead.
    ``risks`` are missing protections that somebody answers for; a resume may name further ones.
    ``batch`` is the batch whose ceiling of tokens and money it shares, '' for a run on its own.
    """

    agent: str
    agent_input: Digest | None = None
    review: ReviewMode = ReviewMode.EACH_STEP
    max_parallel: int = Field(default=2, ge=1, le=64)
    image: str = ""
    runtime: str = ""
    osv: str = ""
    packages: str = ""
    model: str = ""
    escalate: AgentChoice | None = None
    tester: AgentChoice | None = None
    escalate_after: int = Field(default=2, ge=1, le=19)
    budget_tokens: int | None = Field(default=None, ge=0)
    budget_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    budget_seconds: int | None = Field(default=None, ge=1)
    record: bool = False
    replay: RunId | None = None
    limits: dict[str, float] = Field(default_factory=dict)
    batch: str = ""
    risks: tuple[AcceptedRisk, ...] = ()

    def models(self) -> tuple[str, ...]:
        """Every model that the run may ask, each once."""
        others = (choice.model for choice in (self.escalate, self.tester) if choice)
        named = (self.model, *others)
        return tuple(dict.fromkeys(model for model in named if model))


class Run(Noun):
    """``plan`` is ``None`` until the plan node has run. ``message`` is the last word for people.

    ``keeps_workflow`` says that a person let it go on by the bundled workflow that it began with, which is another now.
    """

    id: RunId
    repository: str
    spec_path: str
    spec: Digest
    spec_source: Digest
    workflow: str
    workflow_digest: Digest
    base_commit: GitOid
    target_ref: str
    run_ref: str
    agent: str
    settings: Digest
    plan: Digest | None = None
    status: RunStatus = RunStatus.RUNNING
    message: str = ""
    exit_code: int | None = None
    keeps_workflow: bool = False
    created_at: Instant
    updated_at: Instant
