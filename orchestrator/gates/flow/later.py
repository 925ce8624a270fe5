"""Functions that are handed over together with what they are called with: threads, pools, tasks in the background."""

from __future__ import annotations

from functools import lru_cache

from orchestrator.gates.flow.callnames import Names, methods_of
from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.values import Value

__all__ = ["called_later"]

_AT = {
    **dict.fromkeys(("add_task", "submit", "to_thread", "run_sync", "run_in_threadpool", "call_soon"), 0),
    **dict.fromkeys(("call_soon_threadsafe", "start_soon", "add_callback", "enqueue", "defer"), 0),
    **dict.fromkeys(("run_in_executor", "call_later", "call_at"), 1),
}
"""Method → where the function stands; what it is called with stands behind it."""
_PACKED = {
    "Thread": ("target", -1),
    "Process": ("target", -1),
    "Timer": ("function", 1),
    "apply_async": ("func", 0),
} | {
    "apply": ("func", 0),
    "start_new_thread": ("function", 0),
}
"""The same where it is called with a tuple: its keyword, and its place or -1."""


def called_later(call: Call) -> Call | None:
    """The call that is made by it, or ``None``. When it is made, and what it returns, is not followed."""
    method = _method(call.names)
    if not method:
        return None
    if method in _AT:
        at = _AT[method]
        function, args, keywords = call.arg(at), call.args[at + 1 :], call.keywords
    else:
        keyword, at = _PACKED[method]
        function, packed = call.arg(at, keyword), call.arg(at + 1 if at >= 0 else at, "args")
        args = (packed.items or ()) if packed is not None else ()
        named = call.keywords.get("kwargs")
        keywords = _texts(named)
    if function is None or not function.refs:
        return None
    return Call(call.node, function.refs, args, keywords, spread=call.spread)


def _texts(given: Value | None) -> dict[str, Value]:
    return {key: value for key, value in (given.pairs if given is not None else None) or () if isinstance(key, str)}


@lru_cache(maxsize=16_384)
def _method(names: Names) -> str:
    return next((name for name in sorted(methods_of(names)) if name in _AT or name in _PACKED), "")
