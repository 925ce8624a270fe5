"""How a process came to a node, where that did not go well: whoever is asked there did not see it."""

from __future__ import annotations

from typing import Final

from orchestrator.engine.context import RunContext
from orchestrator.engine.state import RunState
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.workflow import Node, NodeKind
from orchestrator.policy.proof.outcomes import EXHAUSTED, EXPIRED

_ILL: Final = {
    "failed": "it failed",
    "unsent": "it could not be sent",
    "blocked": "it could not be done",
    "reject": "it was rejected",
    "request-changes": "it was sent back",
    "error": "it broke off",
    EXPIRED: "its time ran out",
    EXHAUSTED: "it went back as often as it may",
}
_OURS: Final = frozenset({EventKind.EFFECT, EventKind.EFFECT_TRIED, EventKind.COMMAND, EventKind.NOTIFIED})
_NAMED: Final = frozenset({NodeKind.PARALLEL, NodeKind.DECIDE})
"""Kinds whose outcomes are names that the author chose."""


def ill_passage(ctx: RunContext, state: RunState, name: str) -> tuple[str, ...]:
    """A sentence about the step that led to this node; nothing where that step ended well."""
    told = ill_end(ctx, *_passage(state, name))
    return (f"Before this: {told}.",) if told else ()


def ill_end(ctx: RunContext, before: str, outcome: str) -> str:
    """How a node ended, in words; '' where it ended well, or as the author named it."""
    node = ctx.workflow.nodes.get(before)
    if node is None or node.kind in _NAMED or outcome not in _ILL:
        return ""
    return f"{node.title or before}: {_ILL[outcome]}{_why(ctx, node, before)}"


def _passage(state: RunState, name: str) -> tuple[str, str]:
    """The node before and how it ended, of the branch that has the turn or of one that waits beside it."""
    beside = (token for token in state.get("others", []) if token["node"] == name)
    token = next(beside, None) if state.get("turn") != name else None
    return (token["before"], token["outcome"]) if token else (state.get("at", ""), state.get("outcome", ""))


def _why(ctx: RunContext, node: Node, before: str) -> str:
    if node.kind not in {NodeKind.COMMAND, NodeKind.NOTIFY}:
        return ""
    last = [e for _, e in ctx.index.events(ctx.run.id) if e.node == before and e.kind in _OURS][-1:]
    effect, told = node.effect, "".join(f" ({words})" for words in map(_words, last) if words)
    if effect is None or not effect.undo or not any(e.kind is EventKind.EFFECT for e in last):
        return told
    return f"{told}; `{' '.join(effect.undo)}` would undo it, which only a person or a step of the process runs"


def _words(event: Event) -> str:
    tried = "in its dry run: " if event.kind is EventKind.EFFECT_TRIED else ""
    if event.data.get("exit_code") is not None:
        return f"{tried}exit code {event.data['exit_code']}; handrail show {event.run} says what it printed"
    return f"{tried}{event.data.get('why', '')}"
