"""Before a process that changes anything begins: a reviewer approves what it may do, as of a plan of a PRD."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.engine.context import RunContext
from orchestrator.engine.items import opening_item
from orchestrator.engine.nodes.review import decision_set
from orchestrator.models.decision import ReviewItem, Verdict, decided_key

Ask = Callable[[ReviewItem], None]


def opened(ctx: RunContext, plan: str, ask: Ask | None) -> ReviewItem | Verdict:
    """The verdict on the plan, or the item that waits for one. Safe to repeat."""
    item = opening_item(ctx, plan)
    digest, verdict = decision_set(ctx, item.id)
    if verdict is None and ask is not None:
        ask(item)
        digest, verdict = decision_set(ctx, item.id)
    if verdict is None:
        return item
    ctx.index.record_effect(decided_key(item.id), digest)
    ctx.index.close_item(item.id, verdict)
    return verdict
