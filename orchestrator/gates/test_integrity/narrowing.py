"""What a Python test leaves out of what it says to try: examples, expectations that it meets itself, its own snapshot.

Numbers per test, as in :mod:`.strength`. Not seen: strategies that are put together elsewhere.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Container, Iterator, Sequence

from orchestrator.gates.test_integrity.strength import dotted

__all__ = ["Narrowing"]

_EXAMPLES = 100
"""What hypothesis tries when nothing is said."""
_AGAIN = frozenset({"flaky", "retry", "retries", "rerun", "reruns"})
_NARROW = frozenset({"just", "nothing"})
_RAISES = frozenset({"raises", "assertRaises", "assertRaisesRegex"})
_WRITES = frozenset({"write_text", "write_bytes", "write", "dump", "dumps", "writelines"})
_READS = frozenset({"read_text", "read_bytes", "read", "load", "loads", "open"})


class Narrowing:
    """Fed with each decorator and node of a test in turn."""

    def __init__(self, shared: Container[str]) -> None:
        """``shared``: names that the file defines or imports for all of its tests."""
        self._shared = shared
        self._retried: dict[str, int] = defaultdict(int)
        self._narrow: dict[str, int] = defaultdict(int)
        self._examples: dict[str, float] = {}
        self._itself: dict[str, int] = defaultdict(int)
        self._written: dict[str, set[str]] = defaultdict(set)
        self._read: dict[str, set[str]] = defaultdict(set)
        self._made: dict[str, set[str]] = defaultdict(set)
        self._kept: dict[str, set[str]] = defaultdict(set)
        self._compared: dict[str, set[str]] = defaultdict(set)

    def decorated(self, decorator: ast.expr, test: str) -> None:
        again = (dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or [""])[-1]
        self._retried[test] += again in _AGAIN
        if not isinstance(decorator, ast.Call):
            return
        name = _last(decorator)
        if name == "given":
            self._examples.setdefault(test, 1.0)
            self._narrow[test] += sum(map(_says_one, ast.walk(decorator)))
        elif name == "settings":
            given = {k.arg: k.value for k in decorator.keywords}
            most = given.get("max_examples")
            if isinstance(most, ast.Constant) and isinstance(most.value, int):
                self._examples[test] = _EXAMPLES / max(most.value, 1)
            phases = given.get("phases")
            self._narrow[test] += phases is not None and not any(map(_generates, ast.walk(phases)))

    def look(self, node: ast.AST, test: str) -> None:
        if isinstance(node, ast.Call):
            name = _last(node)
            first = node.args[0] if node.args else None
            self._narrow[test] += name == "assume" and isinstance(first, ast.Constant) and not first.value
            if name in _WRITES:
                self._written[test].update(_called(node.args))
                given = {p.id for a in node.args for p in ast.walk(a) if isinstance(p, ast.Name)}
                self._kept[test].update(self._file(node.func) if given & self._made[test] else ())
        elif isinstance(node, ast.Assign) and _called([node.value]):
            self._made[test].update(t.id for t in node.targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.With | ast.AsyncWith):
            self._itself[test] += sum(_raised_here(item.context_expr, node.body) for item in node.items)
        elif isinstance(node, ast.Assert):
            names = _called([node.test])
            if any(name.rpartition(".")[2] in _READS for name in names):
                self._read[test] |= names
            calls = (part for part in ast.walk(node.test) if isinstance(part, ast.Call) and _last(part) in _READS)
            self._compared[test].update(name for call in calls for name in self._file(call.func))

    def facts(self) -> dict[str, dict[str, float]]:
        """``narrow``, ``examples``, ``itself``, ``retried`` and ``writes``: test → number, more where less is asked."""
        writes = {
            test: len(names & self._read[test]) + len(self._kept[test] & self._compared[test])
            for test, names in self._written.items()
        }
        return {
            "narrow": dict(self._narrow),
            "examples": self._examples,
            "itself": dict(self._itself),
            "retried": dict(self._retried),
            "writes": {test: count for test, count in writes.items() if count},
        }

    def _file(self, method: ast.expr) -> Iterator[str]:
        """What a method of reading or writing is called on, where it is the same for all tests: a file beside them."""
        owner = dotted(method.value) if isinstance(method, ast.Attribute) else []
        if owner and owner[0] in self._shared:
            yield ".".join(owner)


def _last(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else (dotted(call.func) or [""])[-1]


def _says_one(node: ast.AST) -> bool:
    """A strategy of one value, or of none."""
    if not isinstance(node, ast.Call):
        return False
    first = node.args[0] if node.args else None
    one = _last(node) == "sampled_from" and isinstance(first, ast.List | ast.Tuple) and len(first.elts) <= 1
    return one or _last(node) in _NARROW


def _generates(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute | ast.Name) and (dotted(node) or [""])[-1] == "generate"


def _raised_here(opened: ast.expr, body: Sequence[ast.stmt]) -> bool:
    """Whether the block that must raise does so by a statement of its own."""
    if not isinstance(opened, ast.Call) or _last(opened) not in _RAISES:
        return False
    return any(isinstance(statement, ast.Raise) for statement in body)


def _called(nodes: Sequence[ast.expr]) -> set[str]:
    calls = (part for node in nodes for part in ast.walk(node) if isinstance(part, ast.Call))
    names = {".".join(dotted(call.func)) or _last(call) for call in calls}
    return {name for name in names if not hasattr(builtins, name)}
