"""What one Python file tests: which functions are collected, how many checks in them can fail, and who meddles.

Read from the syntax tree as pytest and unittest would collect it. What is never reached (behind a ``return``, under
``if False``), what cannot fail (``assert True``, ``assert (x, "text")``, ``x == x``) and what is caught and dropped is
no check; ``raises(Exception)`` is none either, because everything passes it. Walked with explicit stacks: deep nesting
is the parser's business.

Not seen: tests that are made, changed or removed while the program runs, and what helpers do.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from orchestrator.gates.test_integrity.narrowing import Narrowing
from orchestrator.gates.test_integrity.strength import Strength, dotted, replaces
from orchestrator.policy.late import Late

__all__ = ["tested"]

_SKIPS = frozenset(
    {"skip", "skipif", "skipIf", "skipUnless", "skipTest", "xfail", "expectedFailure", "importorskip", "SkipTest"}
)
_HIDING = frozenset({"__test__", "collect_ignore", "collect_ignore_glob"})
_CHECKS = ("assert", "fail", "raises", "warns")
_OF_TESTS = Late(r"[Tt]est|[Cc]ase|[Mm]ixin|[Bb]ase|[Ss]uite|[Ss]pec|^\?$")
_ANYTHING = frozenset({"Exception", "BaseException"})
_DROPPED = _ANYTHING | {"AssertionError"}
_UNITTEST_HOOKS = frozenset({"load_tests", "setUpModule"})
_USUAL = frozenset({"pytest", "unittest", "mock", "patch", "given", "settings", "example", "hypothesis", "functools"})
"""Of the decorators of a test, those whose first or last part is one of these say what they do."""

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Definition = _Function | ast.ClassDef
_DEFINITIONS = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})
_LEAVES = frozenset({ast.Return, ast.Raise, ast.Continue, ast.Break})
_BRANCHES = frozenset({ast.If, ast.While, ast.For, ast.AsyncFor})
_CATCHERS = frozenset({ast.Try, ast.With, ast.AsyncWith})
_LOOKED_AT = frozenset({ast.Attribute, ast.Name, ast.Assign, ast.AnnAssign, ast.Delete, ast.Assert, ast.Call})
"""All others are only walked through."""


@dataclass(frozen=True, slots=True)
class _Where:
    """``open``: tests defined here are collected. ``test``: the test around. ``dropped``: what fails here is caught.

    ``used``: names that the test around reads.
    """

    name: str = ""
    test: str = ""
    open: bool = True
    dropped: bool = False
    used: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Facts:
    tests: dict[str, int] = field(default_factory=dict[str, int])
    cases: dict[str, int] = field(default_factory=dict[str, int])
    skips: dict[str, int] = field(default_factory=dict[str, int])
    hooks: dict[str, str] = field(default_factory=dict[str, str])
    wrapped: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    limits: dict[str, float] = field(default_factory=dict[str, float])
    brought: dict[str, int] = field(default_factory=dict[str, int])
    own: dict[str, int] = field(default_factory=dict[str, int])
    marks: set[str] = field(default_factory=set[str])
    fixtures: dict[str, str] = field(default_factory=dict[str, str])
    checks: int = 0


def tested(tree: ast.Module) -> dict[str, Any]:
    """A JSON object.

    ``tests``: collected test → checks in it that can fail; ``checks``: in the whole file. ``cases``: test → literal
    parameter sets. ``skips``: definition → skips and expected failures. ``hooks``: hook of pytest or unittest →
    digest of it. ``wrapped``: test → decorators that may replace it. ``limits``: test → seconds. ``brought``: names
    that the module imports; ``own``: names that it defines or assigns. And what :class:`Strength` and
    :class:`Narrowing` count.
    """
    facts, strength = _Facts(), Strength()
    for statement in tree.body:
        _bound(facts, statement)
    narrowing = Narrowing(facts.own.keys() | facts.brought.keys())
    stack: list[tuple[ast.AST, _Where]] = [(tree, _Where())]
    while stack:
        node, where = stack.pop()
        kind = type(node)
        if kind in _DEFINITIONS:
            where = _defined(facts, cast("_Definition", node), where)
            if where.test == where.name and isinstance(node, _Function):
                for decorator in node.decorator_list:
                    strength.decorated(decorator, where.test)
                    narrowing.decorated(decorator, where.test)
        elif kind in _LOOKED_AT:
            _look(facts, node, where)
            if not where.test:
                strength.around(node)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            strength.imported(node)
        if where.test and not where.dropped:
            strength.look(node, where.test, own=where.name == where.test)
            narrowing.look(node, where.test)
        inside = _inside(node, where)
        inside.reverse()
        stack += inside
    return _told(facts) | strength.facts() | narrowing.facts()


def _told(facts: _Facts) -> dict[str, Any]:
    """Where there are tests, what a fixture for all of them replaces is compared with what they call."""
    hooks = facts.hooks if facts.tests else facts.hooks | facts.fixtures
    told = {name: getattr(facts, name) for name in _Facts.__slots__ if name not in {"marks", "fixtures"}}
    return told | {"hooks": hooks}


def _bound(facts: _Facts, node: ast.stmt) -> None:
    if isinstance(node, ast.Import | ast.ImportFrom):
        facts.brought.update((a.asname or a.name.partition(".")[0], node.lineno) for a in node.names)
    elif isinstance(node, _Function | ast.ClassDef):
        facts.own[node.name] = node.lineno
    elif isinstance(node, ast.Assign):
        facts.own.update((t.id, node.lineno) for t in node.targets if isinstance(t, ast.Name))
        mark = dotted(node.value.func if isinstance(node.value, ast.Call) else node.value)
        if mark[:2] == ["pytest", "mark"] and not _SKIPS & set(mark):
            facts.marks.update(t.id for t in node.targets if isinstance(t, ast.Name))
    if isinstance(node, ast.Expr | ast.Assign | ast.Delete) and any(map(_namespace, ast.walk(node))):
        facts.hooks["globals()"] = _digest(node)


def _namespace(node: ast.AST) -> bool:
    """The names of the module themselves: any test may be another one afterwards."""
    match node:
        case ast.Call(func=ast.Name(id="globals" | "vars"), args=[]):
            return True
        case ast.Subscript(value=table, slice=ast.Name(id="__name__")):
            return dotted(table)[-1:] == ["modules"]
        case _:
            return False


def _digest(node: ast.AST) -> str:
    return hashlib.sha256(ast.dump(node).encode()).hexdigest()[:16]


def _defined(facts: _Facts, node: _Definition, where: _Where) -> _Where:
    name = f"{where.name}.{node.name}" if where.name else node.name
    inner = replace(where, name=name, dropped=False)
    if isinstance(node, ast.ClassDef):
        return replace(inner, open=where.open and _collects(node))
    if not where.name and (node.name.startswith("pytest_") or node.name in _UNITTEST_HOOKS):
        facts.hooks[name] = _digest(node)
    if _for_all(node) and any(map(replaces, ast.walk(node))):
        facts.fixtures[name] = _digest(node)
    if where.test or not where.open or not node.name.startswith("test"):
        # A function in a test that nobody names is never called.
        idle = bool(where.test) and not node.decorator_list and node.name not in where.used
        return replace(inner, open=False, dropped=idle)
    # The last definition of a name is the one that is collected.
    facts.tests[name] = 0
    for found in (facts.cases, facts.limits, facts.wrapped):
        found.pop(name, None)
    _decorated(facts, node, name)
    started = {
        id(k.value) for part in ast.walk(node) if isinstance(part, ast.Call) and _starts(part) for k in part.keywords
    }
    used = frozenset(part.id for part in ast.walk(node) if isinstance(part, ast.Name) and id(part) not in started)
    return replace(inner, test=name, open=False, dropped=_never_runs(node), used=used)


def _for_all(node: _Function) -> bool:
    """A fixture that every test gets, whether it asks for it or not."""
    calls = (d for d in node.decorator_list if isinstance(d, ast.Call) and dotted(d.func)[-1:] == ["fixture"])
    given = (k.value for call in calls for k in call.keywords if k.arg == "autouse")
    return any(isinstance(value, ast.Constant) and value.value is True for value in given)


def _never_runs(node: _Function) -> bool:
    """A generator, which pytest does not run, or a coroutine that waits for nothing and may not be awaited itself."""
    stack: list[ast.AST] = list(node.body)
    waits = False
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Yield | ast.YieldFrom):
            return True
        waits = waits or isinstance(part, ast.Await | ast.AsyncFor | ast.AsyncWith)
        if not isinstance(part, _Function | ast.Lambda | ast.ClassDef):
            stack += ast.iter_child_nodes(part)
    return isinstance(node, ast.AsyncFunctionDef) and not waits


def _starts(call: ast.Call) -> bool:
    """What fails in a thread fails no test."""
    return dotted(call.func)[-1:] in (["Thread"], ["Process"], ["Timer"])


def _collects(node: ast.ClassDef) -> bool:
    """By pytest's names, or by a base that may be a TestCase. One with ``__init__`` and no base is left out."""
    own = any(isinstance(s, _Function) and s.name == "__init__" for s in node.body)
    if node.name.startswith("Test") or not node.bases:
        return bool(node.bases) or (node.name.startswith("Test") and not own)
    # One of unknown make counts where its name or that of the class speaks of tests.
    names = (node.name, *((dotted(base) or ["?"])[-1] for base in node.bases))
    return any(map(_OF_TESTS.search, names))


def _decorated(facts: _Facts, node: _Function, name: str) -> None:
    odd: list[str] = []
    for decorator in node.decorator_list:
        chain = dotted(decorator.func if isinstance(decorator, ast.Call) else decorator)
        if chain[-1:] == ["parametrize"] and isinstance(decorator, ast.Call):
            facts.cases[name] = facts.cases.get(name, 1) * _cases(decorator)
        elif chain[-1:] == ["timeout"] and isinstance(decorator, ast.Call):
            facts.limits[name] = _seconds(decorator)
        elif len(chain) == 1 and chain[0] in facts.marks:
            continue
        elif not chain or not {chain[0], chain[-1]} & (_USUAL | _SKIPS):
            odd.append(".".join(chain) or "an expression")
    if odd:
        facts.wrapped[name] = sorted(odd)


def _cases(call: ast.Call) -> int:
    """1 where they are not written out."""
    values = (
        call.args[1] if len(call.args) > 1 else next((k.value for k in call.keywords if k.arg == "argvalues"), None)
    )
    if isinstance(values, ast.List | ast.Tuple | ast.Set):
        return 1 if any(isinstance(e, ast.Starred) for e in values.elts) else len(values.elts)
    return len(values.keys) if isinstance(values, ast.Dict) else 1


def _seconds(call: ast.Call) -> float:
    value = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg == "timeout"), None)
    number = value.value if isinstance(value, ast.Constant) else None
    return float(number) if isinstance(number, int | float) else 0.0


def _look(facts: _Facts, node: ast.AST, where: _Where) -> None:
    if _skips(node):
        facts.skips[where.name] = facts.skips.get(where.name, 0) + 1
    if where.open:
        for name in _taken_away(node):
            whole = f"{where.name}.{name}" if where.name else name
            facts.checks -= facts.tests.pop(whole, 0)
    if not where.dropped and _checks(node):
        facts.checks += 1
        if where.test:
            facts.tests[where.test] = facts.tests.get(where.test, 0) + 1


def _skips(node: ast.AST) -> bool:
    if isinstance(node, ast.Attribute):
        # Both end the whole session, with an exit code that says nothing of the tests.
        return node.attr in _SKIPS or node.attr == "_exit" or dotted(node) == ["pytest", "exit"]
    if isinstance(node, ast.Name):
        return node.id in _SKIPS
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any((dotted(t) or [""])[-1] in _HIDING for t in targets)


def _taken_away(node: ast.AST) -> Iterator[str]:
    """Names that are bound to something else, or deleted, where tests are collected."""
    targets: Sequence[ast.AST] = node.targets if isinstance(node, ast.Assign | ast.Delete) else ()
    yield from (t.id for t in targets if isinstance(t, ast.Name) and t.id.startswith("test"))


def _checks(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert):
        return not _holds(node.test)
    if not isinstance(node, ast.Call):
        return False
    last = (dotted(node.func) or [node.func.attr if isinstance(node.func, ast.Attribute) else ""])[-1]
    if not last.startswith(_CHECKS):
        return False
    if last in {"raises", "assertRaises"}:
        return not (node.args and _names(node.args[0]) & _ANYTHING)
    return not (node.args and _alike(node.args))


def _alike(args: Sequence[ast.expr]) -> bool:
    """Constants alone, or the same thing twice: nothing of the program is looked at."""
    if all(isinstance(a, ast.Constant) for a in args):
        return True
    return len(args) > 1 and ast.dump(args[0]) == ast.dump(args[1])


def _holds(test: ast.expr) -> bool:
    """Whether an expression is true whatever the program does."""
    match test:
        case ast.Constant(value=value):
            return bool(value)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _fails(operand)
        case ast.BoolOp(op=op, values=values):
            return (any if isinstance(op, ast.Or) else all)(_holds(v) for v in values)
        case ast.Compare(left=left, ops=[ast.Eq() | ast.Is() | ast.LtE() | ast.GtE()], comparators=[right]):
            return _alike([left, right])
        case _:
            filled = isinstance(test, ast.Tuple | ast.List | ast.Set) and bool(test.elts)
            return filled or isinstance(test, ast.Lambda)


def _inside(node: ast.AST, where: _Where) -> list[tuple[ast.AST, _Where]]:
    kind = type(node)
    drops = kind in _CATCHERS and not where.dropped and _drops(node)
    caught = replace(where, dropped=True) if drops else where
    never = _never(cast("ast.If | ast.While | ast.For | ast.AsyncFor", node)) if kind in _BRANCHES else ()
    inside: list[tuple[ast.AST, _Where]] = []
    for name in node._fields:
        value: Any = getattr(node, name, None)
        if isinstance(value, list) and name not in never:
            here = caught if name == "body" else where
            inside += [(part, here) for part in _reached(cast("Sequence[Any]", value)) if isinstance(part, ast.AST)]
        elif isinstance(value, ast.AST) and value._fields and name not in never:
            inside.append((value, caught if name == "body" else where))
    return inside


def _reached(parts: Sequence[Any]) -> Sequence[Any]:
    """Statements up to the first that leaves the block."""
    for at, part in enumerate(parts):
        if type(part) in _LEAVES:
            return parts[: at + 1]
    return parts


def _never(node: ast.If | ast.While | ast.For | ast.AsyncFor) -> tuple[str, ...]:
    if isinstance(node, ast.For | ast.AsyncFor):
        return ("body",) if _is_empty(node.iter) else ()
    test = node.test
    if (dotted(test) or [""])[-1] == "TYPE_CHECKING" or _fails(test):
        return ("body",)
    return ("orelse",) if isinstance(node, ast.If) and _holds(test) else ()


def _is_empty(values: ast.expr) -> bool:
    match values:
        case ast.List(elts=[]) | ast.Tuple(elts=[]) | ast.Dict(keys=[]) | ast.Constant(value="" | b""):
            return True
        case ast.Call(func=ast.Name(id="range"), args=[ast.Constant(value=int(count))]):
            return count <= 0
        case ast.Call(func=ast.Name(id="list" | "tuple" | "set" | "dict" | "frozenset" | "iter"), args=args):
            return all(map(_is_empty, args))
        case _:
            return False


def _fails(test: ast.expr) -> bool:
    """Whether an expression is false whatever the program does."""
    match test:
        case ast.Constant(value=value):
            return not value
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _holds(operand)
        case ast.BoolOp(op=op, values=values):
            return (all if isinstance(op, ast.Or) else any)(_fails(v) for v in values)
        case ast.Compare(left=left, ops=[ast.NotEq() | ast.IsNot() | ast.Lt() | ast.Gt()], comparators=[right]):
            return ast.dump(left) == ast.dump(right)
        case ast.Compare(left=ast.Name(id="__debug__"), ops=[ast.Is() | ast.Eq()], comparators=[right]):
            return _fails(right)
        case _:
            return isinstance(test, ast.List | ast.Tuple) and not test.elts


def _drops(node: ast.AST) -> bool:
    """Whether a failed check in its body is caught and nothing follows from it."""
    if isinstance(node, ast.Try):
        return any(_catches(h) and not _answers(h) for h in node.handlers)
    if isinstance(node, ast.With | ast.AsyncWith):
        calls = [i.context_expr for i in node.items if isinstance(i.context_expr, ast.Call)]
        return any(
            (dotted(c.func) or [""])[-1] == "suppress" and any(_names(a) & _DROPPED for a in c.args) for c in calls
        )
    return False


def _catches(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or bool(_names(handler.type) & _DROPPED)


def _answers(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(n, ast.Raise) or _checks(n) for s in handler.body for n in ast.walk(s))


def _names(node: ast.AST) -> set[str]:
    """Last parts of the names of a type or of a tuple of types."""
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return {chain[-1] for part in parts if (chain := dotted(part))}
