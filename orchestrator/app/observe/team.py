"""Figures over many runs: of a batch, or of what a team did lately. Nobody by name, unless the policy asks.

A person's figures are those of somebody at work (D13): only where the policy keeps review times are there any.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

from orchestrator.app.batches import book
from orchestrator.app.observe.reporting import standing, verdict_of
from orchestrator.app.project import Project, open_project
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.found import Result
from orchestrator.models.run import Run, RunStatus
from orchestrator.observe.team import Hit, Measured, summed

_UNITS: Final = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_AGO = re.compile(r"([1-9][0-9]{0,3})([hdw])")
_DAY = "%Y-%m-%d"


def read_since(text: str, now: datetime) -> datetime:
    """``30d``, ``12h``, ``4w`` before ``now``, or the beginning of a day in UTC. Raises ``UsageError`` (RUN014)."""
    if found := _AGO.fullmatch(text):
        return now - int(found[1]) * _UNITS[found[2]]
    try:
        return datetime.strptime(text, _DAY).replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(
            "RUN014", f"{text[:40]!r} is no time to begin at.", "--since 30d, or --since 2026-11-01"
        ) from None


def of_team(project: Project, since: datetime) -> dict[str, Any]:
    """Every run of this repository that began or moved since then, newest first. Evidence is not verified."""
    runs = [run for run in project.index.runs() if run.updated_at >= since]
    told = [(run, standing(project, run)) for run in runs]
    found = summed([_measured(run, body) for run, body in told])
    people = _people(body for _, body in told) if _keeps_times(project) else None
    return {"since": since.isoformat(timespec="seconds"), "batch": "", **found, "people": people}


def of_batch(name: str) -> dict[str, Any]:
    """Every run of a batch that has begun, in its order, each with what ``verify`` says. Raises BAT001, STORE003."""
    batch = book.load(name)
    measured, bodies, keeps = list[Measured](), list[dict[str, Any]](), list[bool]()
    for entry in batch.entries:
        with open_project(Path(entry.repo)) as project:
            run = next((r for r in project.index.runs() if r.id == entry.run), None)
            if run is None:
                continue
            bodies.append(standing(project, run))
            measured.append(_measured(run, bodies[-1], verdict_of(project, run)))
            keeps.append(_keeps_times(project))
    people = _people(bodies) if keeps and all(keeps) else None
    return {"since": "", "batch": batch.id, "asked": len(batch.entries), **summed(measured), "people": people}


def _keeps_times(project: Project) -> bool:
    try:
        return chain_at(project).current.keep_review_times
    except EvidenceInvalid:
        return False


def _measured(run: Run, body: dict[str, Any], evidence: str = "") -> Measured:
    steps = body["steps"]
    landed = [s for s in steps if s["status"] == "merged"]
    ends = [datetime.fromisoformat(s["ended"]) for s in landed if s["ended"]]
    whole = bool(ends) and len(landed) == len(steps) and run.status is RunStatus.DONE
    decisions = [d for d in body["decisions"] if d["verdict"] in set(Verdict)]
    failed = {Result.FAILED, Result.ERROR}
    return Measured(
        run=run.id,
        title=body["run"]["title"],
        status=run.status.value,
        agent=run.agent,
        began=run.created_at.isoformat(timespec="seconds"),
        lead_seconds=(max(ends) - run.created_at).total_seconds() if whole else None,
        steps=len(steps),
        merged=len(landed),
        first_time=sum(s["attempts"] == 1 for s in landed),
        attempts=body["totals"]["attempts"],
        refused=sum(g["result"] in failed for s in steps for g in s["gates"]),
        returned=sum(d["verdict"] != Verdict.APPROVE and d["kind"] != SubjectKind.PLAN for d in decisions),
        denials=body["totals"]["denials"],
        tokens=body["totals"]["tokens"],
        cost_usd=body["totals"]["cost_usd"],
        hits=tuple(hit for s in steps for hit in _hits(s, {lift for d in decisions for lift in d["lifts"]})),
        verdicts=Counter((d["role"], d["verdict"]) for d in decisions),
        evidence=evidence,
    )


def _hits(step: dict[str, Any], lifts: Collection[str]) -> Iterable[Hit]:
    found = {f["fingerprint"]: f for gated in step["gates"] for f in gated["findings"]}
    return [
        Hit(f["gate"], f["rule"], f["disposition"], lifted=fingerprint in lifts) for fingerprint, f in found.items()
    ]


def _people(bodies: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """How much each reviewer decided, and how long they had it on screen: only of decisions that kept that."""
    looked: dict[str, list[int]] = {}
    for decision in (d for body in bodies for d in body["decisions"]):
        if decision["seconds_on_screen"] is not None:
            looked.setdefault(decision["reviewer"], []).append(decision["seconds_on_screen"])
    return [_person(name, seconds) for name, seconds in sorted(looked.items())]


def _person(name: str, seconds: Sequence[int]) -> dict[str, Any]:
    return {"reviewer": name, "decisions": len(seconds), "median_seconds_on_screen": median(seconds)}
