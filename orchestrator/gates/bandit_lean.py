"""bandit with what only its command line needs left out: half of its start and a third of its time on a file.

It draws progress bars, reads YAML and asks every installed package for tests of its own before it looks at the first
file. Here its tests are those that its own package names; whoever draws or reads YAML after all fails by name,
and then the file counts as not scanned. What its tests see is the same, and a test compares the answers.
"""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from importlib.metadata import EntryPoint, distribution
from types import ModuleType
from typing import Any

from orchestrator.gates.parsing import parsed

__all__ = ["load"]

_UNUSED = ("rich", "rich.progress", "yaml")
_MARKS = "_get_nosecs_from_contexts"
_SILENT = (ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop)
"""Parts of syntax that have no place of their own; bandit has no test for them."""


class _Extension:
    """What bandit asks of one of its tests."""

    def __init__(self, point: EntryPoint) -> None:
        self.name = point.name
        self.plugin = point.load()


class _Extensions(list[_Extension]):
    """Stands for stevedore's ``ExtensionManager``: those of bandit itself, and no formats of reports."""

    def __init__(self, *, namespace: str, **_: object) -> None:
        points = () if namespace == "bandit.formatters" else distribution("bandit").entry_points.select(group=namespace)
        super().__init__(_Extension(point) for point in points)

    def names(self) -> list[str]:
        return [one.name for one in self]


class _Grammar:
    """Stands for the module ``ast`` where bandit visits a file: what was parsed for others is not parsed again.

    bandit leaves attributes of its own on the nodes, and changes nothing that another reader looks at.
    """

    parse = staticmethod(parsed)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        return getattr(ast, name)


class _Quiet:
    """A logger that is not even asked whether it would log the visit of a node."""

    def __init__(self, logger: Any) -> None:  # noqa: ANN401 - one of bandit's
        self._logger = logger

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._logger, name)

    def debug(self, *_: object) -> None:
        """Nothing."""


class _NoTests:
    """A set of tests that is empty."""

    @staticmethod
    def get_tests(_: str) -> tuple[()]:
        return ()


def load() -> Any:  # noqa: ANN401 - bandit has no types
    """The module of bandit's manager. Only for a process that does nothing else: it replaces modules of others."""
    if "bandit.core.manager" in sys.modules:
        return import_module("bandit.core.manager")
    for name in _UNUSED:
        sys.modules[name] = ModuleType(name)
    sys.modules["rich"].progress = sys.modules["rich.progress"]  # type: ignore[attr-defined]
    extension = ModuleType("stevedore.extension")
    extension.ExtensionManager = _Extensions  # type: ignore[attr-defined]
    package = ModuleType("stevedore")
    package.extension = extension  # type: ignore[attr-defined]
    sys.modules.update({"stevedore": package, "stevedore.extension": extension})
    manager = import_module("bandit.core.manager")
    visiting, testing = import_module("bandit.core.node_visitor"), import_module("bandit.core.tester")
    for module in (visiting, testing):
        module.__dict__["LOG"] = _Quiet(module.__dict__["LOG"])
    visiting.__dict__["ast"] = _Grammar()
    _shorten(visiting.BanditNodeVisitor, testing.BanditTester, import_module("bandit.core.context").Context)
    return manager


def _shorten(visitor: Any, tester: Any, context_of: Any) -> None:  # noqa: ANN401 - bandit has no types
    """Spare what comes to nothing: parts of syntax without a test, tests that find nothing, ignored comments."""
    pre_visit, run_tests = visitor.pre_visit, tester.run_tests
    zeros: dict[str, list[int]] = run_tests(tester(_NoTests, debug=False, nosec_lines={}, metrics=None), {}, "")

    def looked_at(self: Any, node: ast.AST) -> bool:  # noqa: ANN401
        if isinstance(node, _SILENT) and not self.tester.testset.get_tests(type(node).__name__):
            return False
        return bool(pre_visit(self, node))

    def tested(self: Any, context: dict[str, Any], kind: str) -> dict[str, list[int]]:  # noqa: ANN401
        tests = self.testset.get_tests(kind)
        if not tests or _none_finds(tests, context_of(dict(context))):
            return zeros
        counted: dict[str, list[int]] = run_tests(self, context, kind)
        return counted

    def scored(self: Any, scores: dict[str, list[int]]) -> None:  # noqa: ANN401
        if scores is not zeros:
            add(self, scores)

    def unsuppressed(self: Any, context: dict[str, Any], test_result: object = None) -> Any:  # noqa: ANN401
        return marks(self, context, test_result) if self.nosec_lines else None

    add, marks = visitor.update_scores, getattr(tester, _MARKS)
    visitor.pre_visit, visitor.update_scores = looked_at, scored
    tester.run_tests = tested
    setattr(tester, _MARKS, unsuppressed)


def _none_finds(tests: list[Any], context: Any) -> bool:  # noqa: ANN401 - bandit has no types
    """Whether no test has anything to say; one that raises is left to bandit, which asks all of them again."""
    try:
        return all(test(context, *_settings(test)) is None for test in tests)
    except Exception:  # noqa: BLE001 - bandit says which test it was
        return False


def _settings(test: Any) -> tuple[Any, ...]:  # noqa: ANN401
    known: dict[str, Any] = test.__dict__
    return (known["_config"],) if "_config" in known else ()
