"""``for_each``: which step is judged next, which are worked on next, or how it all ended."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.engine.context import RunContext
from orchestrator.engine.state import RunState, StepState, StepStatus, Update
from orchestrator.models.ids import StepId
from orchestrator.models.plan import Plan, Step

_LANDED = {StepStatus.MERGED, StepStatus.STACKED}
_LOST = {StepStatus.REFUSED, StepStatus.REJECTED, StepStatus.LIMIT, StepStatus.BLOCKED}


def for_each(ctx: RunContext, state: RunState) -> Update:
    """Judge before new work: a proposal on an old tip only gets older."""
    plan, steps = ctx.plan(state["plan"]), state["steps"]
    waiting = next_to_judge(plan, steps)
    if waiting:
        return {"outcome": "judge", "current": waiting}
    chosen = choose(plan, steps, ctx.settings.max_parallel)
    if chosen:
        return {"outcome": "work", "steps": {s.id: _started(steps[s.id]) for s in chosen}}
    return {"outcome": _ending(steps), "steps": _blocked(plan, steps)}


def next_to_judge(plan: Plan, steps: Mapping[str, StepState]) -> StepId | None:
    """The first proposal whose predecessors stand on the line: after a review took some back, not all do."""
    proposed = (s for s in plan.steps if steps[s.id]["status"] == StepStatus.PROPOSED)
    return next((s.id for s in proposed if _free(s, steps)), None)


def choose(plan: Plan, steps: Mapping[str, StepState], max_parallel: int) -> list[Step]:
    """Steps to work on side by side: ready ones in plan order; one that is ``alone`` never has company."""
    ready = [s for s in plan.steps if _ready(s, steps)]
    if ready and ready[0].alone:
        return ready[:1]
    return [s for s in ready if not s.alone][:max_parallel]


def _ready(step: Step, steps: Mapping[str, StepState]) -> bool:
    open_ = steps[step.id]["status"] in {StepStatus.PENDING, StepStatus.RETRY, StepStatus.WORKING}
    return open_ and _free(step, steps)


def _free(step: Step, steps: Mapping[str, StepState]) -> bool:
    return all(steps[d]["status"] in _LANDED for d in step.depends_on)


def _started(mine: StepState) -> StepState:
    return {**mine, "status": StepStatus.WORKING, "attempt": mine["attempt"] + 1}


def _blocked(plan: Plan, steps: Mapping[str, StepState]) -> dict[str, StepState]:
    return {
        s.id: {**steps[s.id], "status": StepStatus.BLOCKED}
        for s in plan.steps
        if StepStatus(steps[s.id]["status"]) not in _LANDED | _LOST
    }


def _ending(steps: Mapping[str, StepState]) -> str:
    kinds = {StepStatus(s["status"]) for s in steps.values()}
    for status, outcome in (
        (StepStatus.LIMIT, "limit"),
        (StepStatus.REJECTED, "rejected"),
        (StepStatus.REFUSED, "refused"),
    ):
        if status in kinds:
            return outcome
    return "stacked" if StepStatus.STACKED in kinds else "done"
