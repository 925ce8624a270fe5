"""Connections to databases that may go in the clear."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.rule import Family, Heeds, Rule, Say
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import Value
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

CLEAR = Rule(
    "HR710",
    319,
    "a database may be spoken to without encryption",
    "disable, allow and prefer all go on in the clear when whoever stands on the way says so; the password goes first.",
    "sslmode=verify-full with the authority's certificate, or at least require",
    "import psycopg\npsycopg.connect('host=db dbname=shop sslmode=prefer')\n",
    "import psycopg\npsycopg.connect('host=db dbname=shop sslmode=verify-full')\n",
    "medium",
)

_WEAK = frozenset({"disable", "allow", "prefer", "disabled", "preferred"})
_KEYS = frozenset({"sslmode", "ssl_mode", "ssl-mode", "PGSSLMODE", "sslMode"})
_IN_TEXT = Late(r"\bssl[-_]?mode\s*=\s*['\"]?(?:disabled?|allow|prefer(?:red)?)\b", re.IGNORECASE)
_ADDRESS = Late(r"://|\b(?:host|hostaddr|dbname|user|port|password)\s*=|[?&]ssl", re.IGNORECASE)
_HERE = Late(
    r"(?:@|://|\bhost(?:addr)?\s*=\s*['\"]?)(?:localhost|127\.0\.0\.1|\[?::1\]?|/)|(?:://|@)/|\bhost=%2F", re.IGNORECASE
)
_OPENS = frozenset(
    {"connect", "create_engine", "create_async_engine", "create_pool", "Connection", "AsyncConnection", "from_url"}
    | {"ConnectionPool", "AsyncConnectionPool", "SimpleConnectionPool", "ThreadedConnectionPool", "config", "parse"}
)
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", ""})


def _on_call(call: Call, say: Say) -> None:
    options = [pair for value in call.every() for pair in value.pairs or ()]
    options += call.keywords.items()
    if any(key in _KEYS and _weak(value) for key, value in options) and not _here(options):
        say(CLEAR, call.node, "sslmode")
    off = call.keywords.get("ssl_disabled")
    if off is not None and off.const is True and not _here(options):
        say(CLEAR, call.node, "ssl_disabled")
    if _variable(call):
        say(CLEAR, call.node, "PGSSLMODE")
    if call.calls_method(_OPENS) and any(
        _says(v.text or "".join(v.texts), v.text or " ".join(v.texts)) for v in call.args
    ):
        say(CLEAR, call.node, call.method())


def _variable(call: Call) -> bool:
    if "set:os.environ[]" in call.names:
        value, name = call.arg(0), call.arg(1)
    elif call.names & {"os.putenv", "os.environ.setdefault"}:
        name, value = call.arg(0), call.arg(1)
    else:
        return False
    return name is not None and name.text == "PGSSLMODE" and value is not None and _weak(value)


def _weak(value: Value) -> bool:
    return (value.text or "").casefold() in _WEAK


def _here(options: list[tuple[object, Value]]) -> bool:
    """A socket of this machine, or its own address."""
    hosts = [value.text for key, value in options if key in {"host", "hostaddr", "HOST"}]
    return bool(hosts) and all(h is not None and (h in _LOCAL or h.startswith("/")) for h in hosts)


def _says(text: str, spaced: str = "") -> bool:
    """``spaced``: the same with a gap for each piece that is not known."""
    return bool(_IN_TEXT.search(text)) and bool(_ADDRESS.search(text)) and not _HERE.search(spaced or text)


def _on_tree(tree: ast.Module, say: Say) -> None:
    """Addresses that stand in the module as they are, and options of a dictionary that nothing here opens."""
    if not any(isinstance(n.value, str) and "ssl" in n.value.lower() for n in kinds(tree, ast.Constant)):
        return
    local: set[ast.AST] = set()
    for node in kinds(tree, ast.Assign, ast.AnnAssign, ast.Dict, ast.Call, ast.Return):
        for text, place in _texts(node):
            if _says(text):
                say(CLEAR, place, "an address with sslmode")
        if isinstance(node, ast.Dict):
            plain: dict[object, ast.expr] = {
                k.value: v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant)
            }
            if node in local or _is_local(plain.get("host") or plain.get("HOST")):
                # What stands inside is of the same connection; walked from the outside in.
                local.update(value for value in node.values if isinstance(value, ast.Dict))
            else:
                _dictionary(plain, say)


def _texts(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """Texts that are the value itself, or a piece of a text put together: no message that only speaks of it."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Constant) and isinstance(child.value, str):
            yield child.value, child
        elif isinstance(child, ast.JoinedStr | ast.BinOp):
            yield "".join(_pieces(child)), child


def _pieces(node: ast.expr) -> Iterator[str]:
    """In order; what is not known is a gap."""
    if isinstance(node, ast.JoinedStr):
        for value in node.values:
            yield from _pieces(value)
    elif isinstance(node, ast.BinOp):
        yield from _pieces(node.left)
        yield from _pieces(node.right)
    else:
        yield node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else " "


def _is_local(host: ast.expr | None) -> bool:
    return isinstance(host, ast.Constant) and (host.value in _LOCAL or str(host.value).startswith("/"))


def _dictionary(plain: Mapping[object, ast.expr], say: Say) -> None:
    chosen = next((plain[key] for key in sorted(_KEYS) if key in plain), None)
    if isinstance(chosen, ast.Constant) and str(chosen.value).casefold() in _WEAK:
        say(CLEAR, chosen, "sslmode")


_HEEDS = Heeds(
    names=frozenset({"set:os.environ[]", "os.putenv", "os.environ.setdefault"}),
    methods=_OPENS,
    keywords=_KEYS | {"ssl_disabled"},
    keys=_KEYS,
)
FAMILY = Family("connections", (CLEAR,), _on_call, None, _on_tree, heeds=_HEEDS)
