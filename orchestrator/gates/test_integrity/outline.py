"""What one Python file defines, tests and skips: read from its syntax tree, never by importing it.

Pure functions of bytes. They run inside the worker process, because a hostile
file can exhaust the parser. The tree is walked with an explicit stack, so that
deep nesting ends in the parser's own error and not in ours.
"""

from __future__ import annotations

import ast
from typing import Any, cast

from orchestrator.gates.changes.parsing import parsed
from orchestrator.gates.guards import REFUSING, Guarded, guarded, listed, refusal
from orchestrator.gates.test_integrity.tested import tested

__all__ = ["outline"]

_DYNAMIC = frozenset({"exec", "eval", "compile", "__import__", "getattr", "open"})

_TELLING = frozenset({ast.Import, ast.ImportFrom, ast.Call, ast.Name})
_LEAVES = frozenset({ast.Constant, ast.Name, ast.alias})
"""What has no parts of its own but whether it is read or written."""
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_DEFINITIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})


def outline(data: bytes) -> dict[str, Any]:
    """A JSON object.

    ``error``: why it does not parse, or ''. ``definitions``: ``[first line,
    last line, qualified name]``. ``bodies``: of a class, its first line → that of what stands in it. What
    :func:`orchestrator.gates.test_integrity.tested.tested` says, where it speaks of tests or asserts. ``guarded``: what
    :mod:`orchestrator.gates.guards` says, by name. ``executes``: whether it imports, defines functions or runs
    code dynamically.
    ``depth``: of the syntax tree.
    """
    try:
        tree = parsed(data)
        low = data.lower()
        tests = tested(tree) if b"test" in low or b"collect" in low or b"assert" in low else {}
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    seen = _Seen()
    seen.walk(tree)
    return {
        "error": "",
        "definitions": seen.definitions,
        "bodies": seen.bodies,
        "guarded": seen.guarded,
        "executes": seen.executes,
        "depth": seen.depth,
        **tests,
    }


class _Seen:
    def __init__(self) -> None:
        self.definitions: list[tuple[int, int, str]] = []
        self.bodies: dict[str, int] = {}
        self.guarded: dict[str, Guarded] = {}
        self.executes = False
        self.depth = 0

    def walk(self, tree: ast.Module) -> None:
        stack: list[tuple[ast.AST, str, int]] = [(tree, "", 0)]
        while stack:
            node, name, depth = stack.pop()
            self.depth = max(self.depth, depth)
            kind = type(node)
            if kind in _DEFINITIONS:
                definition = cast("_Definition", node)
                name = f"{name}.{definition.name}" if name else definition.name
                self._define(definition, name)
            elif name and kind in REFUSING and (word := refusal(node)):
                self._refuse(name, word)
            elif kind is ast.Assign and not name:
                self.guarded.update(listed(cast("ast.Assign", node)))
            elif kind in _TELLING and not self.executes:
                self._look(node)
            children: list[tuple[ast.AST, str, int]] = []
            below = depth + 1
            for field in node._fields:
                value: Any = getattr(node, field, None)
                # What loads, stores and adds has no parts of its own.
                for part in value if isinstance(value, list) else (value,):  # pyright: ignore[reportUnknownVariableType]
                    if not isinstance(part, ast.AST) or not part._fields:
                        continue
                    if part.__class__ in _LEAVES:
                        self._leaf(part, below)
                    else:
                        children.append((part, name, below))
            children.reverse()
            stack += children

    def _leaf(self, node: ast.AST, depth: int) -> None:
        self.depth = max(self.depth, depth)
        if not self.executes and isinstance(node, ast.Name):
            self._look(node)

    def _define(self, node: _Definition, name: str) -> None:
        first = _first(node)
        self.definitions.append((first, node.end_lineno or node.lineno, name))
        found = guarded(node)
        if found is not None:
            self.guarded[name] = found
        if isinstance(node, ast.ClassDef):
            self.bodies[str(first)] = _first(node.body[0])
        else:
            self.executes = True

    def _refuse(self, name: str, word: str) -> None:
        known = self.guarded.get(name, {"checks": (), "route": ""})
        self.guarded[name] = {**known, "refuses": [*known.get("refuses", ()), word]}

    def _look(self, node: ast.AST) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.executes = True
        if isinstance(node, ast.Call) and _last_name(node.func) in _DYNAMIC:
            self.executes = True
        if isinstance(node, ast.Name) and node.id == "__builtins__":
            self.executes = True


def _first(node: ast.stmt) -> int:
    """Its decorators are part of it."""
    decorators = node.decorator_list if isinstance(node, _Definition) else ()
    return min([node.lineno, *(d.lineno for d in decorators)])


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""
