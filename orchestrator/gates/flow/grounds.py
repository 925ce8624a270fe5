"""What the analysis of a function rests on that may be another by the end of the module: then it is looked at again."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from orchestrator.gates.flow.parameters import Function
from orchestrator.gates.flow.scopes import Scope
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import Value

__all__ = ["Grounds", "Outside"]

_Defined = tuple[Function, Scope, str]
"""A function, the scope around it, and the class it stands in."""
_Attribute = Callable[[str, str], Value | None]


class Grounds:
    """Of one function, and of all that was followed from it.

    ``told``: (class or object, attribute) → what it was said to be. ``followed``: the functions.
    """

    __slots__ = ("_contradicted", "followed", "told")

    def __init__(self) -> None:
        self.told: dict[tuple[str, str], Value | None] = {}
        self.followed: set[str] = set()
        self._contradicted = False

    def tell(self, name: str, attribute: str, value: Value | None) -> None:
        # Of two answers one is not the last.
        if self.told.setdefault((name, attribute), value) != value:
            self._contradicted = True

    def add(self, other: Grounds) -> None:
        """What was followed on the way."""
        for (name, attribute), value in other.told.items():
            self.tell(name, attribute, value)
        self.followed |= other.followed
        self._contradicted = self._contradicted or other._contradicted

    def hold(self, attribute: _Attribute) -> bool:
        """Whether every answer would be the same now."""
        return not self._contradicted and all(attribute(*asked) == value for asked, value in self.told.items())

    def within(self, name: str) -> bool:
        """Whether a function was followed that stands in this one."""
        return any(followed.startswith(f"{name}.") for followed in self.followed)


class Outside(NamedTuple):
    """What functions see of what is around them: names of the module, those that are imported, closures, defaults."""

    globals: Mapping[str, Value]
    imported: frozenset[str]
    functions: Mapping[str, _Defined]
    defaults: Mapping[str, Mapping[str, Value]]

    def since(self, now: Outside, tree: ast.Module) -> frozenset[str] | None:
        """The functions that may see something else now, ``None`` for all of them."""
        if self.globals != now.globals:
            return None
        found = {name for name, given in self.defaults.items() if now.defaults[name] != given}
        found.update(_mentioning(tree, self.imported ^ now.imported, self.functions))
        around: dict[tuple[int, int], dict[str, _Defined]] = defaultdict(dict)
        for name, (_, closure, _) in self.functions.items():
            other = now.functions[name]
            if other[1] is not closure:
                around[id(closure), id(other[1])][name] = other
        for functions in around.values():
            first = next(iter(functions))
            names = _otherwise(self.functions[first][1].whole(), functions[first][1].whole(), now.globals)
            found.update(_mentioning(tree, names, functions))
        return frozenset(found)


def _otherwise(before: Mapping[str, Value], after: Mapping[str, Value], module: Mapping[str, Value]) -> set[str]:
    """Names that stand for something else, or for a constant of the module that another module may set."""
    found: set[str] = set()
    for name in before.keys() | after.keys():
        one, other = before.get(name) or module.get(name), after.get(name) or module.get(name)
        if one != other or (one is not None and one.fixed and (name in before) != (name in after)):
            found.add(name)
    return found


def _mentioning(tree: ast.Module, names: AbstractSet[str], functions: Mapping[str, _Defined]) -> Iterator[str]:
    """Functions within whose lines one of these names stands."""
    lines = [node.lineno for node in kinds(tree, ast.Name) if node.id in names] if names else []
    for name, (node, _, _) in functions.items() if lines else ():
        if any(node.lineno <= line <= (node.end_lineno or line) for line in lines):
            yield name
