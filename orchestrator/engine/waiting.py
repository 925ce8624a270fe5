"""What a parked run waits for, and whether it has come: verdicts, timers, a tip that moved."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from orchestrator.engine import items
from orchestrator.engine.context import RunContext
from orchestrator.engine.nodes.effect import is_unknown
from orchestrator.engine.nodes.review import decision_set
from orchestrator.engine.records import ensure_open
from orchestrator.engine.state import RunState
from orchestrator.models.decision import OUTDATED, ReviewItem, decided_key
from orchestrator.models.ids import GitOid
from orchestrator.models.workflow import NodeKind

Answer = dict[str, str]
Ask = Callable[[ReviewItem], None]

_WAITS = frozenset({NodeKind.REVIEW, NodeKind.TASK, NodeKind.ASK, NodeKind.WAIT})


@dataclass(frozen=True, slots=True)
class _Parked:
    """A branch that waits at ``node``; ``item`` is ``None`` for a pause."""

    node: str
    key: str
    item: ReviewItem | None


def look(ctx: RunContext, state: RunState, here: str, ask: Ask | None) -> tuple[Answer | None, tuple[ReviewItem, ...]]:
    """What the node that has the turn is resumed with, or ``None``; and all items that wait.

    The turn goes to a branch that can work before anybody is asked, then to the first whose answer is there.
    """
    free = [t["node"] for t in state.get("others", []) if _can_work(ctx, state, t["node"])]
    parked = [_park(ctx, state, here)]
    ctx.timers.fire(ctx.clock.now())
    answer = _answered(ctx, parked[0])
    if answer is not None:
        return answer, ()
    if free:
        return {"item": parked[0].key, "turn": free[0]}, ()
    beside = [t["node"] for t in state.get("others", []) if _waits(ctx, state, t["node"])]
    parked += [_park(ctx, state, node) for node in dict.fromkeys(beside)]
    return _first(ctx, parked, ask), tuple(p.item for p in parked if p.item is not None)


def close_others(ctx: RunContext, waiting: Sequence[ReviewItem]) -> None:
    """Items of branches that the run has left are nobody's to decide any more."""
    present = {item.id for item in waiting}
    for item in ctx.index.open_items(ctx.run.id):
        if item.id not in present:
            ctx.index.close_item(item.id, OUTDATED)


def _can_work(ctx: RunContext, state: RunState, name: str) -> bool:
    return ctx.workflow.nodes[name].kind is not NodeKind.JOIN and not _waits(ctx, state, name)


def _waits(ctx: RunContext, state: RunState, name: str) -> bool:
    node = ctx.workflow.nodes[name]
    return node.kind in _WAITS or is_unknown(ctx, state, node, name)


def _park(ctx: RunContext, state: RunState, name: str) -> _Parked:
    node = ctx.workflow.nodes[name]
    if node.kind is NodeKind.WAIT and node.pause_seconds is not None:
        key = items.item_id(ctx, state, name)
        ctx.timers.park(ctx.run.id, key, ctx.clock.now() + timedelta(seconds=node.pause_seconds), None)
        return _Parked(name, key, None)
    item = items.prepare(ctx, state, name)
    return _Parked(name, item.id, item)


def _first(ctx: RunContext, parked: Sequence[_Parked], ask: Ask | None) -> Answer | None:
    for one in parked:
        answer = _answered(ctx, one)
        if answer is None and ask is not None and one.item is not None:
            ask(one.item)
            answer = _answered(ctx, one)
        if answer is not None:
            return answer if one is parked[0] else {"item": parked[0].key, "turn": one.node}
    return None


def _answered(ctx: RunContext, one: _Parked) -> Answer | None:
    """A verdict counts before a timer: once that has fired, the store takes no more decisions."""
    if one.item is not None:
        digest, verdict = decision_set(ctx, one.key)
        if verdict is not None:
            ctx.index.record_effect(decided_key(one.key), digest)
            ctx.index.close_item(one.key, verdict)
            return {"item": one.key, "decisions": digest}
        ensure_open(ctx, one.key)
        tip = _moved(ctx, one.item)
        if tip is not None:
            ctx.index.close_item(one.key, OUTDATED)
            return {"item": one.key, "tip": tip}
    fired = ctx.timers.fired(one.key)
    return None if fired is None else {"item": one.key, "fired": fired.isoformat()}


def _moved(ctx: RunContext, item: ReviewItem) -> GitOid | None:
    """Where the line is now, when it is no longer at the tip that the item names."""
    if item.change is None:
        return None
    present = ctx.trees.ref(ctx.run.run_ref) or ctx.run.base_commit
    return None if present == item.change.tip else present
