"""Which families a call is shown to: those that may have a word about it. Most calls concern none of them.

What a name concerns is worked out once and kept, as a number with one bit for each family.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.rule import Family, Heeds, Say

__all__ = ["Heeding"]

_KEPT = 16_384
_Look = Callable[[Call, Say], None]


class Heeding:
    """Of some families. One without :class:`Heeds` is shown every call."""

    def __init__(self, families: Sequence[Family]) -> None:
        looking = [(family.heeds, family.on_call) for family in families if family.on_call is not None]
        self._looks: list[_Look] = [look for _, look in looking]
        self._heeds = [(1 << at, heeds) for at, (heeds, _) in enumerate(looking) if heeds is not None]
        self._always = sum(1 << at for at, (heeds, _) in enumerate(looking) if heeds is None)
        self._spreads = sum(bit for bit, heeds in self._heeds if heeds.spreads)
        self._beginnings = [(bit, heeds.beginnings) for bit, heeds in self._heeds if heeds.beginnings]
        self._any_beginning = tuple(word for _, beginnings in self._beginnings for word in beginnings)
        self._forms = [(bit, heeds.form) for bit, heeds in self._heeds if heeds.form is not None]
        self._exact = self._table(lambda heeds: heeds.names)
        self._methods = self._table(lambda heeds: heeds.methods)
        self._keywords = self._table(lambda heeds: heeds.keywords)
        self._keys = self._table(lambda heeds: heeds.keys)
        self._receivers = self._table(lambda heeds: heeds.receivers)
        self._of_name = lru_cache(_KEPT)(self._concerned)
        self._of_names = lru_cache(_KEPT)(self._all_concerned)
        self._chosen = lru_cache(_KEPT)(self._choose)

    def looks(self, call: Call) -> tuple[_Look, ...]:
        """The functions that look at such a call, in the order of their families."""
        found = self._of_names(call.names)
        for name, value in call.keywords.items():
            found |= self._keywords.get(name, 0)
            if value.pairs:
                found |= self._of_keys(value.pairs)
        for value in call.args:
            if value.pairs:
                found |= self._of_keys(value.pairs)
        for ref in call.receiver.refs:
            found |= self._receivers.get(ref, 0)
        if call.spreads:
            found |= self._spreads
        return self._chosen(found) if found else ()

    def _table(self, words: Callable[[Heeds], Iterable[str]]) -> dict[str, int]:
        table: dict[str, int] = {}
        for bit, heeds in self._heeds:
            for word in words(heeds):
                table[word] = table.get(word, 0) | bit
        return table

    def _of_keys(self, pairs: Iterable[tuple[object, object]]) -> int:
        found = 0
        for key, _ in pairs:
            if isinstance(key, str):
                found |= self._keys.get(key, 0)
        return found

    def _all_concerned(self, names: frozenset[str]) -> int:
        found = self._always
        for name in names:
            found |= self._of_name(name)
        return found

    def _concerned(self, name: str) -> int:
        found = self._exact.get(name, 0) | self._methods.get(last(name), 0)
        for bit, beginnings in self._beginnings if name.startswith(self._any_beginning) else ():
            if name.startswith(beginnings):
                found |= bit
        for bit, form in self._forms:
            if form(name):
                found |= bit
        return found

    def _choose(self, found: int) -> tuple[_Look, ...]:
        return tuple(look for at, look in enumerate(self._looks) if found >> at & 1)
