"""The parts of a syntax tree, for all that look at the whole of it: walked once, and asked for by kind."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, TypeVar, overload

__all__ = ["kinds", "nodes", "parts", "within"]

_Node = TypeVar("_Node", bound=ast.AST)
_Other = TypeVar("_Other", bound=ast.AST)
_PLAIN = frozenset({"id", "attr", "arg", "ctx", "level", "module", "kind", "type_comment", "is_async", "conversion"})
"""Fields that never hold a part, and whether a name is read or written, which nobody asks of the whole."""


_NONE: frozenset[str] = frozenset()


class _Fields(dict[type[ast.AST], tuple[str, ...]]):
    """Of each kind of node those that may hold parts."""

    def __missing__(self, kind: type[ast.AST]) -> tuple[str, ...]:
        told = () if issubclass(kind, ast.Constant) else kind._fields
        self[kind] = tuple(field for field in told if field not in _PLAIN)
        return self[kind]


_FIELDS = _Fields()


def parts(node: ast.AST, without: frozenset[str] = _NONE) -> list[ast.AST]:
    """What :func:`ast.iter_child_nodes` gives, but for what says whether a name is read or written.

    ``without``: nor what stands in these fields.
    """
    found: list[ast.AST] = []
    for name in _FIELDS[node.__class__]:
        if name in without:
            continue
        value: Any = getattr(node, name, None)
        if isinstance(value, list):
            found += [part for part in value if isinstance(part, ast.AST)]  # pyright: ignore[reportUnknownVariableType]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def within(node: ast.AST) -> list[ast.AST]:
    """What :func:`ast.walk` gives, in its order, but for what says whether a name is read or written."""
    found = [node]
    for one in found:
        found += parts(one)
    return found


@lru_cache(maxsize=1)
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Every node of a module, once for all that look at the whole of it."""
    return tuple(within(tree))


@lru_cache(maxsize=1)
def _by_kind(tree: ast.Module) -> dict[type[ast.AST], list[tuple[int, ast.AST]]]:
    found: dict[type[ast.AST], list[tuple[int, ast.AST]]] = defaultdict(list)
    for at, node in enumerate(nodes(tree)):
        found[node.__class__].append((at, node))
    return found


@overload
def kinds(tree: ast.Module, one: type[_Node], /) -> Sequence[_Node]: ...
@overload
def kinds(tree: ast.Module, one: type[_Node], other: type[_Other], /) -> Sequence[_Node | _Other]: ...
@overload
def kinds(tree: ast.Module, *wanted: type[ast.AST]) -> Sequence[ast.AST]: ...
def kinds(tree: ast.Module, *wanted: type[ast.AST]) -> Sequence[ast.AST]:
    """The nodes of these very kinds, in the order of :func:`nodes`."""
    known = _by_kind(tree)
    if len(wanted) == 1:
        return [node for _, node in known.get(wanted[0], ())]
    chosen = [pair for kind in wanted for pair in known.get(kind, ())]
    chosen.sort(key=itemgetter(0))
    return [node for _, node in chosen]
