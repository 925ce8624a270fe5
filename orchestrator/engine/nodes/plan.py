"""``plan``: requirements to steps, once."""

from __future__ import annotations

from orchestrator.engine.context import RunContext
from orchestrator.engine.state import RunState, StepState, Update, opened
from orchestrator.models.event_kinds import EventKind


def plan(ctx: RunContext, state: RunState) -> Update:
    """Store the plan, or take the one that was given, and open its steps."""
    digest = state.get("plan") or ctx.keep(ctx.make_plan())
    steps: dict[str, StepState] = {s.id: opened() for s in ctx.plan(digest).steps}
    ctx.index.save_run(ctx.index.run(ctx.run.id).model_copy(update={"plan": digest}))
    ctx.emit(EventKind.PLANNED, "plan", plan=digest, steps=len(steps))
    return {"plan": digest, "steps": steps, "outcome": "planned", "tip": ctx.run.base_commit}
