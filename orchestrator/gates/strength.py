"""How much the checks of a Python test ask: exact comparisons, ways out before them, tolerances, and what is replaced.

Numbers per test, compared between two versions of it by :mod:`orchestrator.gates.integrity`: as many checks that are
content with more are a weaker test. Not seen: values that are worked out, and what helpers do.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

__all__ = ["Strength", "dotted"]

_EXACT_CALLS = frozenset(
    {"assertEqual", "assertEquals", "assertIn", "assertDictEqual", "assertListEqual", "assertCountEqual"}
    | {"assertSequenceEqual", "assertTupleEqual", "assertSetEqual", "assertMultiLineEqual", "assertRaisesRegex"}
    | {"assert_called_once_with", "assert_called_with", "assert_has_calls", "assert_any_call", "assert_array_equal"}
    | {"assertRedirects", "assertContains", "assertAlmostEqual", "assert_frame_equal", "assert_outcomes"}
)
_CLOSE = frozenset({"approx", "isclose", "allclose", "assert_allclose", "assertAlmostEqual", "assertAlmostEquals"})
_SLACK = frozenset({"rel", "abs", "rel_tol", "abs_tol", "rtol", "atol", "delta"})
_USUAL_SLACK = 1e-6
_SETATTR, _PATCH = frozenset({"setattr", "setitem"}), "patch"
_NAMED_OWNER = 2


class Strength:
    """Fed with each node of a test in turn."""

    def __init__(self) -> None:
        self._exact: dict[str, int] = defaultdict(int)
        self._exits: dict[str, int] = defaultdict(int)
        self._tolerance: dict[str, float] = {}
        self._patched: dict[str, set[str]] = defaultdict(set)
        self._called: dict[str, set[str]] = defaultdict(set)

    def look(self, node: ast.AST, test: str, *, own: bool) -> None:
        """``own``: the node is of the test's own body, and of no function in it."""
        if isinstance(node, ast.Return) and own:
            self._exits[test] += 1
        elif isinstance(node, ast.Assert):
            self._exact[test] += any(_compares(part) for part in ast.walk(node.test))
            self._called[test].update(
                ".".join(dotted(part.func)) for part in ast.walk(node.test) if isinstance(part, ast.Call)
            )
        elif isinstance(node, ast.Call):
            self._call(node, test)
        elif isinstance(node, ast.Assign):
            self._patched[test].update(".".join(dotted(t)) for t in node.targets if isinstance(t, ast.Attribute))

    def facts(self) -> dict[str, dict[str, Any]]:
        """``exact``, ``exits``, ``tolerance`` and ``replaces``: test → number."""
        replaces = {
            test: sum(_same(one, other) for one in patched for other in self._called[test])
            for test, patched in self._patched.items()
        }
        return {
            "exact": dict(self._exact),
            "exits": dict(self._exits),
            "tolerance": self._tolerance,
            "replaces": {test: count for test, count in replaces.items() if count},
        }

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
    return not any(map(_says_little, (node.left, *node.comparators)))


def _says_little(side: ast.expr) -> bool:
    return (
        (isinstance(side, ast.Constant) and (side.value is None or isinstance(side.value, bool) or not side.value))
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
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        yield first.value
    elif len(node.args) >= _NAMED_OWNER and isinstance(node.args[1], ast.Constant):
        yield ".".join([*dotted(first), str(node.args[1].value)])


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
