"""Looking at runs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.app.project import Project
from orchestrator.errors import UsageError
from orchestrator.models.ids import Digest, RunId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.models.event import Event
    from orchestrator.models.run import Run

_SHOWN = ("id", "status", "spec_path", "message", "agent", "plan", "base_commit")


def rows(project: Project) -> list[dict[str, Any]]:
    """All runs, newest first, as plain data."""
    return [_row(project, run) for run in project.index.run_rows()]


def one(project: Project, run: str) -> dict[str, Any]:
    """One run (the newest for an empty id): steps, why one was sent back, what was done outside, decided, and waits.

    ``decisions`` are held against the keys of the policy at the run's base, oldest first; one that does not hold is
    ``not verified``.
    """
    from orchestrator.app.observe.outside import outside

    found = resolve(project, run or None)
    steps = _planned(project, found)
    events = [event for _, event in project.index.events(found.id)]
    for event in events:
        if (event.step and event.kind in {"proposed", "gated", "accepted"}) or event.kind.startswith("step-"):
            mine = steps.setdefault(str(event.step), {"id": event.step, "title": "", "reasons": []})
            mine |= {"attempt": event.attempt, "last": event.kind.removeprefix("step-"), **event.data}
            mine["reasons"] += _reasons(project, event)
            mine |= _used(project, event)
    items = [i.model_dump(mode="json") for i in project.index.open_items(found.id)]
    told = {"steps": list(steps.values()), "items": items, "outside": outside(project, found, events)}
    told["decisions"] = _decisions(project, found, events)
    return {**_row(project, found.model_dump(mode="json")), **told}


def _decisions(project: Project, run: Run, events: Sequence[Event]) -> list[dict[str, Any]]:
    from orchestrator.app.observe.decided import Told, decided_in
    from orchestrator.app.trust.policies import chain_at

    if not project.index.items_of(run.id):
        return []
    by_step = decided_in(Told(project, run, tuple(events), chain_at(project, run.base_commit).keys()))
    rows = [row for rows in by_step.values() for row in rows]
    return sorted(rows, key=lambda row: str(row["decided_at"]))


def _reasons(project: Project, event: Event) -> list[dict[str, Any]]:
    told = event.data.get("feedback")
    if not isinstance(told, str):
        return []
    return [{"attempt": event.attempt, "text": project.blobs.get(Digest(told)).decode(errors="replace")}]


def _used(project: Project, event: Event) -> dict[str, Any]:
    """What the newest attempt took of its grant; what was granted stands in the plan."""
    from orchestrator.models.change import Proposal

    if event.kind != "proposed":
        return {}
    stored = project.blobs.get(Digest(str(event.data["proposal"])))
    return {"used": Proposal.model_validate_json(stored).used.model_dump(mode="json")}


def _planned(project: Project, run: Run) -> dict[str, dict[str, Any]]:
    from orchestrator.models.plan import Plan

    if run.plan is None:
        return {}
    plan = Plan.model_validate_json(project.blobs.get(run.plan))
    fresh = {"attempt": 0, "last": "pending"}
    return {str(s.id): {"id": s.id, "title": s.title, "reasons": [], **fresh} for s in plan.steps}


def resolve(project: Project, run: str | None) -> Run:
    """The named run, or the newest. Raises ``UsageError`` (RUN001)."""
    if run:
        return project.index.run(RunId(run))
    newest = project.index.runs()[:1]
    if not newest:
        raise UsageError("RUN001", "There is no run of this repository.", "handrail run SPEC")
    return newest[0]


def has_come(project: Project, run: RunId) -> bool:
    """Of a run that waits: whether it would go on, because all is decided and no time is left to wait for."""
    if project.index.open_items(run):
        return False
    due = project.timers.due(run)
    return due is None or due <= project.clock.now()


def refuse_drill(run: Run) -> None:
    """Nothing goes on with a drill, and it goes nowhere. Raises ``UsageError`` (DRILL003)."""
    from orchestrator.models.run import DRILL

    if run.workflow == DRILL:
        text = "That change was a drill: it was made up to be reviewed, and nothing becomes of it."
        raise UsageError("DRILL003", text, "handrail review drill --end, to see what was planted in it")


def _row(project: Project, run: dict[str, Any]) -> dict[str, Any]:
    kept = {name: run[name] for name in _SHOWN}
    if run["status"] == "running" and not project.owners.is_owned(run["id"]):
        kept |= {"status": "interrupted", "message": f"nobody advances it: handrail resume {run['id']}"}
    if run["status"] == "waiting" and has_come(project, RunId(run["id"])):
        kept |= {"message": f"what it waited for has come: handrail resume {run['id']}"}
    created = datetime.fromisoformat(run["created_at"]).isoformat()
    return {**kept, "target": run["target_ref"], "branch": run["run_ref"], "created_at": created}
