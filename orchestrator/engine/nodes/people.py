"""Nodes at which a person says something: exactly one interrupt and no side effect, resumed once (D15)."""

from __future__ import annotations

from langgraph.types import interrupt

from orchestrator.engine.context import RunContext
from orchestrator.engine.items import item_id
from orchestrator.engine.nodes.review import decided, expired
from orchestrator.engine.nodes.told import handed_in
from orchestrator.engine.state import RunState, Update
from orchestrator.errors import EvidenceInvalid
from orchestrator.models.decision import Verdict
from orchestrator.models.workflow import Node, NodeKind

_SAID = {
    NodeKind.TASK: {Verdict.APPROVE: "done", Verdict.REJECT: "blocked"},
    NodeKind.ASK: {Verdict.APPROVE: "answered"},
    NodeKind.WAIT: {Verdict.APPROVE: "happened"},
}


def person(ctx: RunContext, state: RunState, node: Node, name: str) -> Update:
    """A task, typed questions, or a wait until somebody says so. Outcomes: what they say, or expired."""
    item = item_id(ctx, state, name)
    answer = interrupt({"item": item})
    if "turn" in answer:
        return {"turn": answer["turn"]}
    if "fired" in answer:
        return {"outcome": expired(ctx, item)}
    said = _SAID[node.kind][decided(ctx, item, answer)]
    update: Update = {"outcome": said, "items": {**state.get("items", {}), name: item}}
    if node.edits and said == "done":
        update |= handed_in(ctx, state, item)
    if node.kind is NodeKind.ASK:
        update["facts"] = {**state.get("facts", {}), **dict.fromkeys(node.asks, answered(ctx, item))}
    return update


def pause(ctx: RunContext, state: RunState, name: str) -> Update:
    """A wait that ends by itself. Outcome: elapsed."""
    key = item_id(ctx, state, name)
    answer = interrupt({"item": key})
    if "turn" in answer:
        return {"turn": answer["turn"]}
    expired(ctx, key)
    return {"outcome": "elapsed"}


def answered(ctx: RunContext, item: str) -> str:
    """The stored remark in which the answers stand, of the decision that counts."""
    for line in ctx.index.decisions(item):
        keyid, decision = ctx.open_decision(line)
        if ctx.policy.holds(keyid, decision.role) and decision.comment is not None:
            return decision.comment
    raise EvidenceInvalid("EVID019", f"The answers to {item} are missing.", "handrail review show")
