"""Names of capabilities that a module mentions where the data flow sees no call: handed on, kept, inherited.

``map(os.system, names)``, ``HANDLER = os.system`` and ``class P(subprocess.Popen)`` gain what a call gains. Code in a
constant text for ``eval``, ``exec`` or ``compile`` is read as code. Imports count wherever they stand in the file;
annotations, exceptions and constants do not count.

Not seen: names that are put together while the program runs (the data flow folds those that it can).
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from typing import cast

from orchestrator.gates.flow.capabilities import capability_of
from orchestrator.gates.flow.names import canonical_name
from orchestrator.gates.flow.syntax import kinds, parts

__all__ = ["mentions"]

_RUNS_TEXT = frozenset({"eval", "exec", "compile"})
_IMPORTS = frozenset({"__import__", "import_module"})
_SPACES = frozenset({"globals", "locals", "vars"})
_TEXTS_DEEP = 3
_METHODS = {
    "subprocess_shell": "process",
    "subprocess_exec": "process",
    "create_datagram_endpoint": "network",
    "create_unix_connection": "network",
    "create_unix_server": "network",
    "sock_connect": "network",
    "sock_sendto": "network",
}
"""Methods of an event loop: their names say enough, wherever the loop came from."""

_HARMLESS = ("Error", "Exception", "Warning", "Timeout", "Expired")

_TYPES = frozenset({"annotation", "returns"})
_NAMING = frozenset({ast.Attribute, ast.Name, ast.Subscript, ast.Call})
"""Only these can be a chain that begins with something imported, or with a look-up of it."""
_SILENT = frozenset({ast.Constant, ast.Pass, ast.Break, ast.Continue})

Mention = tuple[str, str, int]


def mentions(tree: ast.Module, depth: int = 0) -> Iterator[Mention]:
    """(capability, name, line), some more than once."""
    aliases = _aliases(tree)
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        kind = node.__class__
        if kind in _SILENT:
            continue
        name = _name(node, aliases) if kind in _NAMING else None
        if name is not None:
            yield from _mention(name, node)
            # Of "a.b.c" only the whole is a name; of anything else the parts are looked at.
            continue
        if kind is ast.Call:
            yield from _in_text(cast("ast.Call", node), depth)
        stack += parts(node, _TYPES)


def _aliases(tree: ast.Module) -> dict[str, str]:
    found: dict[str, str] = {}
    for node in kinds(tree, ast.Import, ast.ImportFrom):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif node.module and not node.level:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def _name(node: ast.AST, aliases: dict[str, str]) -> str | None:
    """The whole name of a chain that begins with something imported, or ``None``."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    first = node.id if isinstance(node, ast.Name) else _looked_up(node)
    module = aliases.get(first) or _imported(node)
    return canonical_name(".".join([module, *reversed(parts)])) if module and (parts or first) else None


def _imported(node: ast.AST) -> str:
    """``os`` of ``__import__("os")``."""
    if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
        return ""
    text = node.args[0].value
    return text if _called(node) in _IMPORTS and isinstance(text, str) else ""


def _called(node: ast.Call) -> str:
    called = node.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


def _looked_up(node: ast.AST) -> str:
    """``os`` of ``globals()["os"]``."""
    if not (isinstance(node, ast.Subscript) and isinstance(node.value, ast.Call)):
        return ""
    called, key = node.value.func, node.slice
    space = isinstance(called, ast.Name) and called.id in _SPACES
    return key.value if space and isinstance(key, ast.Constant) and isinstance(key.value, str) else ""


def _mention(name: str, node: ast.AST) -> Iterator[Mention]:
    last = name.rpartition(".")[2]
    if "." in name and not last.isupper() and not last.endswith(_HARMLESS) and (capability := capability_of(name)):
        yield capability, name, getattr(node, "lineno", 0)


def _in_text(node: ast.Call, depth: int) -> Iterator[Mention]:
    called = node.func
    if isinstance(called, ast.Attribute) and called.attr in _METHODS:
        yield _METHODS[called.attr], called.attr, node.lineno
    text = node.args[0] if node.args else None
    if _called(node) not in _RUNS_TEXT or depth >= _TEXTS_DEEP or not isinstance(text, ast.Constant):
        return
    if isinstance(text.value, str | bytes):
        for capability, name, _ in mentions(_parsed(text.value), depth + 1):
            yield capability, name, node.lineno


def _parsed(text: str | bytes) -> ast.Module:
    """An empty module for what is no code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])
