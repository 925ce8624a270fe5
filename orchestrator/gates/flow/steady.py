"""Names of which every value that they ever have is seen in order, so that what is made of them may be vouched for.

A finding of a scanner is taken back only for what is certain (:mod:`orchestrator.gates.flow.vouched`). Names
that are rebound where order is not followed are left out, and so is everything in a module that reaches into
namespaces. Not seen: another module that rebinds a name of this one.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator

from orchestrator.gates.flow.constants import MUTATORS
from orchestrator.gates.flow.syntax import kinds, parts

__all__ = ["reaches_namespaces", "unsteady"]

_REACHING_CALLS = frozenset(
    {"globals", "vars", "locals", "exec", "eval", "setattr", "delattr", "compile", "__import__", "__builtins__"}
)
_REACHING_ATTRIBUTES = frozenset(
    {"__dict__", "__globals__", "__builtins__", "__code__", "__defaults__", "__setattr__"}
    | {"f_globals", "f_locals", "_getframe", "currentframe"}
)
_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Loop = ast.For | ast.AsyncFor | ast.While
_FUNCTIONS: tuple[type[ast.AST], ...] = (ast.FunctionDef, ast.AsyncFunctionDef)
_CHANGING: tuple[type[ast.AST], ...] = (
    *(ast.Global, ast.Nonlocal, ast.Subscript, ast.Attribute, ast.Call, ast.ExceptHandler, ast.ClassDef),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.For, ast.AsyncFor, ast.While),
    *(ast.Try, ast.TryStar),
)
"""What changes a name in a way that the order of statements does not show."""
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def reaches_namespaces(tree: ast.Module) -> bool:
    """Whether names may get values that no assignment shows."""
    return (
        any(node.id in _REACHING_CALLS for node in kinds(tree, ast.Name))
        or any(node.attr in _REACHING_ATTRIBUTES for node in kinds(tree, ast.Attribute))
        or any(alias.name == "*" for node in kinds(tree, ast.ImportFrom) for alias in node.names)
    )


def unsteady(tree: ast.Module) -> frozenset[str]:
    """Names that are changed in a way that the order of statements does not show."""
    inside = (name for node in (tree, *_around_others(tree)) for name in _seen_from_inside(node))
    return frozenset([*inside, *(name for node in kinds(tree, *_CHANGING) for name in _unsteady(node))])


def _around_others(tree: ast.Module) -> Iterator[ast.AST]:
    """Functions in whose lines more than they themselves begin: no other has a definition in it."""
    lines = sorted(int(getattr(node, "lineno", 0)) for node in kinds(tree, *_FUNCTIONS, ast.Lambda, ast.ClassDef))
    for node in kinds(tree, *_FUNCTIONS):
        first, last = getattr(node, "lineno", 0), getattr(node, "end_lineno", None) or 0
        if bisect_right(lines, last) - bisect_left(lines, first) > 1:
            yield node


def _seen_from_inside(node: ast.AST) -> Iterator[str]:
    """Names of a module, or of a function with functions in it, that are bound more than once.

    A function that was defined in between sees the last value, whatever branch it was given in.
    """
    if isinstance(node, ast.Module) or (isinstance(node, _Function) and any(map(_opens, _within(node)))):
        counted = Counter(name for part in _within(node) for name in _binds(part))
        yield from (name for name, times in counted.items() if times > 1)


def _within(scope: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.AST]:
    """What belongs to a scope itself, and the definitions in it without their bodies."""
    waiting: list[ast.AST] = list(scope.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not _opens(node):
            waiting += parts(node)


def _opens(node: ast.AST) -> bool:
    return isinstance(node, _Function | ast.Lambda | ast.ClassDef)


def _binds(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names)
    elif isinstance(node, _Function | ast.ClassDef):
        yield node.name


def _unsteady(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Global | ast.Nonlocal):
        yield from node.names
    elif isinstance(node, ast.Subscript | ast.Attribute) and not isinstance(node.ctx, ast.Load):
        yield from _base(node)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
        yield from _base(node.func)
    elif isinstance(node, ast.ExceptHandler):
        yield from [node.name] if node.name else []
    elif isinstance(node, _Comprehension):
        yield from (name for generator in node.generators for name in _stored(generator.target))
    elif isinstance(node, ast.ClassDef):
        yield from (name for statement in node.body for name in _targets(statement))
    elif isinstance(node, _Loop):
        yield from _chained(node)
    elif isinstance(node, ast.Try | ast.TryStar):
        counted = Counter(name for statement in node.body for name in _stored(statement))
        yield from (name for name, times in counted.items() if times > 1)


def _base(node: ast.Attribute | ast.Subscript) -> Iterator[str]:
    """The name that a chain starts from, and the attributes on the way: they may be names of a module."""
    inner: ast.expr = node
    while isinstance(inner, ast.Attribute | ast.Subscript):
        if isinstance(inner, ast.Attribute):
            yield inner.attr
        inner = inner.value
    if isinstance(inner, ast.Name):
        yield inner.id


def _stored(node: ast.AST) -> list[str]:
    return [part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)]


def _targets(statement: ast.stmt) -> list[str]:
    return _stored(statement) if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign) else []


def _chained(loop: _Loop) -> Iterator[str]:
    """Names that a loop makes of names that it changes: their values come round later than a second look shows."""
    changed = {name for statement in loop.body for name in _stored(statement)}
    for statement in loop.body:
        for part in ast.walk(statement):
            if isinstance(part, ast.AugAssign):
                yield from _stored(part.target)
            elif isinstance(part, ast.Assign | ast.AnnAssign | ast.NamedExpr) and part.value is not None:
                used = {n.id for n in ast.walk(part.value) if isinstance(n, ast.Name)}
                if used & changed:
                    yield from _stored(part)
