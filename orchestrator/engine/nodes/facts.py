"""Nodes that only look at facts: ``decide``, and ``for_each`` over the items of a list. Pure but for the store."""

from __future__ import annotations

from orchestrator.engine.context import RunContext
from orchestrator.engine.state import RunState, Update
from orchestrator.models.ids import Digest
from orchestrator.models.review import Comment, FactValue
from orchestrator.models.workflow import Node
from orchestrator.policy import answers
from orchestrator.policy.proof.outcomes import OTHERWISE


def known_facts(ctx: RunContext, state: RunState) -> dict[str, FactValue]:
    """Every fact that was answered, read from the signed answers."""
    found: dict[str, FactValue] = {}
    for name, digest in state.get("facts", {}).items():
        found[name] = answers.values(ctx.load(Comment, Digest(digest)).text)[name]
    return found


def decide(ctx: RunContext, state: RunState, node: Node) -> Update:
    """Outcomes: that of the first case that holds, or otherwise."""
    return {"outcome": answers.outcome(node.cases, known_facts(ctx, state)) or OTHERWISE}


def each(ctx: RunContext, state: RunState, node: Node, name: str, body: frozenset[str]) -> Update:
    """Outcomes: each (the next item), done. Who comes from elsewhere than the body begins with the first item."""
    all_ = listed(ctx, state, node)
    begun = state.get("loops", {}).get(name, 0) if state.get("at", "") in body | {name} else 0
    more = begun < len(all_)
    return {"outcome": "each" if more else "done", "loops": {**state.get("loops", {}), name: begun + 1 if more else 0}}


def listed(ctx: RunContext, state: RunState, node: Node) -> tuple[str, ...]:
    """The items that a ``for_each`` goes over."""
    repeat = node.repeat
    if repeat is None or repeat.fact is None:
        return repeat.items if repeat else ()
    value = known_facts(ctx, state)[repeat.fact]
    return value if isinstance(value, tuple) else ()
