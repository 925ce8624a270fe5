"""Runs that waited, and have what they waited for: a job for each, sent by whichever worker sees it first."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from orchestrator.app.cluster.labels import needs_of
from orchestrator.app.cluster.queue import Queue, Sent
from orchestrator.app.project import Project, open_project
from orchestrator.app.wiring import workflow_of
from orchestrator.models.base import RunId
from orchestrator.models.decision import Verdict
from orchestrator.models.run import RunSettings, RunStatus

_DECIDED = (
    "SELECT DISTINCT items.run FROM items JOIN runs ON runs.id = items.run "  # noqa: S608  our own text
    "WHERE json_extract(runs.document, '$.status') = ? AND "
    f"items.outcome IN ({', '.join('?' for _ in Verdict)}) "
    "AND NOT EXISTS (SELECT 1 FROM effects WHERE effects.key = 'decided:' || items.id)"
)


def wake(queue: Queue, folder: Path, rung: set[tuple[RunId, datetime]]) -> tuple[RunId, ...]:
    """Send the runs of a repository that can go on. One that has a job already gets no second.

    ``rung`` are the timers that this worker has acted on; once more is harmless.
    """
    with open_project(folder) as project:
        now = project.clock.now()
        project.timers.ticked(now)
        project.timers.fire(now)
        rang = set(project.timers.rang().items()) - rung
        waiting = [run for run, _ in rang if project.index.run(run).status is RunStatus.WAITING]
        rung |= {(run, at) for run, at in rang if run in waiting and not queue.holds(run)}
        ready = [*sorted(waiting), *_decided(project)]
        return tuple(run for run in dict.fromkeys(ready) if _sent(queue, project, run))


def _decided(project: Project) -> list[RunId]:
    return [RunId(row[0]) for row in project.index.read(_DECIDED, (RunStatus.WAITING, *Verdict))]


def _sent(queue: Queue, project: Project, run: RunId) -> bool:
    if queue.holds(run):
        return False
    row = project.index.run(run)
    settings = RunSettings.model_validate_json(project.blobs.get(row.settings))
    needs = needs_of(workflow_of(project, row), settings)
    queue.send([Sent(project.repository.id, str(project.repository.folder), run, needs)])
    return True
