"""What one Python file defines, tests and skips: read from its syntax tree, never by importing it.

Pure functions of bytes. They run inside the worker process, because a hostile
file can exhaust the parser. The tree is walked with an explicit stack, so that
deep nesting ends in the parser's own error and not in ours.
"""

from __future__ import annotations

import ast
import warnings
from typing import Any

__all__ = ["outline"]

_DYNAMIC = frozenset({"exec", "eval", "compile", "__import__", "getattr", "open"})
_SKIPS = frozenset({"skip", "skipif", "skipIf", "skipUnless", "xfail", "expectedFailure", "importorskip", "SkipTest"})
_CHECKS = ("assert", "fail", "raises", "warns")

_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def outline(data: bytes) -> dict[str, Any]:
    """A JSON object.

    ``error``: why it does not parse, or ''. ``definitions``: ``[first line,
    last line, qualified name]``. ``tests``: qualified name of each test
    function → number of checks in it that can fail. ``skips``: name →
    number of skips and expected failures. ``checks``: in the whole file.
    ``executes``: whether it imports, defines functions or runs code dynamically.
    ``depth``: of the syntax tree.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:300]}
    seen = _Seen()
    seen.walk(tree)
    return {
        "error": "",
        "definitions": seen.definitions,
        "tests": seen.tests,
        "skips": seen.skips,
        "checks": seen.checks,
        "executes": seen.executes,
        "depth": seen.depth,
    }


class _Seen:
    def __init__(self) -> None:
        self.definitions: list[tuple[int, int, str]] = []
        self.tests: dict[str, int] = {}
        self.skips: dict[str, int] = {}
        self.checks = 0
        self.executes = False
        self.depth = 0

    def walk(self, tree: ast.Module) -> None:
        stack: list[tuple[ast.AST, str, str, int]] = [(tree, "", "", 0)]
        while stack:
            node, name, test, depth = stack.pop()
            self.depth = max(self.depth, depth)
            if isinstance(node, _Definition):
                name = f"{name}.{node.name}" if name else node.name
                test = self._define(node, name, test)
            self._look(node, name, test)
            stack.extend((child, name, test, depth + 1) for child in reversed(list(ast.iter_child_nodes(node))))

    def _define(self, node: _Definition, name: str, test: str) -> str:
        first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
        self.definitions.append((first, node.end_lineno or node.lineno, name))
        if isinstance(node, ast.ClassDef):
            return test
        self.executes = True
        if not test and node.name.startswith("test"):
            self.tests.setdefault(name, 0)
            return name
        return test

    def _look(self, node: ast.AST, name: str, test: str) -> None:
        if isinstance(node, ast.Import | ast.ImportFrom):
            self.executes = True
        if _skips(node):
            self.skips[name] = self.skips.get(name, 0) + 1
        if _checks(node):
            self.checks += 1
            if test:
                self.tests[test] += 1
        if isinstance(node, ast.Call) and _last_name(node.func) in _DYNAMIC:
            self.executes = True
        if isinstance(node, ast.Name) and node.id == "__builtins__":
            self.executes = True


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _skips(node: ast.AST) -> bool:
    if isinstance(node, ast.Name | ast.Attribute):
        return _last_name(node) in _SKIPS
    if isinstance(node, ast.Assign):
        named = {_last_name(t) for t in node.targets}
        return bool(named & {"__test__", "collect_ignore", "collect_ignore_glob"})
    return False


def _checks(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return not (isinstance(node.test, ast.Constant) and bool(node.test.value))
    return isinstance(node, ast.Call) and _last_name(node.func).startswith(_CHECKS)
