"""Looking at runs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.app.project import Project
from orchestrator.models.ids import RunId

if TYPE_CHECKING:
    from orchestrator.models.run import Run

_SHOWN = ("id", "status", "spec_path", "message", "agent", "plan", "base_commit")


def rows(project: Project) -> list[dict[str, Any]]:
    """All runs, newest first, as plain data."""
    return [_row(run) for run in project.index.run_rows()]


def one(project: Project, run: str) -> dict[str, Any]:
    """One run with its open review items and the events that moved its steps."""
    found = project.index.run(RunId(run))
    steps: dict[str, dict[str, Any]] = {}
    for _, event in project.index.events(found.id):
        if (event.step and event.kind in {"proposed", "gated", "accepted"}) or event.kind.startswith("step-"):
            steps[str(event.step)] = {"id": event.step, "attempt": event.attempt, "last": event.kind, **event.data}
    items = [i.model_dump(mode="json") for i in project.index.open_items(found.id)]
    return {**_row(found.model_dump(mode="json")), "steps": list(steps.values()), "items": items}


def resolve(project: Project, run: str | None) -> Run:
    """The named run, or the newest. Raises ``UsageError`` (RUN001)."""
    if run:
        return project.index.run(RunId(run))
    newest = project.index.runs()[:1]
    return newest[0] if newest else project.index.run(RunId("(none)"))


def _row(run: dict[str, Any]) -> dict[str, Any]:
    kept = {name: run[name] for name in _SHOWN}
    created = datetime.fromisoformat(run["created_at"]).isoformat()
    return {**kept, "target": run["target_ref"], "branch": run["run_ref"], "created_at": created}
