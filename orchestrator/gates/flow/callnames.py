"""What a set of names says by itself, worked out once for all calls and attributes that have the same."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from orchestrator.gates.flow.capabilities import capability_of
from orchestrator.gates.flow.names import canonical_name, last
from orchestrator.gates.flow.sources import source_of_attribute, source_of_call
from orchestrator.gates.flow.values import Value, named, of_names

__all__ = [
    "Attribute",
    "Names",
    "attributes_of",
    "capabilities_of",
    "labels_of",
    "local_names",
    "method_caller",
    "methods_of",
    "results_of",
]

Names = frozenset[str]
_KEPT = 16_384


@lru_cache(maxsize=_KEPT)
def methods_of(names: Names) -> Names:
    """The last parts of names that have more than one."""
    return frozenset(last(name) for name in names if "." in name)


@lru_cache(maxsize=_KEPT)
def labels_of(names: Names) -> Names:
    """Where the data comes from that a call of one of them returns."""
    return frozenset(label for name in names if (label := source_of_call(name)))


@lru_cache(maxsize=_KEPT)
def results_of(names: Names) -> Names:
    """Names of what calls of them return."""
    return frozenset(f"{name}()" for name in names if not last(name).startswith("?"))


@lru_cache(maxsize=_KEPT)
def local_names(names: Names) -> tuple[str, ...]:
    """Those of the module's own, in order."""
    return tuple(sorted(name for name in names if name.startswith("local:")))


@lru_cache(maxsize=_KEPT)
def capabilities_of(names: Names) -> tuple[tuple[str, str], ...]:
    """(capability, name as it is shown) of each that lets a program do something."""
    found = [(capability_of(name), name.removeprefix("import:").replace("()", "")) for name in sorted(names)]
    return tuple(pair for pair in found if pair[0])


@lru_cache(maxsize=_KEPT)
def method_caller(names: Names) -> str:
    """The first that ``operator.methodcaller`` made, or ''."""
    return next((name for name in sorted(names) if name.startswith("operator.methodcaller:")), "")


class Attribute(NamedTuple):
    """``own``: those of its owners that are the module's own. ``labels``: where the data in it comes from.

    ``plain``: its value as far as its names tell it. ``number``: whether that is a number known by its name.
    """

    own: tuple[str, ...]
    refs: Names
    labels: Names
    plain: Value
    number: bool


@lru_cache(maxsize=_KEPT)
def attributes_of(owners: Names, name: str) -> Attribute:
    """What ``owner.name`` is by itself. Of something unknown the name alone is kept."""
    refs = frozenset(canonical_name(f"{owner}.{name}") for owner in owners) or frozenset({f"?.{name}"})
    labels = frozenset(label for ref in refs if (label := source_of_attribute(ref)))
    number = len(refs) == 1 and next(iter(refs)).startswith("stat.")
    plain = Value(refs=refs, taint=labels) if labels else of_names(refs)
    return Attribute(local_names(owners), refs, labels, named(*refs) if number else plain, number)
