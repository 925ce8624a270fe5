"""What an expression may stand for: an outside name, a constant, parts of a container, where its data came from.

Every value is an over-approximation joined over the ways that lead to it; an
empty one stands for anything. Sizes are capped, so that folding a hostile
constant costs no more than a few kilobytes.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

__all__ = [
    "ANYTHING",
    "NOTHING",
    "Value",
    "added",
    "common_safety",
    "constant",
    "intersection",
    "join",
    "named",
    "of_names",
    "replace",
    "tainted",
    "union",
]

_REFS_LIMIT = 24
_TEXT_LIMIT = 4096
_PARTS_LIMIT = 64
_UNROLLED = 512


def union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    """Of any number of sets, also none."""
    empty: frozenset[str] = frozenset()
    return empty.union(*sets)


def intersection(sets: Sequence[frozenset[str]]) -> frozenset[str]:
    """Of any number of sets; empty when there is none."""
    return frozenset(item for item in sets[0] if all(item in other for other in sets[1:])) if sets else frozenset()


class _Nothing:
    """No constant: distinct from the constant ``None``."""

    def __repr__(self) -> str:
        return "NOTHING"


NOTHING: Final = _Nothing()


class Value(NamedTuple):
    """``refs``: dotted names outside the module, ``local:…`` for its own, ``name()`` for what a call returns.

    ``const``: the folded constant. ``taint``: labels of untrusted origins.
    ``safe``: kinds of use for which it was made harmless. ``items`` and
    ``pairs``: of containers. ``texts``: constant pieces of a string built at
    run time. ``origins``: local names that it was computed from. ``fixed``: whatever it is, it is made of nothing
    but constants of the module; unlike the others it is only set when that is certain.

    A tuple, because a module makes and compares tens of thousands of them.
    """

    refs: frozenset[str] = frozenset()
    const: object = NOTHING
    taint: frozenset[str] = frozenset()
    safe: frozenset[str] = frozenset()
    items: tuple[Value, ...] | None = None
    pairs: tuple[tuple[object, Value], ...] | None = None
    texts: tuple[str, ...] = ()
    built: bool = False
    origins: frozenset[str] = frozenset()
    fixed: bool = False

    @property
    def text(self) -> str | None:
        return self.const if isinstance(self.const, str) else None

    @property
    def known(self) -> bool:
        """Whether it is a constant, or a container of nothing but constants."""
        if self.const is not NOTHING:
            return True
        parts = self.items if self.items is not None else None
        if parts is None and self.pairs is not None:
            parts = tuple(value for _, value in self.pairs)
        return parts is not None and all(p.known for p in parts)

    def member(self, key: object) -> Value | None:
        """The value under a constant key of a dictionary, ``None`` when there is none."""
        return next((value for name, value in reversed(self.pairs or ()) if name == key), None)

    def everything(self) -> Value:
        """Itself joined with all that it contains."""
        parts = [*(self.items or ()), *(value for _, value in self.pairs or ())]
        if not parts:
            return self
        deep = [part.everything() for part in parts]
        return self._replace(
            taint=self.taint | union(p.taint for p in deep),
            refs=_few(self.refs | union(p.refs for p in deep)),
            origins=self.origins | union(p.origins for p in deep),
            texts=tuple(dict.fromkeys((*self.texts, *(t for p in deep for t in p.texts))))[:_PARTS_LIMIT],
            safe=intersection([p.safe for p in (*deep, self) if p.taint]) or self.safe,
        )


ANYTHING: Final = Value()
replace = Value._replace
"""A value with some of its parts changed, as :func:`dataclasses.replace` gives one."""
_RIGHTS: Final = {
    f"stat.{name}": bits for name, bits in vars(stat).items() if name.startswith("S_I") and isinstance(bits, int)
}
"""Names of numbers that rights are put together from."""
_NONE: Final[frozenset[str]] = frozenset()


def _few(refs: frozenset[str]) -> frozenset[str]:
    return refs if len(refs) <= _REFS_LIMIT else frozenset(sorted(refs)[:_REFS_LIMIT])


def constant(value: object) -> Value:
    """A constant; too long a one is not kept whole."""
    if isinstance(value, str | bytes) and len(value) > _TEXT_LIMIT:
        head = value[:_TEXT_LIMIT]
        return Value(texts=(head,) if isinstance(head, str) else (), fixed=True)
    if isinstance(value, int) and value.bit_length() > _TEXT_LIMIT:
        return ANYTHING
    return Value(const=value, texts=(value,) if isinstance(value, str) else (), fixed=True)


@lru_cache(maxsize=16384)
def named(*refs: str) -> Value:
    """What one of these names stands for."""
    return Value(refs=frozenset(refs), const=_RIGHTS.get(refs[0], NOTHING) if len(refs) == 1 else NOTHING)


@lru_cache(maxsize=16384)
def of_names(refs: frozenset[str]) -> Value:
    """What is known by these names and by nothing else."""
    return Value(refs=refs)


def tainted(*labels: str, refs: Iterable[str] = ()) -> Value:
    """Data of these origins."""
    return Value(taint=frozenset(labels), refs=frozenset(refs))


def join(values: Iterable[Value]) -> Value:
    """What any of them may be. A constant survives when all agree, harmlessness when all that matter have it."""
    rest = iter(values)
    joined = next(rest, ANYTHING)
    for value in rest:
        if value is not joined and value != joined:
            joined = _joined(joined, value)
    return joined


def _joined(one: Value, other: Value) -> Value:
    same = one.const == other.const and type(one.const) is type(other.const)
    if one.taint and other.taint:
        safe = one.safe & other.safe
    else:
        safe = one.safe if one.taint else other.safe if other.taint else _NONE
    texts = one.texts if one.texts == other.texts else tuple(dict.fromkeys((*one.texts, *other.texts)))[:_PARTS_LIMIT]
    return Value(
        refs=_few(one.refs | other.refs),
        const=one.const if same else NOTHING,
        taint=one.taint | other.taint,
        safe=safe,
        items=one.items if one.items is not None else other.items,
        pairs=one.pairs if one.pairs is not None else other.pairs,
        texts=texts,
        built=one.built or other.built,
        origins=one.origins | other.origins,
        fixed=one.fixed and other.fixed,
    )


def added(left: Value, right: Value) -> Value | None:
    """The sum of two constants or two known lists, else ``None``."""
    if isinstance(left.const, str) and isinstance(right.const, str):
        return constant(left.const + right.const)
    if isinstance(left.const, bytes) and isinstance(right.const, bytes):
        return constant(left.const + right.const)
    if isinstance(left.const, int) and isinstance(right.const, int):
        return constant(left.const + right.const)
    if left.items is not None and right.items is not None:
        return Value(items=(*left.items, *right.items)[:_UNROLLED], fixed=left.fixed and right.fixed)
    return None


def common_safety(*values: Value) -> frozenset[str]:
    """What every untrusted part was made harmless for; with none, every part that is not fixed."""
    deep = [v.everything() for v in values]
    return intersection([v.safe for v in deep if v.taint] or [v.safe for v in deep if not v.fixed])
