"""``notify``: tell somebody, once. A notification of which nobody knows whether it left is not sent again."""

from __future__ import annotations

from orchestrator.engine.context import RunContext
from orchestrator.engine.state import RunState, Update
from orchestrator.models.workflow import Node

_BEGUN, _SENT, _UNSENT = b"begun", b"sent", b"unsent"


def notify(ctx: RunContext, state: RunState, node: Node, name: str) -> Update:
    """Outcomes: sent, unsent (it could not leave, or a crash hides whether it did)."""
    key = f"notify:{ctx.run.id}:{name}:{state.get('visits', {}).get(name, 0) + 1}"
    known = ctx.index.effect(key)
    if known is None:
        known = ctx.blobs.put(_UNSENT if ctx.index.effect(f"{key}:begun") else _told(ctx, node, key))
        ctx.index.record_effect(key, known)
    said = ctx.blobs.get(known).decode()
    ctx.emit("notified", name, outcome=said, channel=str(node.channel))
    return {"outcome": said}


def _told(ctx: RunContext, node: Node, key: str) -> bytes:
    ctx.index.record_effect(f"{key}:begun", ctx.blobs.put(_BEGUN))
    ctx.blobs.flush()
    return _SENT if node.channel and ctx.notifier.tell(node.channel, node.to or "", node.title, key) else _UNSENT
