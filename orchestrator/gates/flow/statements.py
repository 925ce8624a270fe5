"""Statements: what they bind, which branches join, and which tests make a name trustworthy."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from orchestrator.gates.flow.expressions import CHECKED
from orchestrator.gates.flow.invocations import Invocations
from orchestrator.gates.flow.names import UNSEEN, canonical_name
from orchestrator.gates.flow.scopes import Scope, merged
from orchestrator.gates.flow.validation import checked_expressions, leaves, validated
from orchestrator.gates.flow.values import ANYTHING, Value, join, named, replace

__all__ = ["Statements"]

_ANNOTATION = 4096
_Function = ast.FunctionDef | ast.AsyncFunctionDef

_KINDS: frozenset[type[ast.stmt]] = frozenset(
    [
        ast.Import,
        ast.ImportFrom,
        ast.Assign,
        ast.AnnAssign,
        ast.AugAssign,
        ast.Expr,
        ast.Return,
        ast.If,
        ast.For,
        ast.AsyncFor,
        ast.While,
        ast.With,
        ast.AsyncWith,
        ast.Try,
        ast.TryStar,
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.ClassDef,
        ast.Match,
        ast.Assert,
        ast.Raise,
        ast.Delete,
        ast.Global,
        ast.Nonlocal,
    ]
)


class _Kinds(dict[type[ast.stmt], Callable[[Any], None] | None]):
    """What runs each kind of statement, looked up when the first is met; ``None`` where there is nothing to do."""

    def __init__(self, owner: Statements) -> None:
        super().__init__()
        self._owner = owner

    def __missing__(self, kind: type[ast.stmt]) -> Callable[[Any], None] | None:
        found = getattr(self._owner, f"_do_{kind.__name__.lower()}") if kind in _KINDS else None
        self[kind] = found
        return found


class Statements(Invocations):
    """Runs blocks in order. ``returns`` collects what the present function gives back."""

    def __init__(self) -> None:
        super().__init__()
        self.returns: list[Value] = []
        self.shared: set[str] = set()
        self.poured: set[str] = set()
        self.outer: set[str] = set()
        self._tests: dict[ast.If, tuple[bool, frozenset[str]]] = {}
        self._kinds = _Kinds(self)

    @abstractmethod
    def define_function(self, node: _Function) -> None: ...

    @abstractmethod
    def define_class(self, node: ast.ClassDef) -> None: ...

    @abstractmethod
    def stored(self, node: ast.AST, owner: Value, key: Value, value: Value) -> None: ...

    @abstractmethod
    def used_import(self, node: ast.stmt, name: str) -> None: ...

    def block(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            handler = self._kinds[statement.__class__]
            if handler is not None:
                handler(statement)

    # Names

    def _do_import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.used_import(node, alias.name)
            bound = alias.asname or alias.name.partition(".")[0]
            self._seen(bound, alias.name)
            self.bind(bound, named(canonical_name(alias.name if alias.asname else bound)))

    def _do_importfrom(self, node: ast.ImportFrom) -> None:
        module = "." * node.level + (node.module or "")
        self.used_import(node, module)
        for alias in node.names:
            if alias.name == "*":
                self.stars.append(module)
            else:
                joined = f"{module}{alias.name}" if module.endswith(".") else f"{module}.{alias.name}"
                self._seen(alias.asname or alias.name, joined)
                self.bind(alias.asname or alias.name, named(canonical_name(joined)))

    def _seen(self, bound: str, name: str) -> None:
        """A name that is another's twin (``posix``, ``_pickle``) does not show a reader what is called."""
        if name.partition(".")[0] in UNSEEN:
            self.imported.discard(bound)
        else:
            self.imported.add(bound)

    def bind(self, name: str, value: Value) -> None:
        kept = name in self.shared or (name in self.poured and self.scope is self.globals)
        known = self.globals.get(name) if kept else None
        # What a function set is still there when the module is gone through once more.
        self.scope.bind(name, value if known is None or self.scope is not self.globals else join([known, value]))
        if name in self.shared and self.scope is not self.globals:
            self.globals.bind(name, value if known is None else join([known, value]))

    def pour(self, name: str, changed: Value) -> None:
        """A container of the module that a function puts something from outside into holds it for all others."""
        own = self.scope is self.globals or self.scope.get(name) is not None
        if not own and name in self.globals.own and changed.everything().taint:
            self.poured.add(name)
            self.globals.bind(name, changed)

    def _do_global(self, node: ast.Global) -> None:
        self.shared.update(node.names)

    def _do_nonlocal(self, node: ast.Nonlocal) -> None:
        self.outer.update(node.names)

    def assign(self, target: ast.AST, value: Value) -> None:
        if isinstance(target, ast.Name):
            self.bind(target.id, value)
            if target.id in self.outer:
                self.handed_on(target, value)
        elif isinstance(target, ast.Starred):
            self.assign(target.value, self.element_of(value))
        elif isinstance(target, ast.Tuple | ast.List):
            self._unpack(target.elts, value)
        elif isinstance(target, ast.Attribute):
            self.handed_on(target, value)
            self.set_named(self.value(target.value), target, target.attr, value)
        elif isinstance(target, ast.Subscript):
            self._store(target, value)

    def _unpack(self, targets: Sequence[ast.expr], value: Value) -> None:
        starred = any(isinstance(t, ast.Starred) for t in targets)
        parts = value.items if value.items is not None and len(value.items) == len(targets) and not starred else None
        each = self.element_of(value) if parts is None else ANYTHING
        for at, target in enumerate(targets):
            self.assign(target, parts[at] if parts is not None else each)

    def _store(self, target: ast.Subscript, value: Value) -> None:
        owner, key = self.value(target.value), self.value(target.slice)
        self.handed_on(target, value)
        self.stored(target, owner, key, value)
        if isinstance(target.value, ast.Name):
            old = owner.pairs or ()
            kept = tuple(p for p in old if p[0] != key.const)
            name = key.text if key.text is not None else object
            changed = replace(owner, pairs=(*kept, (name, value))[:512], const=ANYTHING.const, fixed=False)
            self.pour(target.value.id, changed)
            self.bind(target.value.id, changed)

    def _do_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def _do_annassign(self, node: ast.AnnAssign) -> None:
        self.noted(node.annotation)
        if node.value is not None:
            self.assign(node.target, self.value(node.value))

    def noted(self, annotation: ast.expr | None) -> None:
        """An annotation is run like any expression, a text by whoever asks for its meaning; a type calls nothing."""
        if isinstance(annotation, ast.Name):
            return
        if isinstance(annotation, ast.Constant):
            annotation = _written(annotation)
        if annotation is not None and any(isinstance(part, ast.Call) for part in ast.walk(annotation)):
            self.value(annotation)

    def _do_augassign(self, node: ast.AugAssign) -> None:
        read = ast.BinOp(left=_loaded(node.target), op=node.op, right=node.value)
        self.assign(node.target, self.value(ast.copy_location(read, node)))

    def _do_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.scope.remove(target.id)

    # Flow

    def _do_expr(self, node: ast.Expr) -> None:
        value = self.value(node.value)
        if isinstance(node.value, ast.Yield | ast.YieldFrom):
            self.returns.append(value)

    def _do_return(self, node: ast.Return) -> None:
        value = self.value(node.value)
        if node.value is not None:
            self.handed_on(node.value, value)
            self.returned(node, value)
        self.returns.append(value)

    @abstractmethod
    def returned(self, node: ast.Return, value: Value) -> None: ...

    def _do_assert(self, node: ast.Assert) -> None:
        # An assertion is gone under -O: it makes nothing trustworthy.
        self.value(node.test)

    def _do_raise(self, node: ast.Raise) -> None:
        self.value(node.exc)

    def _do_if(self, node: ast.If) -> None:
        self.value(node.test)
        positive, names = self._validated(node)
        before = self.scope.copy()
        if names and positive:
            self._trust(names, node.test)
        self.block(node.body)
        after_body, self.scope = self.scope, before
        if names and not positive:
            self._trust(names, node.test)
        self.block(node.orelse)
        if leaves(node.body):
            if names and not positive and not node.orelse:
                self._trust(names, node.test)
        elif not (node.orelse and leaves(node.orelse)):
            self.scope = merged(after_body, self.scope)
        else:
            self.scope = after_body

    def _validated(self, node: ast.If) -> tuple[bool, frozenset[str]]:
        """Of each test once, however many ways lead to it."""
        known = self._tests.get(node)
        if known is None:
            known = self._tests[node] = validated(node.test)
        return known

    def _trust(self, names: frozenset[str], test: ast.expr) -> None:
        """Also what these names were computed from, and a look-up that was checked as it stands."""
        for expression in checked_expressions(test):
            self.looked_up = True
            self.scope.bind(CHECKED + expression, ANYTHING)
        deep = set(names)
        for name in names:
            deep |= (self.scope.get(name) or ANYTHING).origins
        for name in deep:
            held = self.scope.get(name)
            if held is not None:
                self.scope.bind(name, replace(held, taint=frozenset()))

    def _do_for(self, node: ast.For | ast.AsyncFor) -> None:
        element = self.element_of(self.value(node.iter))
        self._loop(node.body, lambda: self.assign(node.target, element))
        self.block(node.orelse)

    def _do_asyncfor(self, node: ast.AsyncFor) -> None:
        self._do_for(node)

    def _do_while(self, node: ast.While) -> None:
        self.value(node.test)
        self._loop(node.body, lambda: None)
        self.block(node.orelse)

    def _loop(self, body: Sequence[ast.stmt], start: Callable[[], None]) -> None:
        before = self.scope.copy()
        for _ in range(2):
            start()
            self.block(body)
        self.scope = merged(before, self.scope)

    def _do_with(self, node: ast.With | ast.AsyncWith) -> None:
        for item in node.items:
            value = self.value(item.context_expr)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, value)
        self.block(node.body)

    def _do_asyncwith(self, node: ast.AsyncWith) -> None:
        self._do_with(node)

    def _do_try(self, node: ast.Try) -> None:
        before = self.scope.copy()
        self.block(node.body)
        for handler in node.handlers:
            after = self.scope
            self.scope = merged(before, after)
            self.block(handler.body)
            self.scope = after if leaves(handler.body) else merged(after, self.scope)
        self.block(node.orelse)
        self.block(node.finalbody)

    def _do_trystar(self, node: ast.Try) -> None:
        self._do_try(node)

    def _do_match(self, node: ast.Match) -> None:
        subject = self.value(node.subject)
        before, ends = self.scope.copy(), list[Scope]()
        for case in node.cases:
            self.scope = before.copy()
            for part in ast.walk(case.pattern):
                if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
                    self.bind(part.name, self.element_of(subject) if part is not case.pattern else subject)
            if isinstance(case.pattern, ast.MatchClass):
                self._by_attribute(subject, case.pattern)
            self.value(case.guard)
            self.block(case.body)
            ends.append(self.scope)
        self.scope = before
        for end in ends:
            self.scope = merged(self.scope, end)

    def _by_attribute(self, subject: Value, pattern: ast.MatchClass) -> None:
        """``case object(system=s)`` binds an attribute of the subject."""
        for attribute, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            if isinstance(inner, ast.MatchAs) and inner.name:
                self.bind(inner.name, self.attribute(subject, attribute))

    def _do_functiondef(self, node: ast.FunctionDef) -> None:
        self.define_function(node)

    def _do_asyncfunctiondef(self, node: ast.AsyncFunctionDef) -> None:
        self.define_function(node)

    def _do_classdef(self, node: ast.ClassDef) -> None:
        self.define_class(node)


def _loaded(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return target


def _written(annotation: ast.Constant) -> ast.expr | None:
    """The expression in a text that calls something."""
    text = annotation.value
    if not isinstance(text, str) or "(" not in text or len(text) > _ANNOTATION:
        return None
    try:
        expression = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    for part in ast.walk(expression):
        ast.copy_location(part, annotation)
    return expression
