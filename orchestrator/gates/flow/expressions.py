"""Expressions without calls: each evaluates to a :class:`Value`."""

from __future__ import annotations

import ast
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from orchestrator.gates.flow.callnames import attributes_of
from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.carriers import LAST_PARTS
from orchestrator.gates.flow.constants import calculated, compared, merged_pairs, negated
from orchestrator.gates.flow.folding import percent
from orchestrator.gates.flow.lookups import member_of
from orchestrator.gates.flow.names import BUILTINS, canonical_name
from orchestrator.gates.flow.scopes import Scope
from orchestrator.gates.flow.values import (
    ANYTHING,
    NOTHING,
    Value,
    added,
    common_safety,
    constant,
    join,
    named,
    replace,
    union,
)

__all__ = ["CHECKED", "Expressions"]

CHECKED = "checked "
"""Before the text of a look-up among the names of a scope: it was held against a list."""

_UNROLLED = 512
_TEXT_LIMIT = 4096
_PATHS = frozenset({"pathlib.Path()", "pathlib.Path.home()", "pathlib.Path.cwd()", "pathlib.PosixPath()"})
_TRANSPARENT = frozenset({"__wrapped__", "__func__", "__call__", "func"})


_KINDS: frozenset[type[ast.AST]] = frozenset(
    {
        *(ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.BinOp, ast.JoinedStr),
        *(ast.FormattedValue, ast.Call, ast.BoolOp, ast.IfExp, ast.Lambda, ast.NamedExpr, ast.Await),
        *(ast.Starred, ast.Yield, ast.YieldFrom, ast.Dict, ast.List, ast.Tuple, ast.Set, ast.ListComp),
        *(ast.SetComp, ast.GeneratorExp, ast.DictComp, ast.Compare, ast.UnaryOp),
    }
)


class _Table(dict[type[ast.AST | None], Callable[[Any], Value]]):
    """What evaluates each kind of node, looked up when the first is met."""

    def __init__(self, owner: Expressions) -> None:
        super().__init__()
        self[type(None)] = lambda _: ANYTHING
        self._owner = owner

    def __missing__(self, kind: type[ast.AST]) -> Callable[[Any], Value]:
        name = f"_{kind.__name__.lower()}" if kind in _KINDS else "_other"
        found: Callable[[Any], Value] = getattr(self._owner, name)
        self[kind] = found
        return found


class Expressions(ABC):
    """The environment and the evaluation of expressions. Subclasses say what statements and calls do."""

    def __init__(self) -> None:
        self.globals = Scope({})
        self.scope = self.globals
        self.stars: list[str] = []
        self.imported: set[str] = set()
        self.unsteady: frozenset[str] = frozenset()
        self.built: dict[ast.AST, bool] = {}
        self.looked_up = False
        self._table = _Table(self)

    def value(self, node: ast.AST | None) -> Value:
        """What a node evaluates to."""
        return self._table[node.__class__](node)

    def _other(self, node: ast.AST) -> Value:
        """Of unknown kinds of nodes the parts are looked at."""
        parts = [self.value(child) for child in ast.iter_child_nodes(node)]
        return Value(taint=union(p.taint for p in parts)) if parts else ANYTHING

    # What a subclass fills in.

    @abstractmethod
    def called(self, call: Call) -> Value | None:
        """Show a call to the rules; its value when it is of this module."""

    @abstractmethod
    def compared(self, node: ast.Compare, left: Value, right: Value) -> None:
        """Two values are held against each other."""

    @abstractmethod
    def define(self, node: ast.Lambda) -> Value: ...

    @abstractmethod
    def assign(self, target: ast.AST, value: Value) -> None: ...

    @abstractmethod
    def own_attribute(self, name: str, attribute: str) -> Value | None:
        """Of a name of this module (``local:``), or ``None``."""

    @abstractmethod
    def handed_on(self, node: ast.AST, value: Value) -> None:
        """A value leaves to where it can no longer be followed."""

    # Leaves

    def _constant(self, node: ast.Constant) -> Value:
        return constant(node.value)

    def _name(self, node: ast.Name) -> Value:
        name = node.id
        found = self.scope.own.get(name) or self.scope.seen.get(name)
        settable = False
        if found is None:
            found = self.globals.own.get(name)
            settable = True
        if found is None:
            found = self._outer(name)
        if found.fixed and ((settable and not name.isupper()) or name in self.unsteady):
            # Another module may set it; of names in capitals rule HR905 would tell.
            found = replace(found, fixed=False)
        return replace(found, origins=found.origins | {name}) if found.taint else found

    def _outer(self, name: str) -> Value:
        if name in BUILTINS:
            return named(f"builtins.{name}")
        if name == "__builtins__":
            return named("builtins")
        return named(*(canonical_name(f"{star}.{name}") for star in self.stars)) if self.stars else ANYTHING

    def _attribute(self, node: ast.Attribute) -> Value:
        return self.attribute(self._table[node.value.__class__](node.value), node.attr)

    def attribute(self, owner: Value, name: str) -> Value:
        """``owner.name``. Of something unknown the name alone is kept: ``?.execute``."""
        if "." in name:
            head, _, rest = name.partition(".")
            return self.attribute(self.attribute(owner, head), rest)
        if name in _TRANSPARENT and owner.refs and name != "func":
            return owner
        own, refs, labels, plain, number = attributes_of(owner.refs, name)
        if own:
            known = [value for ref in own if (value := self.own_attribute(ref, name)) is not None]
            if known:
                return join(known)
        if not owner.taint and (number or not (owner.safe or owner.origins)):
            return plain
        safe = owner.safe if refs.isdisjoint(LAST_PARTS) else owner.safe | {"path"}
        return Value(refs=refs, taint=owner.taint | labels, safe=safe, origins=owner.origins)

    def _subscript(self, node: ast.Subscript) -> Value:
        return self.unless_checked(node, self._element(node))

    def unless_checked(self, node: ast.expr, value: Value) -> Value:
        """Without its origin where the same look-up was checked on the way here."""
        if self.looked_up and value.taint and self.scope.get(CHECKED + ast.unparse(node)) is not None:
            return replace(value, taint=frozenset())
        return value

    def _element(self, node: ast.Subscript) -> Value:
        owner = self.value(node.value)
        if isinstance(node.slice, ast.Slice):
            return self._sliced(owner, node.slice)
        key = self.value(node.slice)
        found = member_of(owner, key)
        if found is not None:
            return found if owner.fixed or not found.fixed else replace(found, fixed=False)
        refs = frozenset(f"{ref}[]" for ref in owner.refs)
        if "sys.modules" in owner.refs and key.taint:
            return Value(refs=refs, taint=owner.taint | key.taint, safe=key.safe, origins=key.origins)
        if "environ" in owner.taint:
            # One variable is what programs read; the whole is what thieves send.
            owner = replace(owner, taint=owner.taint - {"environ"} | {"env"}, items=None, pairs=None)
        parts = [*(owner.items or ()), *(v for _, v in owner.pairs or ())]
        if parts:
            return join([*parts, Value(refs=refs, taint=owner.taint, fixed=owner.fixed)])
        return Value(refs=refs, taint=owner.taint, safe=owner.safe, origins=owner.origins)

    def _sliced(self, owner: Value, part: ast.Slice) -> Value:
        bounds = [self.value(b).const if b is not None else None for b in (part.lower, part.upper, part.step)]
        if 0 in bounds[2:] or not all(b is None or isinstance(b, int) for b in bounds):
            return replace(owner, const=NOTHING)
        cut = slice(*(b if isinstance(b, int) else None for b in bounds))
        if isinstance(owner.const, str | bytes):
            return replace(constant(owner.const[cut]), fixed=owner.fixed)
        return replace(owner, const=NOTHING, items=owner.items[cut] if owner.items is not None else None)

    # Put together

    def _binop(self, node: ast.BinOp) -> Value:
        left, right = self.value(node.left), self.value(node.right)
        return self.made(node, self._sum(node, left, right), left, right)

    def made(self, node: ast.AST, value: Value, *parts: Value) -> Value:
        """Keep of a text that is put together whether it was of constants alone, each time that it was met."""
        if value.fixed and not all(part.fixed for part in parts):
            value = replace(value, fixed=False)
        self.built[node] = value.fixed and self.built.get(node, True)
        return value

    def _sum(self, node: ast.BinOp, left: Value, right: Value) -> Value:
        if isinstance(node.op, ast.Add):
            folded = added(left, right)
            if folded is not None:
                return folded
        number = calculated(node.op, left, right)
        if number is not None:
            return number
        if isinstance(node.op, ast.BitOr) and (left.pairs is not None or right.pairs is not None):
            return merged_pairs(left, right)
        if isinstance(node.op, ast.Mod) and isinstance(left.const, str):
            text = percent(left.const, right)
            if text is not None:
                return constant(text)
        if isinstance(node.op, ast.Mult) and isinstance(left.const, str | bytes) and isinstance(right.const, int):
            return constant(left.const * right.const) if 0 <= right.const * len(left.const) <= _TEXT_LIMIT else ANYTHING
        whole = join([left.everything(), right.everything()])
        made_text = isinstance(node.op, ast.Mod | ast.Add) and bool(whole.texts)
        if isinstance(node.op, ast.Mod) and left.text is not None and right.known:
            made_text = False
        refs = (
            frozenset({"pathlib.Path()"}) if isinstance(node.op, ast.Div) and whole.refs & _PATHS else frozenset[str]()
        )
        return Value(
            refs=refs,
            taint=whole.taint,
            safe=common_safety(left, right),
            texts=whole.texts,
            built=made_text,
            origins=whole.origins,
            fixed=left.fixed and right.fixed,
        )

    def _joinedstr(self, node: ast.JoinedStr) -> Value:
        parts = [self.value(part) for part in node.values]
        if all(isinstance(p.const, str | int) for p in parts):
            return self.made(node, constant("".join(str(p.const) for p in parts)), *parts)
        whole = join([p.everything() for p in parts])
        texts = tuple(t for p in parts for t in p.texts)[:64]
        value = Value(
            taint=whole.taint,
            safe=common_safety(*parts),
            texts=texts,
            built=True,
            origins=whole.origins,
            fixed=all(p.fixed for p in parts),
        )
        return self.made(node, value, *parts)

    def _formattedvalue(self, node: ast.FormattedValue) -> Value:
        inner = self.value(node.value)
        if node.format_spec is not None:
            width = self.value(node.format_spec)
            return replace(inner, const=NOTHING, fixed=inner.fixed and width.fixed)
        if node.conversion in {ord("r"), ord("a")}:
            return replace(inner, const=NOTHING, safe=inner.safe | {"log"})
        return inner

    def _boolop(self, node: ast.BoolOp) -> Value:
        return join([self.value(v) for v in node.values])

    def _ifexp(self, node: ast.IfExp) -> Value:
        self.value(node.test)
        return join([self.value(node.body), self.value(node.orelse)])

    def _compare(self, node: ast.Compare) -> Value:
        left, rest = self.value(node.left), [self.value(part) for part in node.comparators]
        if len(rest) != 1:
            return ANYTHING
        self.compared(node, left, rest[0])
        return compared(node.ops[0], left, rest[0])

    def _unaryop(self, node: ast.UnaryOp) -> Value:
        inner = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return negated(inner)
        return constant(-inner.const) if isinstance(node.op, ast.USub) and isinstance(inner.const, int) else ANYTHING

    def _lambda(self, node: ast.Lambda) -> Value:
        return self.define(node)

    def _namedexpr(self, node: ast.NamedExpr) -> Value:
        value = self.value(node.value)
        self.assign(node.target, value)
        return value

    def _await(self, node: ast.Await) -> Value:
        return self.value(node.value)

    def _starred(self, node: ast.Starred) -> Value:
        return self.value(node.value)

    def _yield(self, node: ast.Yield) -> Value:
        return self.value(node.value)

    def _yieldfrom(self, node: ast.YieldFrom) -> Value:
        return self.value(node.value)

    def _dict(self, node: ast.Dict) -> Value:
        pairs: list[tuple[object, Value]] = []
        for key, item in zip(node.keys, node.values, strict=True):
            value = self.value(item)
            if key is None:
                pairs += value.pairs or ((object, value),)
            else:
                name = self.value(key)
                self.handed_on(item, value)
                pairs.append((name.const if name.const is not NOTHING else object, join([value])))
                if name.taint:
                    pairs.append((object, name))
        whole = all(key is not None for key in node.keys) and all(key is not object for key, _ in pairs)
        return Value(pairs=tuple(pairs[:_UNROLLED]), fixed=whole and all(value.fixed for _, value in pairs))

    def _list(self, node: ast.List) -> Value:
        return self._items(node.elts)

    def _tuple(self, node: ast.Tuple) -> Value:
        return self._items(node.elts)

    def _set(self, node: ast.Set) -> Value:
        return self._items(node.elts)

    def _items(self, elements: Sequence[ast.expr]) -> Value:
        values: list[Value] = []
        for element in elements:
            value = self.value(element)
            self.handed_on(element, value)
            values += (value.items or (value,)) if isinstance(element, ast.Starred) else (value,)
        return Value(items=tuple(values[:_UNROLLED]), fixed=all(value.fixed for value in values))

    # Comprehensions

    def _listcomp(self, node: ast.ListComp) -> Value:
        return self._comprehension(node.generators, node.elt)

    def _setcomp(self, node: ast.SetComp) -> Value:
        return self._comprehension(node.generators, node.elt)

    def _generatorexp(self, node: ast.GeneratorExp) -> Value:
        return self._comprehension(node.generators, node.elt)

    def _dictcomp(self, node: ast.DictComp) -> Value:
        keys = self._comprehension(node.generators, node.key)
        if keys.items is not None and all(key.const is not NOTHING for key in keys.items):
            values = self._comprehension(node.generators, node.value).items or ()
            return Value(pairs=tuple(zip((key.const for key in keys.items), values, strict=False)))
        return join([keys, self._comprehension(node.generators, node.value)]).everything()

    def _comprehension(self, generators: Sequence[ast.comprehension], element: ast.expr) -> Value:
        first = self.value(generators[0].iter)
        parts = self.parts_of(first)
        if parts is not None and len(generators) == 1 and all(p.known for p in parts):
            made: list[Value] = []
            for part in parts[:_UNROLLED]:
                self.assign(generators[0].target, part)
                for test in generators[0].ifs:
                    self.value(test)
                value = self.value(element)
                self.handed_on(element, value)
                made.append(value)
            return Value(items=tuple(made), fixed=all(part.fixed for part in made))
        for generator in generators:
            self.assign(generator.target, self.element_of(self.value(generator.iter)))
            for test in generator.ifs:
                self.value(test)
        value = self.value(element)
        return replace(value.everything(), const=NOTHING, items=None, pairs=None)

    def parts_of(self, value: Value) -> Sequence[Value] | None:
        """The elements of a known container."""
        if value.items is not None:
            return value.items
        if isinstance(value.const, str | bytes) and len(value.const) <= _UNROLLED:
            return [constant(c) for c in value.const]
        return None

    def element_of(self, value: Value) -> Value:
        """What a loop over it meets."""
        if value.items:
            return join(value.items)
        if value.pairs:
            return Value(taint=value.everything().taint, fixed=value.fixed)
        # A function is not looped over: where it stands for what is, a generator of this module yields it.
        refs = frozenset(f"{r}[]" for r in value.refs) | {r for r in value.refs if not r.endswith((")", "]"))}
        return Value(
            refs=refs,
            taint=value.taint,
            safe=value.safe,
            texts=value.texts,
            origins=value.origins,
            fixed=value.fixed,
        )
