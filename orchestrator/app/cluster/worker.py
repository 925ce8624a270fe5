"""`handrail worker`: takes the jobs that this machine can do, and has its processes advance their runs.

Three loops, each begun again when it breaks: Procrastinate's worker fetches jobs; the reaper gives the jobs of workers
without a heartbeat back and fires timers; the ears hear of the ends of the processes. The database may go away and come
back. A run is stopped so that it can be resumed when this process is told to stop, and its job goes back to the queue.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.app.cluster.labels import queues_of
from orchestrator.app.cluster.queue import TASK
from orchestrator.app.cluster.waking import Waker
from orchestrator.app.local.executor import LocalExecutor
from orchestrator.errors import ExitCode
from orchestrator.models.cluster import Cluster
from orchestrator.models.ids import Digest, RunId
from orchestrator.ports import JobEnd, RunJob

if TYPE_CHECKING:
    from procrastinate import App, JobContext
    from procrastinate.jobs import Job

_LISTEN_SECONDS = 0.05
_AGAIN_SECONDS = 1.0
_LOST_TRIES = 3
_BEATS = 4
"""Signs of life in the time of a lease."""
_KEEP_HOURS = 7 * 24
_BUSY, _FENCED = "RUN002", "RUN014"
_AWAY = {"STORE041", "STORE042", "STORE043", "STORE045", "STORE046", "STORE047"}
_END = """
INSERT INTO handrail.ends SELECT %(job)s, %(run)s, %(exit_code)s, %(code)s, %(message)s, %(details)s
WHERE EXISTS (SELECT 1 FROM procrastinate_jobs WHERE id = %(job)s AND status = 'doing' AND worker_id = %(worker)s)
ON CONFLICT DO NOTHING
"""
_FORGET = "DELETE FROM handrail.ends WHERE ended_at < now() - make_interval(hours => %(hours)s)"
_SEEN = """
INSERT INTO handrail.workers (name, labels, jobs) VALUES (%(name)s, %(labels)s, %(jobs)s)
ON CONFLICT (name) DO UPDATE SET labels = excluded.labels, jobs = excluded.jobs, seen_at = now()
"""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one worker process is told. ``repositories`` are id → folder; ``key`` is the worker's own."""

    joined: Cluster
    repositories: dict[str, Path]
    labels: tuple[str, ...] = ()
    jobs: int = 1
    key: str = ""
    trust: str = ""


class ClusterWorker:
    """One of these a process. ``say`` hears what a person at its log wants to know."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings, self._say = settings, say
        self._name = f"{socket.gethostname()}:{os.getpid()}"
        self._stopping = asyncio.Event()
        self._waiting: dict[RunId, asyncio.Future[JobEnd]] = {}
        self._hands: LocalExecutor

    async def serve(self) -> None:
        """Until SIGTERM, SIGINT or SIGHUP."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self._stop)
        with LocalExecutor(self._settings.jobs) as self._hands:
            ears = asyncio.create_task(self._listen())
            others = [asyncio.create_task(self._supervised(work)) for work in (self._work, self._reap)]
            await self._stopping.wait()
            for run in list(self._waiting):
                self._hands.stop(run)
            await asyncio.gather(*others)
            ears.cancel()

    def _stop(self) -> None:
        self._stopping.set()

    async def _supervised(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin it again whenever it ends, until this process stops."""
        while not self._stopping.is_set():
            try:
                await work()
            except Exception as problem:  # noqa: BLE001  whatever a loop broke by, the next begins
                told = str(problem.__cause__ or problem).strip().splitlines() or [type(problem).__name__]
                self._say(f"{told[-1].strip()}: trying again")
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), _AGAIN_SECONDS)

    async def _listen(self) -> None:
        while True:
            for end in self._hands.wait(0):
                waiting = self._waiting.pop(end.job.run, None)
                if waiting is not None and not waiting.done():
                    waiting.set_result(end)
            await asyncio.sleep(_LISTEN_SECONDS)

    async def _work(self) -> None:
        from procrastinate import App

        from orchestrator.app.cluster.jobs import OwnJobs, connector

        seconds = self._settings.joined.lease_seconds
        app = App(connector=connector(self._settings.joined, self._settings.jobs))
        app.job_manager = OwnJobs(app.connector)
        self._register(app)
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=list(self._queues()),
                    concurrency=self._settings.jobs,
                    name=self._name,
                    install_signal_handlers=False,
                    fetch_job_polling_interval=_AGAIN_SECONDS,
                    abort_job_polling_interval=_AGAIN_SECONDS,
                    update_heartbeat_interval=seconds / _BEATS,
                    stalled_worker_timeout=seconds,
                )
            )
            stop = asyncio.create_task(self._stopping.wait())
            await asyncio.wait({worker, stop}, return_when=asyncio.FIRST_COMPLETED)
            stop.cancel()
            worker.cancel()
            with suppress(asyncio.CancelledError):
                await worker

    def _queues(self) -> Sequence[str]:
        return queues_of(self._settings.repositories, self._settings.labels)

    def _register(self, app: App) -> None:
        from orchestrator.app.cluster.jobs import Retries

        @app.task(name=TASK, pass_context=True, retry=Retries())
        async def advance(context: JobContext, repository: str, folder: str, run: str, needs: list[str]) -> None:
            del needs  # its queue says them
            await self._advance(app, context.job, repository, folder, RunId(run))

        del advance  # the app holds it by its name

    async def _advance(self, app: App, job: Job, repository: str, folder: str, run: RunId) -> None:
        from procrastinate.exceptions import JobAborted

        told = RunJob(folder, run, key=self._settings.key, trust=self._settings.trust)
        if self._settings.repositories.get(repository) != Path(folder):
            end = JobEnd(told, int(ExitCode.USAGE), "CLU008", f"This worker does not serve {folder}.")
        else:
            await self._ensure_enrolled(told)
            end, aborted = await self._advanced(told)
            self._refuse_unfinished(end, job, aborted=aborted)
            if aborted:
                await self._tell(app, job, end)
                raise JobAborted
        await self._tell(app, job, end)

    async def _ensure_enrolled(self, job: RunJob) -> None:
        """A worker whose key was taken out of the policy gives the job back and ends; begun again, it is refused."""
        from orchestrator.app.cluster.enrolling import revoked
        from orchestrator.app.cluster.jobs import Again

        key, trust = Path(job.key), Digest(job.trust) if job.trust else None
        why = await asyncio.to_thread(revoked, Path(job.repository), key, trust)
        if why:
            self._say(f"{why} This worker ends; run {job.run} goes back.")
            self._stop()
            raise Again(0)

    async def _advanced(self, job: RunJob) -> tuple[JobEnd, bool]:
        """The end of the job, and whether somebody asked for it."""
        from orchestrator.app.cluster.jobs import Again

        if self._stopping.is_set():
            raise Again(0)
        waiting = asyncio.get_running_loop().create_future()
        self._waiting[job.run] = waiting
        self._hands.submit(job)
        try:
            return await asyncio.shield(waiting), False
        except asyncio.CancelledError:
            self._hands.stop(job.run)
            return await waiting, True

    def _refuse_unfinished(self, end: JobEnd, job: Job, *, aborted: bool) -> None:
        """Raises ``Again`` for a run that somebody has to go on with by himself."""
        from orchestrator.app.cluster.jobs import Again

        seconds = self._again_in(end, job, aborted=aborted)
        if seconds is not None:
            self._say(f"run {end.job.run}: {end.code} {end.message} Its job goes back.")
            raise Again(seconds)

    def _again_in(self, end: JobEnd, job: Job, *, aborted: bool) -> float | None:
        if self._stopping.is_set() and end.exit_code == ExitCode.INTERRUPTED:
            return 0
        if end.code in _AWAY:
            return _AGAIN_SECONDS
        if end.code in {_BUSY, _FENCED} and not aborted:
            return self._settings.joined.lease_seconds / 2
        return _AGAIN_SECONDS if end.lost and job.attempts + 1 < _LOST_TRIES and not aborted else None

    async def _tell(self, app: App, job: Job, end: JobEnd) -> None:
        self._say(f"run {end.job.run}: {end.code or end.exit_code} {end.message}".rstrip())
        values = {"exit_code": end.exit_code, "code": end.code, "message": end.message}
        details = json.dumps(list(end.details))
        await app.connector.execute_query_async(
            _END, job=job.id, run=end.job.run, worker=job.worker_id, details=details, **values
        )

    async def _reap(self) -> None:
        from procrastinate import App

        from orchestrator.app.cluster.jobs import connector

        app = App(connector=connector(self._settings.joined, 1))
        async with app.open_async():
            await app.job_manager.delete_old_jobs(
                _KEEP_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
            )
            await app.connector.execute_query_async(_FORGET, hours=_KEEP_HOURS)
            folders = list(self._settings.repositories.values())
            with closing(Waker(self._settings.joined, folders, self._say)) as waker:
                while not self._stopping.is_set():
                    await self._look(app, waker)
                    with suppress(TimeoutError):
                        await asyncio.wait_for(self._stopping.wait(), self._settings.joined.lease_seconds / _BEATS)
            await app.connector.execute_query_async(
                "DELETE FROM handrail.workers WHERE name = %(name)s", name=self._name
            )

    async def _look(self, app: App, waker: Waker) -> None:
        """Say that this worker is there, give back what dead ones had, wake what can go on."""
        from orchestrator.app.cluster.jobs import give_back

        labels = " ".join([*self._settings.repositories, *self._settings.labels])
        await app.connector.execute_query_async(_SEEN, name=self._name, labels=labels, jobs=self._settings.jobs)
        for job in await give_back(app, self._settings.joined.lease_seconds):
            self._say(f"job {job.id} (run {job.lock}) was its worker's who is gone; it goes back")
        await asyncio.to_thread(waker.look)
