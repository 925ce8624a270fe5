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
import http.client, sys, urllib.error, urllib.request
class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_): return None
url, body = sys.argv[1:]
request = urllib.request.Request(url, body.encode(), {"Content-Type": "application/json"}, method="POST")
try:
    urllib.request.build_opener(Stay).open(request, timeout=30).read(65536)
except urllib.error.HTTPError as error:
    code = error.headers.get("x-handrail-code")
    sys.exit(f"{code} on its way out" if code else f"it answered {error.code}")
except (OSError, http.client.HTTPException) as error:
    sys.exit(f"no answer: {getattr(error, 'reason', error)}")
"""
"""Follows no redirection: what answers there is not whom the process names."""
_BEGUN, _SENT, _UNSENT = b"begun", b"sent", "unsent"
_SECONDS, _CHARACTERS = 60, 200


def notify(ctx: RunContext, state: RunState, node: Node, name: str) -> Update:
    """Outcomes: sent, unsent (it could not leave, or a crash hides whether it did)."""
    key = f"notify:{ctx.run.id}:{name}:{state.get('visits', {}).get(name, 0) + 1}"
    known = ctx.index.effect(key)
    if known is None:
        known = ctx.blobs.put(
            _unsent("whether it left is not known") if begun(ctx, key) else _told(ctx, state, node, key)
        )
        ctx.index.record_effect(key, known)
    said, _, why = ctx.blobs.get(known).decode().partition(" ")
    ctx.emit(EventKind.NOTIFIED, name, outcome=said, channel=str(node.channel), why=why)
    return {"outcome": said}


def _unsent(why: str) -> bytes:
    """Of the words of a program in a sandbox, what can be printed of the first ones."""
    return f"{_UNSENT} {''.join(c for c in why if c.isprintable())[:_CHARACTERS]}".encode()


def _told(ctx: RunContext, state: RunState, node: Node, key: str) -> bytes:
    if node.channel is Channel.WEBHOOK:
        return _posted(ctx, state, node, key)
    ctx.index.record_effect(f"{key}:begun", ctx.blobs.put(_BEGUN))
    ctx.blobs.flush()
    told = node.channel and ctx.notifier.tell(node.channel, node.to or "", node.title, key)
    return _SENT if told else _unsent(f"this machine could not tell it ({node.channel})")


def _posted(ctx: RunContext, state: RunState, node: Node, key: str) -> bytes:
    """A request that is made in a sandbox: only the broker's rules decide whether it leaves."""
    body = json.dumps({"run": ctx.run.id, "workflow": ctx.workflow.id, "text": node.title, "key": key}, sort_keys=True)
    argv = ("python3", "-I", "-c", _POST, f"https://{(node.to or '').removeprefix('https://')}", body)
    grant = grant_of(ctx, node)
    limits = grant.limits.model_copy(update={"wall_seconds": min(grant.limits.wall_seconds, _SECONDS)})
    try:
        done = run_outside(ctx, Errand(key, argv, grant.model_copy(update={"limits": limits})), state["tip"])
    except LimitReached:
        return _unsent(f"no whole answer within {limits.wall_seconds} seconds")
    return _SENT if done.exit_code == 0 else _unsent(ctx.blobs.get(done.output).decode(errors="replace").strip())
