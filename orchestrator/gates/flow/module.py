"""A whole module: definitions, calls between them, and what the rules and the capability list are shown.

Calls of the module's own functions are followed with the arguments they get,
to a depth and within a budget. Not followed: calls into other modules of the
same project, attributes that are set from outside, and what a base class in
another module does. What a budget cuts off was still looked at once by itself.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.gates.flow.callnames import capabilities_of, local_names
from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.classes import HELD, Classes, set_on_objects
from orchestrator.gates.flow.grounds import Grounds, Outside
from orchestrator.gates.flow.heeding import Heeding
from orchestrator.gates.flow.parameters import (
    Function,
    answers_requests,
    arguments,
    bound,
    defaults,
    document_hooks,
    given,
    is_property,
    is_static,
    of_document,
    typed,
)
from orchestrator.gates.flow.rule import Family, Rule
from orchestrator.gates.flow.scopes import Scope
from orchestrator.gates.flow.steady import reaches_namespaces, unsteady
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import ANYTHING, Value, join, named, replace, tainted
from orchestrator.gates.flow.vouched import Places, is_harmless, sql_places, vouched_kind

__all__ = ["Module", "Use"]

_DEPTH = 4
_INLINED = 2000
_NAMES_ORIGIN = "data from"
_MODULE = ""
"""Of the grounds of what stands in no function."""
_WEAK: dict[str, object] = {
    "verify": False,
    "verify_ssl": False,
    "ssl_verify": False,
    "check_hostname": False,
    "shell": True,
}
"""Parameter → default with which most calls will be made; any other default says nothing about a call."""
_TASKS = frozenset({"invoke.task", "invoke.tasks.task", "fabric.task", "fabric.tasks.task"})


@dataclass(frozen=True, slots=True)
class Use:
    """A capability that the module uses, by what and where."""

    capability: str
    name: str
    line: int


class Module(Classes):
    """``findings`` and ``uses`` after :meth:`run`."""

    def __init__(self, families: Sequence[Family], heeding: Heeding) -> None:
        """``heeding``: of the same families, shared by all modules."""
        super().__init__()
        self.findings: dict[tuple[str, int, int, int], tuple[Rule, ast.AST, str]] = {}
        self.uses: dict[tuple[str, str], Use] = {}
        self._families = families
        self._heeding = heeding
        self._on_handed = [family.on_handed for family in families if family.on_handed is not None]
        self._functions: dict[str, tuple[Function, Scope, str]] = {}
        self._defaults: dict[str, dict[str, Value]] = {}
        self._left_out: dict[str, dict[str, Value]] = {}
        self._depth = 0
        self._left = _INLINED
        self._done: dict[tuple[str, object], tuple[Value, Grounds]] = {}
        self._open: set[tuple[str, object]] = set()
        self._unfinished: set[tuple[str, object]] = set()
        self._rests_on: dict[str, Grounds] = {}
        self._stale: frozenset[str] | None = None
        self._unknown: set[str] = set()
        self._shown: set[tuple[object, ...]] = set()
        self._silent: set[frozenset[str]] = set()
        self._spoke = False
        self._tree = ast.Module([], [])
        self._vouching = False
        self._builders: frozenset[str] = frozenset()
        self._places: Places = {}

    def run(self, tree: ast.Module, *, vouch: bool = False) -> None:
        """``vouch``: also see which places are harmless for certain (:meth:`vouched`)."""
        self._tree, self._vouching = tree, vouch
        self._builders = document_hooks(tree)
        self.unsteady = unsteady(tree) if vouch else frozenset()
        self.set_elsewhere = set_on_objects(tree)
        for family in self._families:
            if family.on_tree is not None:
                family.on_tree(tree, self.say)
        self.scope = self.globals
        self._block(tree)
        before = self._outside()
        self._each()
        # What a method left on its object, or a function in a global name, was not there yet for what came before.
        unknown = any(name in self._functions for name in self._unknown) or _rebinds(tree) or bool(self.poured)
        if unknown or not all(grounds.hold(self.attribute_now) for grounds in self._rests_on.values()):
            followed = not unknown and self._left > 0
            self._block(tree)
            self._stale = before.since(self._outside(), tree) if followed else None
            self._each()

    def vouched(self) -> Places:
        """See :mod:`orchestrator.gates.flow.vouched`."""
        return {} if reaches_namespaces(self._tree) else sql_places(self._tree, self.built) | self._places

    def _block(self, tree: ast.Module) -> None:
        self._rests_on[_MODULE] = self.grounds = Grounds()
        self.block(tree.body)
        self._done.clear()
        self._left = _INLINED

    def _outside(self) -> Outside:
        return Outside(dict(self.globals.own), frozenset(self.imported), dict(self._functions), dict(self._left_out))

    def _each(self) -> None:
        """Every function by itself, or those alone that rest on what is another by now."""
        waiting, met = list(self._functions), set[str]()
        while waiting:
            for name in waiting:
                if not self._holds(name):
                    self._look_at(name)
            met.update(waiting)
            waiting = [name for name in self._functions if name not in met]

    def _holds(self, name: str) -> bool:
        known = self._rests_on.get(name)
        if known is None or self._stale is None:
            return False
        return self._stale.isdisjoint(known.followed) and known.hold(self.attribute_now)

    def _look_at(self, name: str) -> None:
        # It is about to define anew what stands in it, and others rest on that.
        for other, grounds in list(self._rests_on.items()):
            if grounds.within(name):
                del self._rests_on[other]
        self._rests_on[name] = self.grounds = Grounds()
        self._alone(name)

    def say(self, rule: Rule, node: ast.AST, what: str) -> None:
        self._spoke = True
        line = getattr(node, "lineno", 0)
        end = getattr(node, "end_lineno", None) or line
        key = rule.code, line, end, getattr(node, "col_offset", 0)
        # Names come in sets: which of two things is said of one place must not hang on their order in memory.
        # With the origin of the data it says more: a helper that stays is new where a caller now brings a request's.
        known = self.findings.get(key)
        if known is None or (_NAMES_ORIGIN not in what, what) < (_NAMES_ORIGIN not in known[2], known[2]):
            self.findings[key] = rule, node, what

    # What expressions and statements ask

    def called(self, call: Call) -> Value | None:
        self.show(call)
        if self._vouching:
            self._vouch(call)
        for capability, shown in capabilities_of(call.names):
            self._use(capability, shown, call.node)
        if "contextvars.ContextVar().set" in call.names and call.args:
            self.set_named(call.receiver, call.node, HELD, call.args[0])
        held = self.attribute(call.receiver, HELD) if "contextvars.ContextVar().get" in call.names else ANYTHING
        if held.taint:
            return held
        local = local_names(call.names)
        if local:
            return join([self._own(name, call) for name in local])
        above = self.classes.get(self.inside) if "builtins.super" in call.names else None
        return named(*sorted(f"{base}()" for base in above.bases)) if above is not None and above.bases else None

    def own_attribute(self, name: str, attribute: str) -> Value | None:
        value = super().own_attribute(name, attribute)
        reads = next(iter(value.refs)).removeprefix("local:") if value is not None and len(value.refs) == 1 else ""
        function = self._functions[reads][0] if reads in self._functions else None
        if function is None or not name.endswith("()") or not is_property(function):
            return value
        return self._inline(reads, (named(name),), Call(function, frozenset({f"local:{reads}"})))

    def _vouch(self, call: Call) -> None:
        number = vouched_kind(call)
        if number:
            bases = {name: found.bases for name, found in self.classes.items()}
            key = number, getattr(call.node, "lineno", 0), getattr(call.node, "end_lineno", 0) or 0
            harmless = is_harmless(number, call, self._tree, self.unsteady, bases)
            self._places[key] = harmless and self._places.get(key, True)

    def handed_on(self, node: ast.AST, value: Value) -> None:
        if value.refs and value.refs not in self._silent:
            self._spoke = False
            for on_handed in self._on_handed:
                on_handed(node, value, self.say)
            if not self._spoke:
                self._silent.add(value.refs)

    def used_import(self, node: ast.stmt, name: str) -> None:
        for capability, shown in capabilities_of(frozenset({f"import:{name}"})):
            self._use(capability, shown, node)

    def returned(self, node: ast.Return, value: Value) -> None:
        function = self.prefix.rpartition(".")[2] if self.prefix else ""
        answered = self.scope.get("return handler")
        handler = {} if answered is None else {"handler": answered}
        self.show(Call(node, frozenset({f"return:{function}"}), (value,), handler))
        self.handed_on(node, value)

    def _use(self, capability: str, shown: str, node: ast.AST) -> None:
        self.uses.setdefault((capability, shown), Use(capability, shown, getattr(node, "lineno", 0)))

    # Definitions

    def define(self, node: ast.Lambda) -> Value:
        name = f"{self.prefix}.<lambda>:{node.lineno}:{node.col_offset}"
        self._functions[name] = (node, self.scope, self.inside)
        self._default(name, {}, defaults(node.args, self.value))
        return named(f"local:{name}")

    def define_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        name = f"{self.prefix}.{node.name}" if self.prefix else node.name
        self._functions[name] = (node, self.scope, self.inside)
        known = typed(node.args, self.value) | self._given_by_runner(node)
        known |= of_document(node) if node.name in self._builders else {}
        self._default(name, known, defaults(node.args, self.value))
        for part in (*arguments(node.args), node):
            self.noted(part.returns if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) else part.annotation)
        self.decorated(node.decorator_list)
        self.bind(node.name, named(f"local:{name}"))

    def _default(self, name: str, known: dict[str, Value], written: dict[str, Value]) -> None:
        """``_left_out``: in a call of our own a parameter that is not given has its default for certain."""
        self._left_out[name] = known | written
        self._defaults[name] = known | {k: v for k, v in written.items() if v.refs or _WEAK.get(k) is v.const}

    def _given_by_runner(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, Value]:
        """The first parameter of a task of invoke or fabric runs commands."""
        first = [*node.args.posonlyargs, *node.args.args][:1]
        decorators = (d.func if isinstance(d, ast.Call) else d for d in node.decorator_list if first)
        if any(self.value(d).refs & _TASKS for d in decorators):
            return {first[0].arg: named("invoke.Context()")}
        return {}

    def decorated(self, decorators: Sequence[ast.expr]) -> None:
        for decorator in decorators:
            value = self.value(decorator)
            if value.refs:
                self.make_call(Call(decorator, value.refs, (ANYTHING,)))

    def stored(self, node: ast.AST, owner: Value, key: Value, value: Value) -> None:
        self.show(Call(node, frozenset(f"set:{ref}[]" for ref in owner.refs), (value, key), {}, owner))

    def compared(self, node: ast.Compare, left: Value, right: Value) -> None:
        if any("hmac." in ref for ref in (*left.refs, *right.refs)):
            self.show(Call(node, frozenset({f"compare:{type(node.ops[0]).__name__}"}), (left, right)))

    def show(self, call: Call) -> None:
        looks = self._heeding.looks(call)
        if not looks:
            return
        # The same call is met once for each way that leads to it; what the rules say of it is the same.
        seen = (
            id(call.node),
            call.names,
            call.args,
            tuple(call.keywords.items()),
            call.receiver,
            call.spread,
            call.plain,
        )
        if seen in self._shown:
            return
        self._shown.add(seen)
        for look in looks:
            look(call, self.say)

    # Calls of our own

    def _own(self, name: str, call: Call) -> Value:
        plain = name.removeprefix("local:")
        if plain in self.classes:
            self._inline(f"{plain}.__init__", (named(f"local:{plain}()"), *call.args), call)
            outside = [b for b in self.classes[plain].bases if not b.startswith("local:")]
            if outside and not self.finds_classes(plain):
                self.show(Call(call.node, frozenset(outside), call.args, call.keywords, spread=call.spread))
            return named(f"local:{plain}()", *(f"{b}()" for b in outside))
        if plain not in self._functions:
            self._unknown.add(plain)
            return ANYTHING
        args = call.args
        function, _, cls = self._functions[plain]
        if cls and plain.startswith(f"{cls}.") and call.receiver.refs and not is_static(function):
            args = (call.receiver, *args)
        value = self._inline(plain, args, call)
        # A decorator or a subclass may put another function in its place.
        replaced = bool(cls) or (not isinstance(function, ast.Lambda) and bool(function.decorator_list))
        return replace(value, fixed=False) if replaced and value.fixed else value

    def _inline(self, name: str, args: Sequence[Value], call: Call) -> Value:
        if name not in self._functions:
            self._unknown.add(name)
        if name not in self._functions or self._depth >= _DEPTH or self._left <= 0:
            return join([a.everything() for a in args if a.taint]) if any(a.taint for a in args) else ANYTHING
        key = (name, (*args, *sorted(call.keywords.items(), key=lambda pair: pair[0]), call.spread))
        known = self._done.get(key)
        if known is None:
            known = self._done[key] = self._followed(key, name, args, call)
            if self._unfinished:
                # It rests on what is still being followed, further out: next time it is followed to its end.
                del self._done[key]
        elif key in self._open:
            self._unfinished.add(key)
        self.grounds.add(known[1])
        return known[0]

    def _followed(self, key: tuple[str, object], name: str, args: Sequence[Value], call: Call) -> tuple[Value, Grounds]:
        self._left -= 1
        outer, self.grounds = self.grounds, Grounds()
        # Whoever calls it again on the way is told nothing but what he gave.
        self._done[key] = join([a.everything() for a in args if a.taint]), Grounds()
        self._open.add(key)
        value = self._body(name, args, call.keywords, self._defaults if call.spread else self._left_out)
        self._open.discard(key)
        self._unfinished.discard(key)
        grounds, self.grounds = self.grounds, outer
        return value, grounds

    def _alone(self, name: str) -> None:
        """As the rest of the world may call it."""
        node, _, cls = self._functions[name]
        inside = {} if isinstance(node, ast.Lambda) else given(node, self._defaults[name])
        first = [*node.args.posonlyargs, *node.args.args][:1]
        if cls and any(base.endswith("Servicer") for base in self.classes[cls].bases):
            # Of gRPC: whoever calls has made the message.
            inside |= {a.arg: tainted("web") for a in arguments(node.args) if a.arg == "request"}
        if cls and first and not is_static(node) and name.rpartition(".")[0] == cls:
            inside[first[0].arg] = named(f"local:{cls}()")
        self._body(name, (), inside, self._defaults)

    def _body(
        self, name: str, args: Sequence[Value], keywords: dict[str, Value], left_out: dict[str, dict[str, Value]]
    ) -> Value:
        node, closure, cls = self._functions[name]
        outer = self.scope, self.returns, self.prefix, self.inside
        self.grounds.followed.add(name)
        inside = Scope({}) if closure is self.globals else closure.inside()
        inside.own.update(bound(node.args, args, keywords, left_out.get(name, {})))
        if not isinstance(node, ast.Lambda) and answers_requests(node):
            inside.own["return handler"] = tainted("handler")
        self.scope, self.returns, self.prefix, self.inside = inside, [], name, cls
        self._depth += 1
        try:
            if isinstance(node, ast.Lambda):
                value = self.value(node.body)
                self.handed_on(node.body, value)
                return value
            self.block(node.body)
            return join(self.returns) if self.returns else ANYTHING
        finally:
            self._depth -= 1
            self.scope, self.returns, self.prefix, self.inside = outer


def _rebinds(tree: ast.Module) -> bool:
    return bool(kinds(tree, ast.Global, ast.Nonlocal))
