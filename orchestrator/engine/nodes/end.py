"""``end``: the run's exit code, as the workflow names it."""

from __future__ import annotations

from orchestrator.engine.context import RunContext
from orchestrator.engine.state import Update
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.workflow import Node


def end(ctx: RunContext, node: Node, name: str) -> Update:
    """No outcome follows."""
    code = node.exit or 0
    ctx.emit(EventKind.ENDED, name, exit=code)
    return {"exit": code, "outcome": "end"}
