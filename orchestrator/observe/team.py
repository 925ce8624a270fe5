"""Many runs as one: how long, how much again, what gates said, which roles approved, what it cost. Pure.

What is counted of one run is a :class:`Measured`; it holds names of roles, agents and rules and no person's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any, Final

from orchestrator.models.decision import Verdict

_TENTHS: Final = 10
_SHOWN: Final = (
    *("run", "title", "status", "agent", "began", "lead_seconds", "steps", "merged", "attempts"),
    *("refused", "returned", "denials", "tokens", "cost_usd", "evidence"),
)
_ENOUGH: Final = 2
"""Values of which a 90th percentile can be told."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One finding of one step; over several attempts it counts once. ``lifted`` by a person."""

    gate: str
    rule: str
    disposition: str
    lifted: bool


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. ``lead_seconds`` is from its beginning to its last merged step, ``None`` before all are merged.

    ``verdicts`` counts decisions by (role, verdict). ``cost_usd`` is ``None`` when one price is unknown. ``refused``
    counts attempts that gates sent back, ``returned`` changes that people did. ``evidence`` is what ``verify`` says
    first, '' where nobody asked it.
    """

    run: str
    title: str
    status: str
    agent: str
    began: str
    lead_seconds: float | None
    steps: int
    merged: int
    first_time: int
    attempts: int
    refused: int
    returned: int
    denials: int
    tokens: int
    cost_usd: float | None
    hits: tuple[Hit, ...] = ()
    verdicts: Mapping[tuple[str, str], int] = field(default_factory=dict[tuple[str, str], int])
    evidence: str = ""


def summed(runs: Sequence[Measured]) -> dict[str, Any]:
    """The figures of a team as plain data. A share of nothing, and a median of none, is ``None``."""
    merged = sum(r.merged for r in runs)
    return {
        "runs": [_row(r) for r in runs],
        "statuses": dict(sorted(Counter(r.status for r in runs).items())),
        "lead_time": _times([r.lead_seconds for r in runs if r.lead_seconds is not None]),
        "rework": {
            "steps": sum(r.steps for r in runs),
            "merged": merged,
            "first_time_share": sum(r.first_time for r in runs) / merged if merged else None,
            "attempts": sum(r.attempts for r in runs),
            "refused_by_gates": sum(r.refused for r in runs),
            "returned_by_people": sum(r.returned for r in runs),
            "denials": sum(r.denials for r in runs),
        },
        "gate_hits": _hits(runs),
        "approvals": _approvals(runs),
        "cost": _cost(runs),
        "agents": [{"agent": a, **_cost([r for r in runs if r.agent == a])} for a in sorted({r.agent for r in runs})],
    }


def _row(run: Measured) -> dict[str, Any]:
    return {name: getattr(run, name) for name in _SHOWN}


def _times(seconds: Sequence[float]) -> dict[str, Any]:
    slow = quantiles(seconds, n=_TENTHS, method="inclusive")[-1] if len(seconds) >= _ENOUGH else None
    return {"runs": len(seconds), "median_seconds": median(seconds) if seconds else None, "p90_seconds": slow}


def _hits(runs: Iterable[Measured]) -> list[dict[str, Any]]:
    """Most frequent first."""
    counted, lifted, where = Counter[Hit](), Counter[Hit](), dict[Hit, set[str]]()
    for run in runs:
        for hit in run.hits:
            key = Hit(hit.gate, hit.rule, hit.disposition, lifted=False)
            counted[key] += 1
            lifted[key] += hit.lifted
            where.setdefault(key, set()).add(run.run)
    ordered = sorted(counted, key=lambda k: (-counted[k], k.gate, k.rule, k.disposition))
    return [
        {"gate": k.gate, "rule": k.rule, "disposition": k.disposition}
        | {"count": counted[k], "lifted": lifted[k], "runs": len(where[k])}
        for k in ordered
    ]


def _approvals(runs: Iterable[Measured]) -> list[dict[str, Any]]:
    total = Counter[tuple[str, str]]()
    for run in runs:
        total.update(run.verdicts)
    roles = sorted({role for role, _ in total})
    return [{"role": role, **{v.value: total[role, v] for v in Verdict}} for role in roles]


def _cost(runs: Sequence[Measured]) -> dict[str, Any]:
    known = [r.cost_usd for r in runs if r.cost_usd is not None]
    return {
        "runs": len(runs),
        "tokens": sum(r.tokens for r in runs),
        "cost_usd": sum(known) if len(known) == len(runs) else None,
    }
