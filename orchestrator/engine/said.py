"""What people have said at the nodes of a process: facts that were answered, remarks of their decisions."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.engine.context import RunContext
from orchestrator.engine.nodes.facts import known_facts
from orchestrator.engine.state import RunState
from orchestrator.models.review import Comment, Note
from orchestrator.models.workflow import NodeKind


def notes(ctx: RunContext, state: RunState) -> Iterator[Note]:
    """Remarks by node, in the order in which the nodes were first decided; those of an ``ask`` are its facts."""
    for node, item in state.get("items", {}).items():
        if ctx.workflow.nodes[node].kind is NodeKind.ASK:
            continue
        for line in ctx.index.decisions(item):
            said = ctx.open_decision(line)[1]
            words = ctx.load(Comment, said.comment).text if said.comment is not None else ""
            if words:
                yield Note(node=node, reviewer=said.reviewer, text=words)


def said_so_far(ctx: RunContext, state: RunState) -> tuple[str, ...]:
    """All of it in words, for an agent: data, never an instruction."""
    facts = (f"{name}: {_words(value)}" for name, value in known_facts(ctx, state).items())
    remarks = (f"{ctx.workflow.nodes[n.node].title or n.node} ({n.reviewer}): {n.text}" for n in notes(ctx, state))
    return (*facts, *remarks)


def _words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case tuple():
            return ", ".join(str(v) for v in value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _:
            return str(value)
