"""What a batch would do, and what it may cost at most: planned, and nothing begun."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestrator.app.batches.beginning import request_of
from orchestrator.app.project import open_project
from orchestrator.app.specs.planning import plan_spec
from orchestrator.errors import HandrailError
from orchestrator.models.batch import Batch, BatchEntry
from orchestrator.models.ids import Digest
from orchestrator.models.plan import Plan, ReviewMode


@dataclass(frozen=True, slots=True)
class Outlook:
    """One run. ``tokens`` and ``usd`` are ceilings that the broker enforces; ``usd`` ``None``: money is not limited.

    ``problem`` is why the run could not even be planned; then the rest is nothing.
    """

    spec: str
    repo: str
    steps: int = 0
    tokens: int = 0
    usd: float | None = 0.0
    wall_seconds: int = 0
    problem: str = ""


def outlooks(batch: Batch, trust: Digest | None) -> Iterator[Outlook]:
    """Each entry's, in the order of the batch."""
    for entry in batch.entries:
        try:
            yield _outlook(entry, _plan(entry, trust))
        except HandrailError as problem:
            yield Outlook(entry.spec, entry.repo, problem=str(problem))


def total(found: list[Outlook], batch: Batch) -> tuple[int, float | None]:
    """Tokens and US dollars at most, also by the ceiling of the whole."""
    tokens = sum(o.tokens for o in found)
    priced = [o.usd for o in found if o.usd is not None]
    usd = sum(priced) if len(priced) == len(found) else None
    ceiling = batch.ceiling
    if ceiling.budget_tokens is not None:
        tokens = min(tokens, ceiling.budget_tokens)
    if ceiling.budget_usd is not None:
        usd = ceiling.budget_usd if usd is None else min(usd, ceiling.budget_usd)
    return tokens, usd


def _plan(entry: BatchEntry, trust: Digest | None) -> Plan:
    request = request_of(entry, "")
    with open_project(Path(entry.repo)) as project:
        return plan_spec(
            project,
            Path(entry.spec),
            workflow=request.workflow,
            review=ReviewMode(request.review or ReviewMode.EACH_STEP),
            target=request.target,
            trust=trust,
            model=request.model or "",
            limits=request.limits,
        )


def _outlook(entry: BatchEntry, plan: Plan) -> Outlook:
    limits = [step.capabilities.limits for step in plan.steps]
    tokens, costs = sum(limit.tokens for limit in limits), [limit.cost_usd for limit in limits]
    usd = None if None in costs else sum(cost for cost in costs if cost is not None)
    asked = entry.asked
    if asked.budget_tokens is not None:
        tokens = min(tokens, asked.budget_tokens)
    if asked.budget_usd is not None:
        usd = asked.budget_usd if usd is None else min(usd, asked.budget_usd)
    wall = sum(step.budget.wall_seconds for step in plan.steps)
    return Outlook(entry.spec, entry.repo, len(plan.steps), tokens, usd, wall)
