"""Names and what they stand for: those of a block, over those that it only sees.

A function sees all names of its module, and each branch in it works on names of its own. Only what differs is kept and
copied, so that a branch costs as much as it binds and not as much as the module holds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from orchestrator.gates.flow.values import Value, join

__all__ = ["Scope", "merged"]

_NOTHING: Mapping[str, Value] = {}


class Scope:
    """``own``: what was bound here. ``seen``: what stands behind it, which nobody changes."""

    __slots__ = ("_shared", "own", "seen")

    def __init__(self, own: dict[str, Value], seen: Mapping[str, Value] = _NOTHING) -> None:
        self.own = own
        self.seen = seen
        self._shared = False

    def get(self, name: str) -> Value | None:
        found = self.own.get(name)
        return self.seen.get(name) if found is None else found

    def bind(self, name: str, value: Value) -> None:
        if self._shared:
            self.own, self._shared = dict(self.own), False
        self.own[name] = value

    def remove(self, name: str) -> None:
        self.own, self.seen, self._shared = self.whole(), _NOTHING, False
        self.own.pop(name, None)

    def copy(self) -> Scope:
        return Scope(dict(self.own), self.seen)

    def whole(self) -> dict[str, Value]:
        """A copy of all names that can be seen from here, those behind it first."""
        return {**self.seen, **self.own}

    def inside(self) -> Scope:
        """Of a block that sees what is bound by now; what is bound here later is not seen there."""
        if self.seen:
            return Scope({}, self.whole())
        self._shared = True
        return Scope({}, self.own)


def merged(one: Scope, other: Scope) -> Scope:
    """Both at once; a name that only one has stays as it is."""
    if one.seen is not other.seen:
        one, other = Scope(one.whole()), Scope(other.whole())
    both = dict(one.own)
    for name, value in other.own.items():
        mine = one.get(name)
        if mine is not value:
            both[name] = value if mine is None else join([mine, value])
    for name, value in _only_seen_by(other, one):
        if both[name] is not value:
            both[name] = join([both[name], value])
    return Scope(both, one.seen)


def _only_seen_by(other: Scope, one: Scope) -> Iterator[tuple[str, Value]]:
    """What one has bound and the other sees as it was."""
    if other.seen:
        for name in one.own.keys() - other.own.keys():
            value = other.seen.get(name)
            if value is not None:
                yield name, value
