"""Runs that waited, and have what they waited for: a job for each, sent by whichever worker sees it first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

from orchestrator.app.cluster.labels import needs_of
from orchestrator.app.cluster.queue import Queue, Sent, open_queue
from orchestrator.app.project import Project, open_project
from orchestrator.app.wiring import workflow_of
from orchestrator.errors import HandrailError
from orchestrator.models.cluster import Cluster
from orchestrator.models.decision import Verdict
from orchestrator.models.ids import RunId
from orchestrator.models.run import RunSettings, RunStatus
from orchestrator.models.status import DRILL

_DECIDED = (
    "SELECT DISTINCT items.run FROM items JOIN runs ON runs.id = items.run "  # noqa: S608  our own text
    "WHERE json_extract(runs.document, '$.status') = ? AND "
    f"items.outcome IN ({', '.join('?' for _ in Verdict)}) "
    "AND NOT EXISTS (SELECT 1 FROM effects WHERE effects.key = 'decided:' || items.id)"
)


class Waker:
    """Looks after the runs of some repositories, over and over. ``say`` hears what it found.

    What it opens stays open, and is opened again after it broke. For one thread at a time.
    """

    def __init__(self, joined: Cluster, folders: Sequence[Path], say: Callable[[str], None]) -> None:
        self._joined, self._folders, self._say = joined, folders, say
        self._rung: set[tuple[RunId, datetime]] = set()
        self._open = ExitStack()
        self._queue: Queue | None = None
        self._projects: dict[Path, Project] = {}

    def close(self) -> None:
        """Close what is open."""
        self._queue = None
        self._projects.clear()
        self._open.close()

    def look(self) -> None:
        """Send the runs that can go on. What is against it is said, and met again at the next look."""
        for folder in self._folders:
            try:
                for run in self._wake(folder):
                    self._say(f"run {run}: has what it waited for")
            except HandrailError as problem:
                self._say(str(problem))
                self.close()

    def _wake(self, folder: Path) -> tuple[RunId, ...]:
        if self._queue is None:
            self._queue = self._open.enter_context(open_queue(self._joined))
        if folder not in self._projects:
            self._projects[folder] = self._open.enter_context(open_project(folder))
        return wake(self._queue, self._projects[folder], self._rung)


def wake(queue: Queue, project: Project, rung: set[tuple[RunId, datetime]]) -> tuple[RunId, ...]:
    """Send the runs of a repository that can go on. One that has a job already gets no second.

    ``rung`` are the timers that this worker has acted on; once more is harmless.
    """
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
    row = project.index.run(run)
    if row.workflow == DRILL or queue.holds(run):
        return False
    settings = RunSettings.model_validate_json(project.blobs.get(row.settings))
    needs = needs_of(workflow_of(project, row), settings)
    queue.send([Sent(project.repository.id, str(project.repository.folder), run, needs)])
    return True
