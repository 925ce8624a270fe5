"""Looking at runs."""

from __future__ import annotations

from typing import Any

from orchestrator.app.project import Project
from orchestrator.models.base import Digest, RunId
from orchestrator.models.plan import Plan
from orchestrator.models.run import Run


def rows(project: Project) -> list[dict[str, Any]]:
    """All runs, newest first, as plain data."""
    return [_row(run) for run in project.index.runs()]


def one(project: Project, run: str) -> dict[str, Any]:
    """One run: each step of its plan with where it stands and why, and what waits for a person."""
    found = project.index.run(RunId(run))
    steps = _planned(project, found)
    for _, event in project.index.events(found.id):
        if (event.step and event.kind in {"proposed", "gated", "accepted"}) or event.kind.startswith("step-"):
            before = steps.get(str(event.step), {"id": event.step, "title": ""})
            why = _first_line(project, event.data["feedback"]) if "feedback" in event.data else ""
            said = {"attempt": event.attempt, "last": event.kind.removeprefix("step-"), "why": why}
            steps[str(event.step)] = {**before, **said, **event.data}
    items = [i.model_dump(mode="json") for i in project.index.open_items(found.id)]
    return {**_row(found), "steps": list(steps.values()), "items": items}


def _planned(project: Project, run: Run) -> dict[str, dict[str, Any]]:
    if run.plan is None:
        return {}
    plan = Plan.model_validate_json(project.blobs.get(run.plan))
    return {str(s.id): {"id": s.id, "title": s.title, "attempt": 0, "last": "pending", "why": ""} for s in plan.steps}


def _first_line(project: Project, digest: Digest) -> str:
    return project.blobs.get(digest).decode(errors="replace").partition("\n")[0][:200]


def resolve(project: Project, run: str | None) -> Run:
    """The named run, or the newest. Raises ``UsageError`` (RUN001)."""
    if run:
        return project.index.run(RunId(run))
    newest = project.index.runs()[:1]
    return newest[0] if newest else project.index.run(RunId("(none)"))


def _row(run: Run) -> dict[str, Any]:
    kept = run.model_dump(mode="json", include={"id", "status", "spec_path", "message", "agent", "plan", "base_commit"})
    return {**kept, "target": run.target_ref, "branch": run.run_ref, "created_at": run.created_at.isoformat()}
