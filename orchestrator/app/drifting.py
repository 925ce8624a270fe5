"""``drift``: the newest runs of each setting against those before them, and whether one run asks for a closer look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from orchestrator.app.project import Project
from orchestrator.models.base import RunId
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
    mine = _profile(project, project.index.run(run))
    found = (_profile(project, r) for r in project.index.runs() if r.id != run and r.status in OVER)
    before = [one for one in found if one.setting == mine.setting][: RECENT + BASELINE]
    if len(before) < MIN_RUNS:
        return ""
    novel = compare(before, [mine]).novel
    first = [f"{dimension} {value}" for dimension, values in novel.items() for value in values]
    shifted = [row["dimension"] for row in _compared([mine, *before])["shifts"] if row["shifted"]]
    words = [f"the mix has shifted ({', '.join(shifted)})"] if shifted else []
    words += [f"never seen in {len(before)} earlier runs: {', '.join(first[:10])}"] if first else []
    return "; ".join(words)


def _profile(project: Project, run: Run) -> RunProfile:
    return profile(run.id, run.agent, (event for _, event in project.index.events(run.id)))


def _compared(newest_first: Sequence[RunProfile]) -> dict[str, Any]:
    size = min(RECENT, max(len(newest_first) // 2, 1))
    return asdict(compare(newest_first[size : size + BASELINE], newest_first[:size]))
