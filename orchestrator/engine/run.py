"""Advances a run until it waits for a person or ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.engine import items
from orchestrator.engine.compile import compile_workflow
from orchestrator.engine.context import RunContext
from orchestrator.engine.nodes.review import decision_set
from orchestrator.models.base import GitOid
from orchestrator.models.decision import OUTDATED, ReviewItem, decided_key

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

_NODES_PER_ATTEMPT = 10
_SLACK = 200


@dataclass(frozen=True, slots=True)
class Ended:
    """The run came to an end node: its exit code, and per step where it stands and why."""

    exit_code: int
    steps: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The run is parked: state saved, nothing held."""

    item: ReviewItem


def advance(
    ctx: RunContext,
    saver: BaseCheckpointSaver[Any],
    *,
    plan: str | None = None,
    ask: Callable[[ReviewItem], None] | None = None,
) -> Ended | Waiting:
    """Go on from the last checkpoint, or from the start.

    ``plan`` is the digest of a stored plan to use instead of making one. ``ask``
    is called with an undecided item and may let a person decide it; when it is
    still undecided afterwards the run is ``Waiting``. Errors of nodes pass
    through; the checkpoints stay and the run can be resumed.
    """
    from langgraph.types import Command  # noqa: PLC0415  costs start-up

    graph: Any = compile_workflow(ctx, saver)
    config: Any = {"configurable": {"thread_id": ctx.run.id}, "recursion_limit": _budget(ctx)}
    snapshot = graph.get_state(config)
    given: Any = None
    if not snapshot.values:
        given = {"run": ctx.run.id, **({"plan": plan} if plan else {})}
    while True:
        if given is not None or not snapshot.interrupts:
            graph.invoke(given, config, durability="sync")
            snapshot = graph.get_state(config)
        if not snapshot.next:
            return _ended(snapshot.values)
        item = items.prepare(ctx, snapshot.values, snapshot.next[0])
        digest, verdict = decision_set(ctx, item.id)
        tip = _moved(ctx, item)
        if verdict is None and tip is not None:
            ctx.index.close_item(item.id, OUTDATED)
            given = Command(resume={"item": item.id, "tip": tip})
            continue
        if verdict is None and ask is not None:
            ask(item)
            digest, verdict = decision_set(ctx, item.id)
        if verdict is None:
            return Waiting(item)
        ctx.index.record_effect(decided_key(item.id), digest)
        ctx.index.close_item(item.id, verdict)
        given = Command(resume={"item": item.id, "decisions": digest})


def _moved(ctx: RunContext, item: ReviewItem) -> GitOid | None:
    """Where the line is now, when it is no longer at the tip that the item names."""
    if item.change is None:
        return None
    present = ctx.trees.ref(ctx.run.run_ref) or ctx.run.base_commit
    return None if present == item.change.tip else present


def _ended(values: dict[str, Any]) -> Ended:
    steps = {s: (mine.get("status", ""), mine.get("why", "")) for s, mine in values.get("steps", {}).items()}
    return Ended(int(values.get("exit", 1)), steps)


def _budget(ctx: RunContext) -> int:
    """LangGraph's own limit, far above what the plan's budgets allow: a guard against a fault of ours."""
    requirements = max(1, len(ctx.spec.requirements))
    return _SLACK + requirements * 20 * _NODES_PER_ATTEMPT
