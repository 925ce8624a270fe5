"""Statements: what they bind, which branches join, and which tests make a name trustworthy."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from orchestrator.gates.flow.invocations import Invocations
from orchestrator.gates.flow.names import UNSEEN, canonical_name
from orchestrator.gates.flow.values import ANYTHING, Value, join, named, union

__all__ = ["Statements"]

_LEAVES = frozenset({"abort", "exit", "_exit", "fail", "error"})
_VALIDATORS = frozenset(
    [
        "startswith",
        "endswith",
        "is_relative_to",
        "fullmatch",
        "match",
        "isalnum",
        "isdigit",
        "isdecimal",
        "isalpha",
        "isidentifier",
        "isnumeric",
        "commonpath",
        "commonprefix",
        "url_has_allowed_host_and_scheme",
        "is_safe_url",
        "is_safe_redirect_url",
        "has_file_allowed",
        "allowed_file",
        "is_allowed",
        "is_safe",
        "validate",
        "is_valid",
        "relative_to",
    ]
)

_Function = ast.FunctionDef | ast.AsyncFunctionDef


class Statements(Invocations):
    """Runs blocks in order. ``returns`` collects what the present function gives back."""

    def __init__(self) -> None:
        super().__init__()
        self.returns: list[Value] = []
        self.shared: set[str] = set()
        self._kinds: dict[type[ast.stmt], Callable[[ast.stmt], None]] = {
            kind: getattr(self, f"_do_{kind.__name__.lower()}")
            for kind in (
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
            )
        }

    def define_function(self, node: _Function) -> None:
        raise NotImplementedError

    def define_class(self, node: ast.ClassDef) -> None:
        raise NotImplementedError

    def stored(self, node: ast.AST, owner: Value, key: Value, value: Value) -> None:
        raise NotImplementedError

    def used_import(self, node: ast.stmt, name: str) -> None:
        raise NotImplementedError

    def block(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            handler = self._kinds.get(type(statement))
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
        self.scope[name] = value
        if name in self.shared and self.scope is not self.globals:
            self.globals[name] = join([self.globals[name], value]) if name in self.globals else value

    def _do_global(self, node: ast.Global) -> None:
        self.shared.update(node.names)

    def assign(self, target: ast.AST, value: Value) -> None:
        if isinstance(target, ast.Name):
            self.bind(target.id, value)
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
            self.bind(target.value.id, replace(owner, pairs=(*kept, (name, value))[:512], const=ANYTHING.const))

    def _do_assign(self, node: ast.Assign) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self.assign(target, value)

    def _do_annassign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.assign(node.target, self.value(node.value))

    def _do_augassign(self, node: ast.AugAssign) -> None:
        read = ast.BinOp(left=_loaded(node.target), op=node.op, right=node.value)
        self.assign(node.target, self.value(ast.copy_location(read, node)))

    def _do_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.scope.pop(target.id, None)

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

    def returned(self, node: ast.Return, value: Value) -> None:
        raise NotImplementedError

    def _do_assert(self, node: ast.Assert) -> None:
        # An assertion is gone under -O: it makes nothing trustworthy.
        self.value(node.test)

    def _do_raise(self, node: ast.Raise) -> None:
        self.value(node.exc)

    def _do_if(self, node: ast.If) -> None:
        self.value(node.test)
        positive, names = _validated(node.test)
        before = dict(self.scope)
        if names and positive:
            self._trust(names)
        self.block(node.body)
        after_body, self.scope = self.scope, dict(before)
        if names and not positive:
            self._trust(names)
        self.block(node.orelse)
        if leaves(node.body):
            if names and not positive and not node.orelse:
                self._trust(names)
        elif not (node.orelse and leaves(node.orelse)):
            self.scope = merged(after_body, self.scope)
        else:
            self.scope = after_body

    def _trust(self, names: frozenset[str]) -> None:
        """Also what these names were computed from."""
        deep = set(names)
        for name in names:
            deep |= self.scope.get(name, ANYTHING).origins
        for name in deep & set(self.scope):
            self.scope[name] = replace(self.scope[name], taint=frozenset())

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
        before = dict(self.scope)
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
        before = dict(self.scope)
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
        before, ends = dict(self.scope), list[dict[str, Value]]()
        for case in node.cases:
            self.scope = dict(before)
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


def merged(one: dict[str, Value], other: dict[str, Value]) -> dict[str, Value]:
    """Both environments at once; a name that only one has stays as it is."""
    both = dict(one)
    for name, value in other.items():
        mine = both.get(name)
        both[name] = value if mine is None or mine is value else join([mine, value])
    return both


def leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether a block never reaches its end."""
    if not body:
        return False
    end = body[-1]
    if isinstance(end, ast.Return | ast.Raise | ast.Continue | ast.Break):
        return True
    if isinstance(end, ast.Expr) and isinstance(end.value, ast.Call):
        function = end.value.func
        name = (
            function.attr
            if isinstance(function, ast.Attribute)
            else function.id
            if isinstance(function, ast.Name)
            else ""
        )
        return name in _LEAVES
    return False


def _loaded(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return target


def _validated(test: ast.expr) -> tuple[bool, frozenset[str]]:
    """The names that a test checks against something fixed, and whether they are good when it holds."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        positive, names = _validated(test.operand)
        return not positive, names
    if isinstance(test, ast.BoolOp):
        wanted = isinstance(test.op, ast.And)
        parts = [_validated(v) for v in test.values]
        return wanted, union(names for positive, names in parts if positive is wanted)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(test.left, test.ops[0], test.comparators[0])
    if isinstance(test, ast.Call) and _called(test) in _VALIDATORS and _checks_something(test):
        return True, frozenset(_names(test))
    return True, frozenset()


def _compared(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> tuple[bool, frozenset[str]]:
    if isinstance(operator, ast.In | ast.NotIn) and not isinstance(left, ast.Constant):
        # A fixed set, or a name in capitals or of a container: membership is an allow-list.
        return isinstance(operator, ast.In), frozenset(_names(left))
    if (
        isinstance(operator, ast.In | ast.NotIn)
        and isinstance(left, ast.Constant)
        and left.value in {"..", "/", "\n", "\r"}
    ):
        return isinstance(operator, ast.NotIn), frozenset(_names(right))
    if isinstance(operator, ast.Eq | ast.NotEq) and (isinstance(right, ast.Constant) or _called(left) == "commonpath"):
        return isinstance(operator, ast.Eq), frozenset(_names(left))
    return True, frozenset()


def _checks_something(call: ast.Call) -> bool:
    """``x.startswith("")`` checks nothing, and neither does a pattern that matches everything."""
    for argument in call.args[:1]:
        if isinstance(argument, ast.Constant) and argument.value in {"", ".*", b"", "(?s).*", "[\\s\\S]*", ".+"}:
            return False
    return True


def _called(node: ast.expr) -> str:
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
