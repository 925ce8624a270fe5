"""What one of our own rules says: its code, weakness, reason, and an example of each kind."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.values import Value
from orchestrator.models.disposition import Disposition

__all__ = ["ANY_INPUT", "WEB", "Family", "Heeds", "Rule", "Say", "dirty"]

WEB = frozenset({"web", "net"})
"""Labels that come from somebody else than who started the program."""

ANY_INPUT = WEB | {"stdin", "argv", "document"}
"""These, what the user types or passes, and what a document that is read is made of."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``bad`` and ``good`` are whole modules: the first has a finding of this rule, the second has none of any."""

    code: str
    cwe: int
    title: str
    why: str
    hint: str
    bad: str
    good: str
    severity: str = "high"
    disposition: Disposition = Disposition.AGENT


Say = Callable[[Rule, ast.AST, str], None]
"""Report a rule at a node, with what exactly was seen."""


@dataclass(frozen=True, slots=True)
class Heeds:
    """The calls that a family may have a word about: any one of these is enough. It is shown no other.

    ``names``: what is called. ``methods``: the last part of it. ``beginnings``: of a name. ``form``: anything else
    that a name alone tells. ``keywords``: of arguments. ``keys``: of dictionaries among the arguments. ``receivers``:
    what a method is called on. ``spreads``: ``**`` of something unknown.
    """

    names: frozenset[str] = frozenset()
    methods: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()
    form: Callable[[str], bool] | None = None
    keywords: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    receivers: frozenset[str] = frozenset()
    spreads: bool = False


@dataclass(frozen=True, slots=True)
class Family:
    """Rules that belong together. The functions look at each call, at each value that is handed on, and at the tree.

    Of calls they are shown those that they heed, all when nothing is said. Of what is handed on they look at its names
    alone: of a value with names that none had a word about, none is asked.
    """

    name: str
    rules: Sequence[Rule]
    on_call: Callable[[Call, Say], None] | None = None
    on_handed: Callable[[ast.AST, Value, Say], None] | None = None
    on_tree: Callable[[ast.Module, Say], None] | None = None
    heeds: Heeds | None = None


def dirty(value: Value | None, kind: str, labels: frozenset[str] = WEB) -> str:
    """The origin of untrusted data in a value that was not made harmless for this kind of use, or ''."""
    if value is None:
        return ""
    whole = value.everything()
    if kind in whole.safe:
        return ""
    return next(iter(sorted(whole.taint & labels)), "")
