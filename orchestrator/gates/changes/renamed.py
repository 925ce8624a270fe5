"""Definitions that a change only gave another name, so that what stood in them before is not taken for new.

An old definition that is gone and a new one that was not there are the same when all that was written is, but for the
name. In tests that is asked of the innermost definition alone: a class of tests may get another name and other bases,
and one that holds most of the tests of one that is gone is taken for it, as one under the old name would be.
Elsewhere a function keeps its name, because a name can decide who calls it (``do_GET``, ``visit_Call``), and each class
around it keeps what it stands on and what decorates it, because there a check of who may do it can stand.

Names that are defined twice are not followed. What moves between files is new.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

__all__ = ["Defined", "renamed"]

_MOST = 2
"""More than half of the tests that either class holds."""
_NAME = re.compile(r"\b(def|class)[ \t]+\w+")


class Defined(Protocol):
    """One side of a change."""

    def definitions(self) -> Mapping[str, tuple[int, int, int]]:
        """Qualified name of each that is defined once: first and last line, and the first of a class's body or 0."""
        ...

    def raw(self, first: int, last: int) -> str:
        """Lines as they stand, from 1."""
        ...


def renamed(head: Defined, base: Defined, *, in_test: bool) -> Mapping[str, str]:
    """New name → old name. Of several that are alike, as many as there were; which is which makes no difference."""
    now, before = head.definitions(), base.definitions()
    new, gone = sorted(now.keys() - before.keys()), sorted(before.keys() - now.keys())
    if not new or not gone:
        return {}
    left: dict[tuple[str, ...], list[str]] = {}
    for name in gone:
        left.setdefault(_likeness(base, before, name, in_test=in_test), []).append(name)
    found: dict[str, str] = {}
    for name in new:
        alike = left.get(_likeness(head, now, name, in_test=in_test), [])
        if alike and _may_be(name, alike[0], now, before, in_test=in_test):
            found[name] = alike.pop(0)
    return {**found, **_classes_of_tests(now, before, found)} if in_test else found


def _classes_of_tests(
    now: Mapping[str, tuple[int, int, int]], before: Mapping[str, tuple[int, int, int]], found: Mapping[str, str]
) -> Mapping[str, str]:
    """What stands in a class of tests that is gone and in a new one that holds most of the same tests, by name."""
    new = {name: _methods(now, name) for name, place in now.items() if place[2] and name not in before}
    gone = {name: _methods(before, name) for name, place in before.items() if place[2] and name not in now}
    more: dict[str, str] = {}
    for name, methods in new.items():
        close = [
            old for old, theirs in gone.items() if theirs and _MOST * len(methods & theirs) > len(methods | theirs)
        ]
        if len(close) != 1:
            continue
        old = close[0]
        del gone[old]
        inside = {inner: f"{old}{inner.removeprefix(name)}" for inner in now if inner.startswith(f"{name}.")}
        more |= {one: other for one, other in inside.items() if other in before and one not in found}
    return more


def _methods(defined: Mapping[str, tuple[int, int, int]], name: str) -> frozenset[str]:
    return frozenset(
        inner for other in defined if (inner := other.removeprefix(f"{name}.")) != other and "." not in inner
    )


def _likeness(
    side: Defined, defined: Mapping[str, tuple[int, int, int]], name: str, *, in_test: bool
) -> tuple[str, ...]:
    """All that must be the same: the definition itself, and what is around it."""
    parts = name.split(".")
    around = [".".join(parts[:depth]) for depth in range(1, len(parts))]
    first, last, _ = defined[name]
    own = _nameless(side.raw(first, last))
    if in_test:
        return (own,)
    return (own, *(_around(side, defined[outer]) if outer in defined else outer for outer in around))


def _around(side: Defined, place: tuple[int, int, int]) -> str:
    """Of a class its head; of a function everything, for what runs before the inner one may be a check."""
    first, last, body = place
    return _nameless(side.raw(first, max(body - 1, first) if body else last))


def _nameless(text: str) -> str:
    # How deep it stands is part of it: it may have stood behind a condition.
    lines = (line.rstrip() for line in text.split("\n"))
    return _NAME.sub(r"\1 _", "\n".join(lines).strip("\n"), count=1)


def _may_be(
    new: str,
    old: str,
    now: Mapping[str, tuple[int, int, int]],
    before: Mapping[str, tuple[int, int, int]],
    *,
    in_test: bool,
) -> bool:
    """Outside of tests a function keeps its own name; what is around it that did not change stays what it was."""
    one, other = new.split("."), old.split(".")
    if in_test:
        return True
    is_class = bool(now[new][2]) and bool(before[old][2])
    return len(one) == len(other) and (is_class or one[-1] == other[-1])
