"""``notify``: tell somebody, once. A notification of which nobody knows whether it left is not sent again."""

from __future__ import annotations

import json

from orchestrator.engine.context import RunContext
from orchestrator.engine.grants import grant_of
from orchestrator.engine.outside import Errand, begun, run_outside
from orchestrator.engine.state import RunState, Update
from orchestrator.errors import LimitReached
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.workflow import Channel, Node

_POST = """
import sys, urllib.request
url, body = sys.argv[1:]
request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"}, method="POST")
urllib.request.urlopen(request, timeout=30).read(65536)
"""
_BEGUN, _SENT, _UNSENT = b"begun", b"sent", b"unsent"


def notify(ctx: RunContext, state: RunState, node: Node, name: str) -> Update:
    """Outcomes: sent, unsent (it could not leave, or a crash hides whether it did)."""
    key = f"notify:{ctx.run.id}:{name}:{state.get('visits', {}).get(name, 0) + 1}"
    known = ctx.index.effect(key)
    if known is None:
        known = ctx.blobs.put(_UNSENT if begun(ctx, key) else _told(ctx, state, node, key))
        ctx.index.record_effect(key, known)
    said = ctx.blobs.get(known).decode()
    ctx.emit(EventKind.NOTIFIED, name, outcome=said, channel=str(node.channel))
    return {"outcome": said}


def _told(ctx: RunContext, state: RunState, node: Node, key: str) -> bytes:
    if node.channel is Channel.WEBHOOK:
        return _posted(ctx, state, node, key)
    ctx.index.record_effect(f"{key}:begun", ctx.blobs.put(_BEGUN))
    ctx.blobs.flush()
    return _SENT if node.channel and ctx.notifier.tell(node.channel, node.to or "", node.title, key) else _UNSENT


def _posted(ctx: RunContext, state: RunState, node: Node, key: str) -> bytes:
    """A request that is made in a sandbox: only the broker's rules decide whether it leaves."""
    body = json.dumps({"run": ctx.run.id, "workflow": ctx.workflow.id, "text": node.title, "key": key}, sort_keys=True)
    argv = ("python3", "-I", "-c", _POST, f"https://{(node.to or '').removeprefix('https://')}", body)
    try:
        done = run_outside(ctx, Errand(key, argv, grant_of(ctx, node)), state["tip"])
    except LimitReached:
        return _UNSENT
    return _SENT if done.exit_code == 0 else _UNSENT
