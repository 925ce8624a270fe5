"""Before a process that changes anything begins: a reviewer approves what it may do, as of a plan of a PRD."""

from __future__ import annotations

from collections.abc import Callable

from orchestrator.engine.context import RunContext
from orchestrator.engine.items import opening_item
from orchestrator.engine.nodes.review import decision_set, narrowed, revision
from orchestrator.models.decision import ReviewItem, Verdict, decided_key
from orchestrator.models.ids import Digest

Ask = Callable[[ReviewItem], None]


def opened(ctx: RunContext, plan: Digest, ask: Ask | None) -> tuple[Digest, ReviewItem | Verdict]:
    """The plan as reviewers have narrowed it; the verdict on it, or the item that waits for one. Safe to repeat."""
    while True:
        item = opening_item(ctx, plan)
        digest, verdict = decision_set(ctx, item.id)
        if verdict is None and ask is not None:
            ask(item)
            digest, verdict = decision_set(ctx, item.id)
        if verdict is None:
            return plan, item
        ctx.index.record_effect(decided_key(item.id), digest)
        ctx.index.close_item(item.id, verdict)
        made = revision(ctx, item.id)
        if made is None or verdict is Verdict.APPROVE:
            return plan, verdict
        plan = narrowed(ctx, plan, *made)
        ctx.index.save_run(ctx.index.run(ctx.run.id).model_copy(update={"plan": plan}))
