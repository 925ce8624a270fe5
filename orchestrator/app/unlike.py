"""One run held against those before it of the same agent, model and prompt: what is new in it, and what has shifted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from orchestrator.app.drifting import BASELINE, RECENT
from orchestrator.app.project import Project
from orchestrator.models.event import Event
from orchestrator.models.run import OVER, Run
from orchestrator.observe.drift import compare
from orchestrator.observe.profile import RunProfile, profile


def unlike_before(project: Project, run: Run, events: Sequence[Event]) -> dict[str, Any]:
    """``before`` counts the runs, at most 40. ``novel`` is of this run alone, ``shifts`` of the newest, this one last.

    Only runs that are over and began earlier count. It reports; nothing is decided by it.
    """
    mine = profile(run.id, run.agent, events)
    known = [p for p in _earlier(project, run) if p.setting == mine.setting]
    newest = [mine, *known]
    size = min(RECENT, max(len(newest) // 2, 1))
    found = compare(newest[size : size + BASELINE], newest[:size])
    new = compare(known, [mine]).novel
    return {
        **asdict(mine.setting),
        "before": len(known),
        "novel": {str(dimension): list(values) for dimension, values in new.items() if values},
        "shifts": [asdict(shift) for shift in found.shifts],
        "sentence": found.sentence,
    }


def _earlier(project: Project, run: Run) -> Iterator[RunProfile]:
    """Newest first."""
    mine = [r for r in project.index.runs() if r.agent == run.agent and r.status in OVER and r.id != run.id]
    for other in [r for r in mine if r.created_at <= run.created_at][: RECENT + BASELINE]:
        yield profile(other.id, other.agent, (event for _, event in project.index.events(other.id)))
