"""Runs advanced by the workers of a cluster, for whoever sends them and waits for their ends.

A run is recorded here, by the person who wants it, and with what lies on this machine; the job only names it. A plan
that the person approves unseen is approved here too, with a key that no worker ever has.
"""

from __future__ import annotations

import contextlib
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from orchestrator.app.batches.beginning import begun, told
from orchestrator.app.cluster.labels import needs_of, read_labels
from orchestrator.app.cluster.queue import Queue, Sent, open_queue
from orchestrator.app.project import Project, open_project
from orchestrator.app.review.queue import approve_plan
from orchestrator.app.wiring import workflow_of
from orchestrator.errors import ExitCode, HandrailError, StoreError
from orchestrator.models.cluster import Cluster
from orchestrator.models.ids import Digest
from orchestrator.models.run import RunSettings
from orchestrator.ports import JobEnd, RunJob

_POLL_SECONDS = 0.1
_STOP_SECONDS = 60.0
_AWAY_SECONDS = 120.0
"""How long a database may not answer before whoever waits gives up. The runs stay, and can be resumed."""


class ClusterExecutor:
    """Implements :class:`orchestrator.ports.RunExecutor`. ``needs`` are labels that every job asks for beside its own.

    How many jobs are advanced at once is the workers' to say. Raises ``StoreError`` when the database does not answer.
    """

    def __init__(self, joined: Cluster, needs: tuple[str, ...] = ()) -> None:
        self._joined, self._needs = joined, needs
        self._open = ExitStack()
        self._projects: dict[str, Project] = {}
        self._under_way: dict[int, RunJob] = {}
        self._heard_at = time.monotonic()
        self._ends: list[JobEnd] = []

    def __enter__(self) -> Self:
        self._queue: Queue = self._open.enter_context(open_queue(self._joined))
        return self

    def __exit__(self, *_: object) -> None:
        with self._open:
            self._queue.stop(list(self._under_way))
            until = time.monotonic() + _STOP_SECONDS
            while self._under_way and time.monotonic() < until:
                self._hear()
                time.sleep(_POLL_SECONDS)

    def submit(self, job: RunJob) -> None:
        """As the port says. Nothing is held back: a worker may begin before this returns."""
        try:
            (number,) = self._queue.send([self._prepared(job)])
            self._under_way[number] = job
        except HandrailError as error:
            self._ends.append(JobEnd(job, int(error.exit_code), error.code, error.message, told(error)))

    def wait(self, timeout_seconds: float) -> tuple[JobEnd, ...]:
        until = time.monotonic() + timeout_seconds
        while True:
            self._ends += [end for end in self._hear() if not self._approved(end)]
            if self._ends or time.monotonic() >= until:
                ends, self._ends = tuple(self._ends), []
                return ends
            time.sleep(_POLL_SECONDS)

    def _prepared(self, job: RunJob) -> Sent:
        project = self._project(job.repository)
        run = begun(project, job)
        settings = RunSettings.model_validate_json(project.blobs.get(run.settings))
        needs = {*needs_of(workflow_of(project, run), settings), *self._needs}
        project.index.flush()
        return Sent(project.repository.id, str(project.repository.folder), run.id, read_labels(needs))

    def _project(self, folder: str) -> Project:
        if folder not in self._projects:
            self._projects[folder] = self._open.enter_context(open_project(Path(folder)))
        return self._projects[folder]

    def _hear(self) -> list[JobEnd]:
        try:
            ended = self._queue.ended(self._under_way) if self._under_way else {}
            self._heard_at = time.monotonic()
        except StoreError:
            if time.monotonic() - self._heard_at > _AWAY_SECONDS:
                raise
            return []  # a database that restarts: the workers wait for it too
        for number in ended:
            del self._under_way[number]
        return list(ended.values())

    def _approved(self, end: JobEnd) -> bool:
        """Whether the run waited for its plan alone, which was approved and the job sent again."""
        job = end.job
        if not job.approve_plan or end.exit_code != ExitCode.WAITING:
            return False
        project = self._project(job.repository)
        key, trust = Path(job.key) if job.key else None, Digest(job.trust) if job.trust else None
        run = project.index.run(job.run)
        with contextlib.suppress(HandrailError):  # it waits for somebody else, and is told as waiting
            approved = [
                approve_plan(project, run, item, key=key, trust=trust) for item in project.index.open_items(job.run)
            ]
            if any(approved):
                self.submit(job)
                return True
        return False
