"""Two versions of a spec, requirement by requirement: by id and digest, never by lines.

With the version that both come from, what two people changed in different ways is a conflict.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.models.spec import Requirement, Spec


class Change(StrEnum):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    MOVED = "moved"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Row:
    """``old`` or ``new`` is ``None`` where it is not there. ``fields`` names what differs."""

    change: Change
    id: str
    old: Requirement | None
    new: Requirement | None
    fields: tuple[str, ...] = ()


def diff(old: Spec, new: Spec) -> tuple[Row, ...]:
    """What became of each requirement and non-goal; *moved*: nothing differs but its place among the others."""
    before = {r.id: r for r in (*old.requirements, *old.non_goals)}
    after = {r.id: r for r in (*new.requirements, *new.non_goals)}
    still = _longest([i for i in before if i in after], [i for i in after if i in before])
    rows: list[Row] = []
    for key, requirement in after.items():
        was = before.get(key)
        if was is None:
            rows.append(Row(Change.ADDED, key, None, requirement))
        elif fields := _fields(was, requirement):
            rows.append(Row(Change.CHANGED, key, was, requirement, fields))
        elif key not in still:
            rows.append(Row(Change.MOVED, key, was, requirement))
    rows += [Row(Change.REMOVED, key, was, None) for key, was in before.items() if key not in after]
    return tuple(rows)


def conflicts(base: Spec, mine: Spec, theirs: Spec) -> tuple[Row, ...]:
    """What both changed, removed or added, and not in the same way. ``old`` is mine, ``new`` is theirs."""
    ours = {row.id: row for row in diff(base, mine) if row.change is not Change.MOVED}
    others = {row.id: row for row in diff(base, theirs) if row.change is not Change.MOVED}
    found: list[Row] = []
    for key in ours.keys() & others.keys():
        a, b = ours[key].new, others[key].new
        fields = (
            ("removed",) if (a is None) != (b is None) else _fields(a, b) if a is not None and b is not None else ()
        )
        if fields:
            found.append(Row(Change.CONFLICT, key, a, b, fields))
    return tuple(sorted(found, key=lambda row: row.id))


def _fields(a: Requirement, b: Requirement) -> tuple[str, ...]:
    sides = [
        {
            "title": r.title,
            "statement": r.statement,
            "acceptance": [c.text for c in r.acceptance],
            "kind": r.kind,
            "priority": r.priority,
            "where": [d.value for d in r.where],
            "verify by": [d.value for d in r.verify_by],
            "reaches": [d.value for d in r.reaches],
            "depends on": r.depends_on,
            "data": r.data,
        }
        for r in (a, b)
    ]
    return tuple(name for name, value in sides[0].items() if value != sides[1][name])


def _longest(old: Sequence[str], new: Sequence[str]) -> frozenset[str]:
    """The most ids that stand in the same order on both sides (longest increasing run of places)."""
    place = {key: i for i, key in enumerate(old)}
    tails: list[int] = []
    ends: list[str] = []
    before: dict[str, str | None] = {}
    for key in new:
        at = bisect_left(tails, place[key])
        before[key] = ends[at - 1] if at else None
        tails[at : at + 1] = [place[key]]
        ends[at : at + 1] = [key]
    kept: list[str] = []
    last = ends[-1] if ends else None
    while last is not None:
        kept.append(last)
        last = before[last]
    return frozenset(kept)
