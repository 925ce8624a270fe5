"""``drift``: the newest runs of each setting against those before them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from orchestrator.app.project import Project
from orchestrator.models.run import OVER
from orchestrator.observe.drift import compare
from orchestrator.observe.profile import RunProfile, Setting, profile

RECENT = 10
BASELINE = 30


def drift(project: Project, agent: str = "") -> list[dict[str, Any]]:
    """One row a setting, that of the newest run first. Only runs that are over count; '' means every agent."""
    groups: dict[Setting, list[RunProfile]] = {}
    for run in project.index.runs():
        if run.status in OVER and agent in {"", run.agent}:
            events = (event for _, event in project.index.events(run.id))
            found = profile(run.id, run.agent, events)
            groups.setdefault(found.setting, []).append(found)
    return [{**asdict(setting), **_compared(runs)} for setting, runs in groups.items()]


def _compared(newest_first: list[RunProfile]) -> dict[str, Any]:
    size = min(RECENT, max(len(newest_first) // 2, 1))
    return asdict(compare(newest_first[size : size + BASELINE], newest_first[:size]))
