"""``drift``: the newest runs of each setting against those before them, and whether one run asks for a closer look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

from orchestrator.app.project import Project
from orchestrator.models.event import Event
from orchestrator.models.ids import RunId
from orchestrator.models.run import OVER, Run
from orchestrator.observe.drift import MIN_RUNS, compare
from orchestrator.observe.profile import RunProfile, Setting, profile

RECENT = 10
BASELINE = 30


def drift(project: Project, agent: str = "") -> list[dict[str, Any]]:
    """One row a setting, that of the newest run first. Only runs that are over count; '' means every agent."""
    groups: dict[Setting, list[RunProfile]] = {}
    for run in project.index.runs():
        if run.status in OVER and agent in {"", run.agent}:
            found = _profile(project, run)
            groups.setdefault(found.setting, []).append(found)
    return [{**asdict(setting), **_compared(runs)} for setting, runs in groups.items()]


def how_it_differs(project: Project, run: RunId) -> str:
    """How a run that is under way differs from the earlier ones of its setting, in a sentence; '' when it does not.

    What it did first is told by itself; a shift is tested together with the newest runs before it. With too few runs
    nothing is claimed. It only ever asks for more eyes.
    """
    row = project.index.run(run)
    mine = _profile(project, row)
    before = _earlier(project, row, mine.setting)
    if len(before) < MIN_RUNS:
        return ""
    novel = compare(before, [mine]).novel
    first = [f"{dimension} {value}" for dimension, values in novel.items() for value in values]
    shifted = [row["dimension"] for row in _compared([mine, *before])["shifts"] if row["shifted"]]
    words = [f"the mix has shifted ({', '.join(shifted)})"] if shifted else []
    words += [f"never seen in {len(before)} earlier runs: {', '.join(first[:10])}"] if first else []
    return "; ".join(words)


def unlike_before(project: Project, run: Run, events: Iterable[Event]) -> dict[str, Any]:
    """The same as data, for a report.

    ``before`` counts the runs. ``novel`` is of this run alone, ``shifts`` of the newest, this one last.
    """
    mine = profile(run.id, run.agent, events)
    before = _earlier(project, run, mine.setting)
    compared, novel = _compared([mine, *before]), compare(before, [mine]).novel
    return {
        **asdict(mine.setting),
        "before": len(before),
        "novel": {str(dimension): list(values) for dimension, values in novel.items() if values},
        "shifts": compared["shifts"],
        "sentence": compared["sentence"],
    }


def _earlier(project: Project, run: Run, setting: Setting) -> list[RunProfile]:
    """Of runs that began before and are over, newest first: at most 40."""
    runs = (r for r in project.index.runs() if r.agent == run.agent and r.status in OVER and r.id != run.id)
    found = (_profile(project, r) for r in runs if r.created_at <= run.created_at)
    return list(islice((one for one in found if one.setting == setting), RECENT + BASELINE))


def _profile(project: Project, run: Run) -> RunProfile:
    return profile(run.id, run.agent, (event for _, event in project.index.events(run.id)))


def _compared(newest_first: Sequence[RunProfile]) -> dict[str, Any]:
    size = min(RECENT, max(len(newest_first) // 2, 1))
    return asdict(compare(newest_first[size : size + BASELINE], newest_first[:size]))
