"""A command that changes the world outside (D19): at most once, on the tree that was merged, through the broker alone.

It begins after its dry run has passed, where it has one, and is told to have begun before it begins. When a crash
hides how it ended, it is not repeated: a person says what happened, unless the effect has a ``key`` by which its
target knows a repetition. Nothing here runs what would undo it: whether that helps, people or the process say.
"""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.types import interrupt

from orchestrator.engine.context import RunContext
from orchestrator.engine.execute import CommandResult
from orchestrator.engine.grants import grant_of
from orchestrator.engine.items import item_id, visit
from orchestrator.engine.nodes.review import decided
from orchestrator.engine.outside import Errand, begun, run_outside
from orchestrator.engine.state import RunState, Update
from orchestrator.errors import LimitReached
from orchestrator.models.decision import Verdict
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.workflow import Node


def act(ctx: RunContext, state: RunState, node: Node, name: str) -> Update:
    """Outcomes: passed, failed (also of its dry run); by what a person says when nobody else knows."""
    key = _key(ctx, state, name)
    if is_unknown(ctx, state, node, name):
        return _asked(ctx, state, name)
    known = ctx.index.effect(key)
    if known is None and not begun(ctx, key) and not _tried(ctx, state, node, name):
        return {"outcome": "failed"}
    if known is None:
        try:
            known = ctx.keep(run_outside(ctx, _errand(ctx, node, key, node.argv), state["tip"]))
        except LimitReached as limit:
            ctx.emit(EventKind.EFFECT_UNKNOWN, name, why=str(limit))
            return _asked(ctx, state, name)
        ctx.index.record_effect(key, known)
    result = ctx.load(CommandResult, known)
    ctx.emit(EventKind.EFFECT, name, exit_code=result.exit_code, output=result.output)
    return {"outcome": "passed" if result.exit_code == 0 else "failed"}


def is_unknown(ctx: RunContext, state: RunState, node: Node, name: str) -> bool:
    """Whether the command has begun, and nobody here knows how it ended."""
    key = _key(ctx, state, name)
    repeatable = node.effect is None or node.effect.key is not None
    return not repeatable and begun(ctx, key) and ctx.index.effect(key) is None


def _tried(ctx: RunContext, state: RunState, node: Node, name: str) -> bool:
    """Whether the dry run passes; a crash in it repeats it, since it changes nothing."""
    if node.effect is None or not node.effect.dry_run:
        return True
    key = f"{_key(ctx, state, name)}:tried"
    known = ctx.index.effect(key)
    if known is None:
        try:
            known = ctx.keep(run_outside(ctx, _errand(ctx, node, key, node.effect.dry_run), state["tip"]))
        except LimitReached as limit:
            ctx.emit(EventKind.EFFECT_TRIED, name, why=str(limit))
            return False
        ctx.index.record_effect(key, known)
    result = ctx.load(CommandResult, known)
    ctx.emit(EventKind.EFFECT_TRIED, name, exit_code=result.exit_code, output=result.output)
    return result.exit_code == 0


def _errand(ctx: RunContext, node: Node, key: str, argv: Sequence[str]) -> Errand:
    return Errand(key, argv, grant_of(ctx, node), node.effect.credential if node.effect else None)


def _key(ctx: RunContext, state: RunState, name: str) -> str:
    return f"effect:{ctx.run.id}:{name}:{visit(state, name)}"


def _asked(ctx: RunContext, state: RunState, name: str) -> Update:
    item = item_id(ctx, state, name)
    answer = interrupt({"item": item})
    if "turn" in answer:
        return {"turn": answer["turn"]}
    happened = decided(ctx, item, answer) is Verdict.APPROVE
    ctx.emit(EventKind.EFFECT_UNKNOWN, name, why=f"a person said that it was {'' if happened else 'not '}done")
    said: Update = {"items": {**state.get("items", {}), name: item}}
    return {**said, "outcome": "passed" if happened else "failed"}
