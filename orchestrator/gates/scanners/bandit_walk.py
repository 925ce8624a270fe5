"""How bandit walks a syntax tree, with a stop only where one of its tests looks: a third of its time on a file.

It makes a context for each node, whatever it is, and asks whether there is a test for it. Here the others are only
told their parent and their next neighbour, which tests read. What is walked, and in which order, is the same.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache, cached_property
from importlib import import_module
from typing import Any, cast

__all__ = ["shorten"]

_MARKS = "_get_nosecs_from_contexts"
_KINDS = frozenset(kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST))
_SILENT = frozenset(
    kind for kind in _KINDS if issubclass(kind, ast.expr_context | ast.operator | ast.cmpop | ast.unaryop | ast.boolop)
)
"""Parts of syntax that have no place of their own; bandit has no test for them."""
_NAMESPACES = frozenset({ast.ClassDef, ast.FunctionDef})
"""bandit keeps the name of the definition that it is in."""


_FILE = "File"
_OF_LETTERS = frozenset({"trojansource"})
"""Tests of a whole file that look for letters outside ASCII, each of them in each line."""
_COOKIE = b"coding"


class _NoTests:
    """A set of tests that is empty."""

    @staticmethod
    def get_tests(_: str) -> tuple[()]:
        return ()


def shorten() -> None:
    """Spare what comes to nothing: nodes without a test, tests that find nothing, comments that are ignored."""
    visitor: Any = import_module("bandit.core.node_visitor").BanditNodeVisitor
    tester: Any = import_module("bandit.core.tester").BanditTester
    run_tests, add, marks = tester.run_tests, visitor.update_scores, getattr(tester, _MARKS)
    zeros: dict[str, list[int]] = run_tests(tester(_NoTests, debug=False, nosec_lines={}, metrics=None), {}, "")
    context_of = _remembering(import_module("bandit.core.context").Context)

    def tested(self: Any, context: dict[str, Any], kind: str) -> dict[str, list[int]]:  # noqa: ANN401 - bandit has no types
        tests = self.testset.get_tests(kind)
        if kind == _FILE and _is_plain(context["file_data"]):
            tests = [test for test in tests if test.__name__ not in _OF_LETTERS]
        if not tests or _none_finds(tests, context_of(dict(context))):
            return zeros
        counted: dict[str, list[int]] = run_tests(self, context, kind)
        return counted

    def scored(self: Any, scores: dict[str, list[int]]) -> None:  # noqa: ANN401
        if scores is not zeros:
            add(self, scores)

    def unsuppressed(self: Any, context: dict[str, Any], test_result: object = None) -> Any:  # noqa: ANN401
        return marks(self, context, test_result) if self.nosec_lines else None

    visitor.update_scores, tester.run_tests, visitor.generic_visit = scored, tested, _walk
    setattr(tester, _MARKS, unsuppressed)


def _remembering(context: Any) -> Any:  # noqa: ANN401 - bandit has no types
    """A context that puts the arguments of a call together once for all tests, which only read them."""
    args, keywords = context.call_args.fget, context.call_keywords.fget

    class Remembering(context):  # type: ignore[misc]
        call_args = cached_property(args)
        call_keywords = cached_property(keywords)

    for name in ("call_args", "call_keywords"):
        getattr(Remembering, name).__set_name__(Remembering, name)
    return Remembering


def _is_plain(source: Any) -> bool:  # noqa: ANN401 - bandit's stream of the file
    """ASCII that is not said to be anything else: only of that are the bytes the letters."""
    source.seek(0)
    data: bytes = source.read()
    return data.isascii() and not any(_COOKIE in line for line in data.split(b"\n", 2)[:2])


def _none_finds(tests: list[Any], context: Any) -> bool:  # noqa: ANN401 - bandit has no types
    """Whether no test has anything to say; one that raises is left to bandit, which asks all of them again."""
    try:
        for test in tests:
            known = test.__dict__
            said = test(context, known["_config"]) if "_config" in known else test(context)
            if said is not None:
                return False
    except Exception:  # noqa: BLE001 - bandit says which test it was
        return False
    return True


def _enter(visitor: Any, node: Any, parent: ast.AST, sibling: object) -> None:  # noqa: ANN401 - bandit has no types
    node._bandit_parent, node._bandit_sibling = parent, sibling  # noqa: SLF001 - its tests read them
    kind: type[ast.AST] = node.__class__
    if kind is ast.Constant:
        # Of strings that are no statements by themselves; of bytes and numbers there is no test.
        if isinstance(node.value, str) and not isinstance(parent, ast.Expr) and visitor.pre_visit(node):
            visitor.visit(node)
            visitor.post_visit(node)
    elif kind in _NAMESPACES or kind.__name__ in visitor.testset.tests:
        if visitor.pre_visit(node):
            visitor.visit(node)
            _walk(visitor, node)
            visitor.post_visit(node)
    elif kind not in _SILENT:
        if not hasattr(node, "lineno"):
            # What has no line of its own is given its lines by the first who asks, and keeps them.
            _linerange()(node)
        _walk(visitor, node)


def _walk(visitor: Any, node: ast.AST) -> None:  # noqa: ANN401
    for name in node._fields:
        value: Any = getattr(node, name, None)
        if isinstance(value, list):
            items = cast("list[object]", value)
            last = len(items) - 1
            for at, item in enumerate(items):
                if isinstance(item, ast.AST):
                    _enter(visitor, item, node, items[at + 1] if at < last else None)
        elif isinstance(value, ast.AST):
            _enter(visitor, value, node, None)


@cache
def _linerange() -> Callable[[ast.AST], object]:
    found: Callable[[ast.AST], object] = import_module("bandit.core.utils").linerange
    return found
