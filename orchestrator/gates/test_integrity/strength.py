"""How much the checks of a Python test ask: exact comparisons, ways out before them, tolerances, and what is replaced.

Numbers per test, compared between two versions of it by :mod:`.integrity`: as many checks that are
content with more are a weaker test. Not seen: values that are worked out, and what helpers do.
"""

from __future__ import annotations

import ast
import math
import sys
from collections import defaultdict
from collections.abc import Container, Iterator
from typing import Any

__all__ = ["Strength", "dotted", "replaces"]

_EXACT_CALLS = frozenset(
    {"assertEqual", "assertEquals", "assertIn", "assertDictEqual", "assertListEqual", "assertCountEqual"}
    | {"assertSequenceEqual", "assertTupleEqual", "assertSetEqual", "assertMultiLineEqual", "assertRaisesRegex"}
    | {"assert_called_once_with", "assert_called_with", "assert_has_calls", "assert_any_call", "assert_array_equal"}
    | {"assertRedirects", "assertContains", "assertAlmostEqual", "assert_frame_equal", "assert_outcomes"}
)
_CLOSE = frozenset({"approx", "isclose", "allclose", "assert_allclose", "assertAlmostEqual", "assertAlmostEquals"})
_SLACK = frozenset({"rel", "abs", "rel_tol", "abs_tol", "rtol", "atol", "delta"})
_USUAL_SLACK = 1e-6
_COARSE = frozenset({"round", "abs", "bool", "type", "sorted", "set", "frozenset"})
_JUDGES = frozenset(
    {"__eq__", "__ne__", "__bool__", "__contains__", "__len__", "__hash__", "__lt__", "__le__", "__gt__", "__ge__"}
)
"""Methods of a class by which its objects are compared."""
_SETATTR, _PATCH = frozenset({"setattr", "setitem"}), "patch"
_NAMED_OWNER = 2
_HERE = "__name__"
"""Stands for the module that holds the test, however it is named."""
_NAMESPACES = frozenset({"globals", "vars"})
_OF_ALL = ""
"""What is replaced outside of a test is replaced for each."""


class Strength:
    """Fed with each node of a test in turn."""

    def __init__(self) -> None:
        self._exact: dict[str, int] = defaultdict(int)
        self._exits: dict[str, int] = defaultdict(int)
        self._tolerance: dict[str, float] = {}
        self._bound: dict[str, float] = {}
        self._patched: dict[str, set[str]] = defaultdict(set)
        self._called: dict[str, set[str]] = defaultdict(set)
        self._imports: dict[str, str] = {}

    def imported(self, node: ast.Import | ast.ImportFrom) -> None:
        """What a name of the file stands for elsewhere."""
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                self._imports[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
            elif alias.asname:
                self._imports[alias.asname] = alias.name

    def around(self, node: ast.AST) -> None:
        """Of a node outside of tests: what is replaced there."""
        if isinstance(node, ast.Call):
            self._patched[_OF_ALL].update(_patches(node))
        elif isinstance(node, ast.Assign):
            self._patched[_OF_ALL].update(_assigned(node, ()))

    def look(self, node: ast.AST, test: str, *, own: bool) -> None:
        """``own``: the node is of the test's own body, and of no function in it."""
        if isinstance(node, ast.Return) and own:
            self._exits[test] += 1
        elif isinstance(node, ast.Assert):
            self._exact[test] += any(_compares(part) for part in ast.walk(node.test))
            for part in ast.walk(node.test):
                if (most := _most(part)) > 0:
                    # A test that is a little slower is no other test.
                    self._bound[test] = max(float(math.frexp(most)[1]), self._bound.get(test, -math.inf))
            self._called[test].update(
                ".".join(dotted(part.func)) for part in ast.walk(node.test) if isinstance(part, ast.Call)
            )
        elif isinstance(node, ast.Call):
            self._call(node, test)
        elif isinstance(node, ast.Assign):
            self._patched[test].update(_assigned(node, self._imports.keys()))

    def facts(self) -> dict[str, dict[str, Any]]:
        """``exact``, ``exits``, ``tolerance``, ``bound`` (in powers of two) and ``replaces``: test → number."""
        shared = self._patched.pop(_OF_ALL, set())
        replaces = {test: self._replaced(self._patched[test] | shared, called) for test, called in self._called.items()}
        return {
            "exact": dict(self._exact),
            "exits": dict(self._exits),
            "tolerance": self._tolerance,
            "bound": self._bound,
            "replaces": {test: count for test, count in replaces.items() if count},
        }

    def _replaced(self, patched: set[str], called: set[str]) -> int:
        whole = {self._whole(name) for name in patched}
        names = {name for call in called for name in (self._whole(call), call if "." in call else f"{_HERE}.{call}")}
        judges = sum(self._is_judge(name) for name in patched)
        return judges + sum(_same(one, other) for one in whole for other in names)

    def _is_judge(self, name: str) -> bool:
        """How objects of an imported class are compared."""
        return name.rpartition(".")[2] in _JUDGES and name.partition(".")[0] in self._imports

    def _whole(self, name: str) -> str:
        """With what its first part was imported as."""
        first, dot, rest = name.partition(".")
        return f"{self._imports.get(first, first)}{dot}{rest}"

    def decorated(self, decorator: ast.expr, test: str) -> None:
        if isinstance(decorator, ast.Call):
            self._patched[test].update(_patches(decorator))

    def _call(self, node: ast.Call, test: str) -> None:
        name = (dotted(node.func) or [""])[-1]
        exact = (name in _EXACT_CALLS and not any(map(_says_little, node.args[:2]))) or (
            name == "raises" and any(k.arg == "match" for k in node.keywords)
        )
        self._exact[test] += exact
        if name.startswith("assert"):
            calls = (p for a in node.args for p in ast.walk(a) if isinstance(p, ast.Call))
            self._called[test].update(".".join(dotted(part.func)) for part in calls)
        if name in _CLOSE:
            self._tolerance[test] = max(_slack(node, name), self._tolerance.get(test, 0.0))
        self._patched[test].update(_patches(node))


def _compares(node: ast.AST) -> bool:
    """With a value that says more than true, false, nothing or empty: those may be written as a bare condition."""
    if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.In) for op in node.ops):
        return False
    sides = (node.left, *node.comparators)
    if any(map(_says_little, sides)) or any(map(_coarse, sides)) or _one_of_several(node):
        return False
    roots = [_root(side) for side in sides]
    return not roots[0] or len(set(roots)) > 1


def _root(side: ast.expr) -> str:
    """The name that a call, an item or an attribute begins with: what both sides come from proves itself."""
    plain = isinstance(side, ast.Name)
    while isinstance(side, ast.Call | ast.Attribute | ast.Subscript):
        side = side.func if isinstance(side, ast.Call) else side.value
    return side.id if isinstance(side, ast.Name) and not plain else ""


def _most(node: ast.AST) -> float:
    """The number of ``result < 0.5``, 0 for anything else."""
    match node:
        case ast.Compare(ops=[ast.Lt() | ast.LtE()], comparators=[ast.Constant() as most]):
            return _number(most)
        case _:
            return 0.0


def _coarse(side: ast.expr) -> bool:
    """What leaves a part of a value out before it is compared."""
    return isinstance(side, ast.Call) and isinstance(side.func, ast.Name) and side.func.id in _COARSE


def _one_of_several(node: ast.Compare) -> bool:
    """``x in ("paid", "open")``: any of them will do."""
    choices = node.comparators[0] if len(node.ops) == 1 and isinstance(node.ops[0], ast.In) else None
    return isinstance(choices, ast.Tuple | ast.List | ast.Set) and len(choices.elts) > 1


def _says_little(side: ast.expr) -> bool:
    return (
        (dotted(side) or [""])[-1] == "ANY"
        or (isinstance(side, ast.Constant) and (side.value is None or isinstance(side.value, bool) or not side.value))
        or (isinstance(side, ast.List | ast.Tuple) and not side.elts)
        or (isinstance(side, ast.Dict) and not side.keys)
    )


def _slack(node: ast.Call, name: str) -> float:
    given = [k.value for k in node.keywords if k.arg in _SLACK]
    given += node.args[1:3] if name == "approx" else []
    numbers = [_USUAL_SLACK, *(_number(value) for value in given)]
    places = next((k.value for k in node.keywords if k.arg == "places"), None)
    if isinstance(places, ast.Constant) and isinstance(places.value, int):
        numbers.append(10.0 ** -min(max(places.value, -9), 99))
    return max(numbers)


def _number(node: ast.expr) -> float:
    value = node.value if isinstance(node, ast.Constant) else None
    return float(value) if isinstance(value, int | float) and abs(value) < 1e300 else 0.0  # noqa: PLR2004 - no overflow


def _patches(node: ast.Call) -> Iterator[str]:
    """What a call of monkeypatch or mock puts something else in the place of, as ``module.name``."""
    names = dotted(node.func)
    last = names[-1] if names else ""
    if not node.args or not (last in _SETATTR or _PATCH in names):
        return
    first = node.args[0]
    text = _text(first)
    if text:
        owner, _, name = text.rpartition(".")
        module = owner.rpartition(".")[2]
        yield f"{_HERE}.{name}" if module.startswith("test_") or module.endswith("_test") else text
    elif len(node.args) >= _NAMED_OWNER and isinstance(node.args[1], ast.Constant):
        yield ".".join([*_owner(first), str(node.args[1].value)])
    elif _owner(first) == [_HERE]:
        given = node.args[1].keys if len(node.args) >= _NAMED_OWNER and isinstance(node.args[1], ast.Dict) else []
        names = [
            *(str(k.value) for k in given if isinstance(k, ast.Constant)),
            *(k.arg for k in node.keywords if k.arg),
        ]
        yield from (f"{_HERE}.{name}" for name in names)


def replaces(node: ast.AST) -> bool:
    """Whether a call of monkeypatch or mock puts something else in the place of what is no part of Python itself."""
    if not isinstance(node, ast.Call):
        return False
    return any(name.partition(".")[0] not in sys.stdlib_module_names for name in _patches(node))


def _text(node: ast.expr) -> str:
    """A text, also one that begins with the module's own name."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.BinOp(left=ast.Name(id="__name__"), op=ast.Add(), right=ast.Constant(value=str(text))):
            return f"{_HERE}{text}"
        case ast.JoinedStr(values=[ast.FormattedValue(value=ast.Name(id="__name__")), ast.Constant(value=str(text))]):
            return f"{_HERE}{text}"
        case _:
            return ""


def _owner(node: ast.expr) -> list[str]:
    """``sys.modules[__name__]`` and ``globals()`` are the module itself."""
    match node:
        case ast.Subscript(value=table, slice=ast.Name(id="__name__")) if dotted(table)[-1:] == ["modules"]:
            return [_HERE]
        case ast.Call(func=ast.Name(id=name)) if name in _NAMESPACES:
            return [_HERE]
        case _:
            return dotted(node)


def _assigned(node: ast.Assign, imported: Container[str]) -> Iterator[str]:
    """What an assignment puts something else in the place of: an attribute, code, or a name that was imported."""
    for target in node.targets:
        match target:
            case ast.Attribute(value=ast.Name(id=name), attr="__code__"):
                yield f"{_HERE}.{name}"
            case ast.Attribute():
                yield ".".join(dotted(target))
            case ast.Subscript(value=table, slice=ast.Constant(value=str(name))) if _owner(table) == [_HERE]:
                yield f"{_HERE}.{name}"
            case ast.Name(id=name) if name in imported:
                yield f"{_HERE}.{name}"
            case _:
                pass


def _same(patched: str, called: str) -> bool:
    """Of two parts at least: a bare name says too little."""
    shorter, longer = sorted((patched, called), key=len)
    return "." in shorter and (longer == shorter or longer.endswith(f".{shorter}"))


def dotted(node: ast.AST) -> list[str]:
    """``["pytest", "mark", "skip"]``; empty for what is no chain of names."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else []
