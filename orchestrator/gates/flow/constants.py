"""What is computed from constants alone, and what a method leaves in the container that it is called on."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Sequence
from typing import Any

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.values import ANYTHING, NOTHING, Value, constant, replace

__all__ = ["MUTATORS", "calculated", "compared", "merged_pairs", "mutated", "negated"]

_PAIRS = 512
_ITEMS = 64
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Sub: int.__sub__,
    ast.Mult: int.__mul__,
    ast.FloorDiv: int.__floordiv__,
    ast.Mod: int.__mod__,
    ast.BitXor: int.__xor__,
    ast.BitOr: int.__or__,
    ast.BitAnd: int.__and__,
}
_BITS = 64
_BUFFERS = frozenset({"io.StringIO()", "io.BytesIO()"})
MUTATORS = frozenset(
    {"update", "setdefault", "__setitem__", "append", "appendleft", "add", "extend", "insert", "put"}
) | {"write"}
"""Methods that leave their arguments in their owner."""


def compared(how: ast.cmpop, left: Value, right: Value) -> Value:
    """Of two constants their comparison, else anything."""
    compare = _COMPARISONS.get(type(how))
    if compare is None or left.const is NOTHING or right.const is NOTHING:
        return ANYTHING
    try:
        return constant(bool(compare(left.const, right.const)))
    except TypeError:
        return ANYTHING


def calculated(how: ast.operator, left: Value, right: Value) -> Value | None:
    """Of two small whole numbers; texts are put together elsewhere."""
    calculate = _ARITHMETIC.get(type(how))
    one, other = left.const, right.const
    if calculate is None or not isinstance(one, int) or not isinstance(other, int):
        return None
    small = max(one.bit_length(), other.bit_length()) <= _BITS
    return constant(calculate(one, other)) if small and (other or not isinstance(how, ast.Mod | ast.FloorDiv)) else None


def negated(value: Value) -> Value:
    """``not`` of a constant, else anything."""
    return constant(not value.const) if value.const is not NOTHING else ANYTHING


def merged_pairs(left: Value, right: Value) -> Value:
    """``left | right`` of two dictionaries; of one that is unknown only what it held back is known."""
    pairs = (*(left.pairs or ()), *(right.pairs or ()))[-_PAIRS:]
    return replace(left, pairs=pairs, taint=left.taint | right.taint, const=NOTHING, fixed=left.fixed and right.fixed)


def mutated(owner: Value, method: str, call: Call) -> Value | None:
    """The owner afterwards, or ``None`` when nothing is known of it."""
    if method == "update":
        given = [value.pairs for value in call.args if value.pairs is not None]
        pairs = [*(pair for some in given for pair in some), *call.keywords.items()]
        return _with(owner, pairs) if pairs else None
    if method == "write":
        return _written(owner, call.args[0]) if call.args and owner.refs & _BUFFERS else None
    if method in {"setdefault", "__setitem__"}:
        key = call.arg(0)
        return _with(owner, [(key.const, call.args[1])]) if key is not None and call.args[1:] else None
    if owner.items is None or not call.args:
        return None
    added: Sequence[Value] = (call.args[-1].items or ()) if method == "extend" else call.args[-1:]
    if len(owner.items) >= _ITEMS:
        return replace(owner, fixed=False) if owner.fixed else None
    fixed = owner.fixed and all(value.fixed for value in call.args)
    return replace(owner, items=(*owner.items, *added), fixed=fixed)


def _written(owner: Value, text: Value) -> Value:
    """A text that is put together in a buffer; of constants alone it is as good as one."""
    built = owner.built or text.built or text.const is NOTHING
    texts = (*owner.texts, *text.texts)[:_PAIRS]
    return replace(
        owner, texts=texts, built=built, taint=owner.taint | text.taint, origins=owner.origins | text.origins
    )


def _with(owner: Value, pairs: Sequence[tuple[object, Value]]) -> Value:
    # object stands for a key that is not known.
    named = tuple((object if key is NOTHING else key, value) for key, value in pairs)
    kept = tuple(p for p in owner.pairs or () if p[0] not in [key for key, _ in named])
    return replace(owner, pairs=(*kept, *named)[-_PAIRS:], const=NOTHING, fixed=False)
