"""Whether a reviewer found what was planted, and what many drills come to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import sqrt
from typing import Any, Final

from pydantic import Field

from orchestrator.models.base import Noun
from orchestrator.models.change import Hunk
from orchestrator.models.decision import Verdict
from orchestrator.models.ids import Digest
from orchestrator.models.review import Comment, Mark, MarkState
from orchestrator.review.drill.defect import DefectKind

FEWEST: Final = 5
"""Drills of which a share is told."""
_Z: Final = 1.96


class Planted(Noun):
    """One edit of a drill. ``line`` is of the old file; ``hunk`` is the one that shows it."""

    path: str
    line: int
    kind: DefectKind
    what: str
    hunk: Digest


class Outcome(Noun):
    """What a drill came to, as it is kept: nobody's name is in it. ``found`` and ``planted`` are counts by kind."""

    schema_version: int = 1
    day: str
    verdict: Verdict
    planted: dict[DefectKind, int] = Field(default_factory=dict[DefectKind, int])
    found: dict[DefectKind, int] = Field(default_factory=dict[DefectKind, int])


def found(
    planted: Sequence[Planted], hunks: Sequence[Hunk], marks: Iterable[Mark], comments: Iterable[Comment], said: str
) -> frozenset[Digest]:
    """Hunks that somebody rejected, remarked on, or named in the reason as ``path:line``."""
    named = {m.hunk for m in marks if m.state is MarkState.REJECTED}
    places = [(c.path, c.line) for c in comments if c.path and c.line]
    by_id = {h.id: h for h in hunks}
    for one in planted:
        hunk = by_id[one.hunk]
        places_here = [*places, *((one.path, int(n)) for n in re.findall(re.escape(one.path) + r":(\d{1,7})", said))]
        if any(path == one.path and _within(line, hunk) for path, line in places_here):
            named.add(one.hunk)
    return frozenset(named & {one.hunk for one in planted})


def _within(line: int, hunk: Hunk) -> bool:
    return hunk.new_start <= line < hunk.new_start + max(hunk.new_lines, 1)


def outcome(day: str, verdict: Verdict, planted: Sequence[Planted], pointed_out: frozenset[Digest]) -> Outcome:
    """An approval finds nothing: what was pointed out would have been merged."""
    counted = frozenset[Digest]() if verdict is Verdict.APPROVE else pointed_out
    return Outcome(
        day=day,
        verdict=verdict,
        planted={k: sum(p.kind is k for p in planted) for k in DefectKind},
        found={k: sum(p.kind is k and p.hunk in counted for p in planted) for k in DefectKind},
    )


def summed(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """A row a kind: planted, found, the share with Wilson's 95 % interval. Of harmless ones that is false alarms."""
    rows = list[dict[str, Any]]()
    for kind in DefectKind:
        planted = sum(o.planted.get(kind, 0) for o in outcomes)
        hits = sum(o.found.get(kind, 0) for o in outcomes)
        low, high = interval(hits, planted)
        share = hits / planted if planted else None
        rows.append({"kind": kind.value, "planted": planted, "found": hits, "share": share, "low": low, "high": high})
    return rows


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's, 95 %; 0 to 1 of nothing."""
    if not of:
        return 0.0, 1.0
    share, scale = hits / of, 1 + _Z * _Z / of
    middle = (share + _Z * _Z / (2 * of)) / scale
    half = _Z * sqrt(share * (1 - share) / of + _Z * _Z / (4 * of * of)) / scale
    return max(middle - half, 0.0), min(middle + half, 1.0)
