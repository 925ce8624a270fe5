"""Which orders to stop stand, and which runs they stop. When in doubt, an order stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from orchestrator.models.halt import HALT_ROLE, Halt, HaltScope
from orchestrator.models.ids import Digest
from orchestrator.models.policy import Policy


@dataclass(frozen=True, slots=True)
class Signed:
    """A row as it was read. ``halt`` is ``None`` for one that cannot be read; ``keyid`` '' where no signature holds."""

    digest: Digest
    halt: Halt | None
    keyid: str


@dataclass(frozen=True, slots=True)
class Working:
    """What a run works with. ``agents`` are name → version, '' for a version that is not known."""

    agents: Mapping[str, str]
    models: Sequence[str]
    workflow: str
    keyid: str


def role_of(policy: Policy) -> str:
    """Who stops and lifts."""
    return HALT_ROLE if HALT_ROLE in policy.roles else "root"


def standing(rows: Iterable[Signed], policy: Policy) -> tuple[Signed, ...]:
    """Orders that as many distinct principals of the role as its threshold asks have not lifted.

    A row that cannot be read, or that nobody signed, stands and stops everything that its text does not narrow: what
    was written into the store by force stops work rather than passes. It is lifted as any other.
    """
    found = list(rows)
    lifted: dict[Digest, set[str]] = {}
    for row in found:
        who = policy.principal(row.keyid)
        if row.halt and row.halt.lifts and who and policy.holds(row.keyid, role_of(policy)):
            lifted.setdefault(row.halt.lifts, set()).add(who.name)
    need = policy.roles[role_of(policy)].threshold
    orders = (r for r in found if r.halt is None or r.halt.lifts is None)
    return tuple(r for r in orders if len(lifted.get(r.digest, ())) < need)


def stops(row: Signed, work: Working) -> bool:
    """Whether a standing order is about this work. An agent of unknown version is stopped by any version of it."""
    halt = row.halt
    if halt is None:
        return True
    match halt.scope:
        case HaltScope.ALL:
            return True
        case HaltScope.AGENT:
            name, _, version = halt.value.partition("@")
            return name in work.agents and (not version or work.agents[name] in {"", version})
        case HaltScope.MODEL:
            return halt.value in work.models
        case HaltScope.KEY:
            return work.keyid.startswith(halt.value)
        case HaltScope.WORKFLOW:
            return work.workflow == halt.value
    assert_never(halt.scope)


def words(row: Signed) -> str:
    """The order in a few words."""
    if row.halt is None:
        return "an order that cannot be read"
    return row.halt.scope.value + (f" {row.halt.value}" if row.halt.value else "")
