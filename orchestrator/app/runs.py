"""Looking at runs."""

from __future__ import annotations

from typing import Any

from orchestrator.app.project import Project
from orchestrator.models.base import RunId
from orchestrator.models.run import Run


def rows(project: Project) -> list[dict[str, Any]]:
    """All runs, newest first, as plain data."""
    return [_row(run) for run in project.index.runs()]


def one(project: Project, run: str) -> dict[str, Any]:
    """One run with its open review items and the events that moved its steps."""
    found = project.index.run(RunId(run))
    steps: dict[str, dict[str, Any]] = {}
    for _, event in project.index.events(found.id):
        if (event.step and event.kind in {"proposed", "gated", "accepted"}) or event.kind.startswith("step-"):
            steps[str(event.step)] = {"id": event.step, "attempt": event.attempt, "last": event.kind, **event.data}
    items = [i.model_dump(mode="json") for i in project.index.open_items(found.id)]
    return {**_row(found), "steps": list(steps.values()), "items": items}


def resolve(project: Project, run: str | None) -> Run:
    """The named run, or the newest. Raises ``UsageError`` (RUN001)."""
    if run:
        return project.index.run(RunId(run))
    newest = project.index.runs()[:1]
    return newest[0] if newest else project.index.run(RunId("(none)"))


def _row(run: Run) -> dict[str, Any]:
    kept = run.model_dump(mode="json", include={"id", "status", "spec_path", "message", "agent", "plan", "base_commit"})
    return {**kept, "target": run.target_ref, "branch": run.run_ref, "created_at": run.created_at.isoformat()}
