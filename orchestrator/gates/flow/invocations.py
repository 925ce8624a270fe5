"""Calls: what their arguments are, what they change, and what they give back; each is shown to the rules."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Sequence
from functools import lru_cache

from orchestrator.gates.flow.callnames import labels_of, method_caller, methods_of, results_of
from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.constants import MUTATORS, mutated
from orchestrator.gates.flow.expressions import Expressions
from orchestrator.gates.flow.folding import fold_call
from orchestrator.gates.flow.later import called_later
from orchestrator.gates.flow.names import BUILTINS
from orchestrator.gates.flow.values import ANYTHING, Value, of_names, replace
from orchestrator.gates.flow.vouched import MAKES_TEXT

__all__ = ["Invocations"]

_MAPPED = 64
_OBJECT_NAME_VALUE = 3
_PARTIAL = frozenset({"functools.partial", "functools.partialmethod"})
_SETTERS = frozenset({"__setattr__"})


_GIVING = frozenset({"get_json", "get_data", "json", "form", "body", "text", "post", "read", "values"})
"""Methods of a request that hand out what was sent."""


@lru_cache(maxsize=16_384)
def _sets(names: frozenset[str]) -> bool:
    """Whether the attribute of an object is set under a name that is given."""
    return "builtins.setattr" in names or not methods_of(names).isdisjoint(_SETTERS)


def _parts(node: ast.Call) -> Sequence[ast.expr]:
    """All that is given, in order."""
    return [*node.args, *(keyword.value for keyword in node.keywords)] if node.keywords else node.args


class Invocations(Expressions):
    """Expressions with calls in them."""

    @abstractmethod
    def pour(self, name: str, changed: Value) -> None:
        """What a container of the module is from now on."""

    @abstractmethod
    def set_named(self, owner: Value, node: ast.AST, name: str, value: Value) -> None:
        """``owner.name = value``, however it is written."""

    def _call(self, node: ast.Call) -> Value:
        func = node.func
        method = func.attr if isinstance(func, ast.Attribute) else ""
        if isinstance(func, ast.Attribute):
            # The receiver is looked at once: twice at each link would double the work with every link of a chain.
            receiver = self.value(func.value)
            function = self.attribute(receiver, method)
        else:
            receiver, function = ANYTHING, self.value(func)
        args, spread = self._arguments(node)
        keywords: dict[str, Value] = {}
        spreads: list[Value] = []
        for keyword in node.keywords:
            value = self.value(keyword.value)
            if keyword.arg is not None:
                keywords[keyword.arg] = value
                continue
            keywords |= {k: v for k, v in value.pairs or () if isinstance(k, str)}
            if value.pairs is None:
                spreads.append(value)
        spread = spread or bool(spreads)
        for part, value in zip(_parts(node), (*args, *keywords.values()), strict=False):
            if value.refs:
                self.handed_on(part, value)
        call = Call(
            node, function.refs, tuple(args), keywords, receiver, spread, tuple(spreads), plain=self._plain(node)
        )
        self._change(node, call)
        made = self.make_call(call)
        if method in MAKES_TEXT:
            self.made(node, made)
        # A method of what is itself trusted may give untrusted data: request.get_json().
        if method in _GIVING and not receiver.taint and function.taint - made.taint:
            made = replace(made, taint=made.taint | function.taint)
        return self.unless_checked(node, made)

    def _change(self, node: ast.Call, call: Call) -> None:
        """What a method does to the container that it is called on, and ``setattr`` to its object."""
        function = node.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.attr in MUTATORS:
            changed = mutated(call.receiver, function.attr, call)
            if changed is not None:
                self.pour(function.value.id, changed)
                self.assign(function.value, changed)
        if not _sets(call.names):
            return
        method = call.calls_method(_SETTERS)
        # A method that is called on the object itself is given only name and value.
        given = (call.receiver, *call.args)[-3:] if method else call.args[:3]
        if len(given) == _OBJECT_NAME_VALUE and given[1].text is not None:
            self.set_named(given[0], node, given[1].text, given[2])

    def _plain(self, node: ast.Call) -> bool:
        """Whether a reader sees what is called: a builtin, an imported name, or an attribute of an imported module."""
        function = node.func
        if isinstance(function, ast.Name):
            return function.id in self.imported or (function.id in BUILTINS and self._rebound(function.id))
        while isinstance(function, ast.Attribute):
            function = function.value
        return isinstance(function, ast.Name) and function.id in self.imported

    def _rebound(self, name: str) -> bool:
        found = self.scope.get(name) or self.globals.get(name)
        return found is None or found.refs == frozenset({f"builtins.{name}"})

    def _arguments(self, node: ast.Call) -> tuple[list[Value], bool]:
        args: list[Value] = []
        spread = False
        for argument in node.args:
            value = self.value(argument)
            if not isinstance(argument, ast.Starred):
                args.append(value)
            elif value.items is not None:
                args += value.items
            else:
                args.append(value)
                spread = True
        return args, spread

    def make_call(self, call: Call) -> Value:
        """The value of a call that the rules have seen."""
        caller = method_caller(call.names)
        if caller and call.args:
            method = self.attribute(call.args[0], caller.partition(":")[2])
            call = Call(call.node, method.refs, (), {}, call.args[0], spread=True)
        if call.names & _PARTIAL and call.args:
            # What is fixed here is said of every call to come.
            fixed = call.args[1:]
            self.called(
                Call(call.node, call.args[0].refs, fixed, call.keywords, call.receiver, spread=True, plain=call.plain)
            )
        own = self.called(call)
        if own is not None:
            return own
        later = called_later(call)
        if later is not None:
            self.make_call(later)
        if "builtins.map" in call.names and call.args[1:]:
            return self._mapped(call)
        labels = labels_of(call.names)
        folded = fold_call(call, self.attribute)
        if folded is not None:
            return replace(folded, taint=folded.taint | labels) if labels else folded
        if "os.environ.get" in call.names:
            return Value(taint=frozenset({"env"}))
        owner, refs = call.receiver, results_of(call.names)
        if not (labels or owner.taint or owner.safe or owner.origins):
            return of_names(refs)
        carried = owner.taint if not owner.refs & {"local:"} else frozenset[str]()
        return Value(refs=refs, taint=labels | carried, safe=owner.safe, origins=owner.origins)

    def _mapped(self, call: Call) -> Value:
        """``map(f, things)`` calls ``f`` with each of them."""
        function, things = call.args[0], call.args[1]
        parts: Sequence[Value] = self.parts_of(things) or [self.element_of(things)]
        made = [self.make_call(Call(call.node, function.refs, (part,))) for part in parts[:_MAPPED]]
        return Value(items=tuple(made)) if self.parts_of(things) is not None else replace(made[0], items=None)
