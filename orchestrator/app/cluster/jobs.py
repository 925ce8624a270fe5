"""What Procrastinate lacks for workers that may stall: a job's end counts only while the job is still its worker's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from procrastinate import BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ConnectorException
from procrastinate.manager import JobManager

from orchestrator.store.cluster.database import QUEUE, conninfo

if TYPE_CHECKING:
    from procrastinate import App
    from procrastinate.jobs import Job, Status

    from orchestrator.models.cluster import Cluster

_MINE = (
    "SELECT count(*) AS mine FROM procrastinate_jobs WHERE id = %(job)s AND status = 'doing' AND worker_id = %(worker)s"
)


class Again(Exception):
    """A job that goes back to the queue, for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"again in {seconds} s")
        self.seconds = seconds


class Retries(BaseRetryStrategy):
    """Only :class:`Again` goes back."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """As Procrastinate's."""
        del job
        if not isinstance(exception, Again):
            return None
        return RetryDecision(retry_at=datetime.now(UTC) + timedelta(seconds=exception.seconds))


class OwnJobs(JobManager):
    """As the library's, but a job that was given to another worker meanwhile is left alone."""

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:  # noqa: FBT001  the library's signature
        """As the library's."""
        if await self._mine(job):
            await super().finish_job(job, status, delete_job)

    async def retry_job(
        self,
        job: Job,
        retry_at: datetime | None = None,
        priority: int | None = None,
        queue: str | None = None,
        lock: str | None = None,
    ) -> None:
        """As the library's."""
        if await self._mine(job):
            await super().retry_job(job, retry_at, priority, queue, lock)

    async def _mine(self, job: Job) -> bool:
        row = await self.connector.execute_query_one_async(_MINE, job=job.id, worker=job.worker_id)
        return bool(row["mine"])


def connector(joined: Cluster, jobs: int) -> PsycopgConnector:
    """Procrastinate tries its connections before it uses one."""
    return PsycopgConnector(
        conninfo=conninfo(joined.database, QUEUE),
        min_size=1,
        max_size=jobs + 3,
        timeout=10.0,
        reconnect_timeout=10.0,
        kwargs={"prepare_threshold": None},
    )


async def give_back(app: App, seconds: float) -> list[Job]:
    """Jobs of workers without a heartbeat for so many seconds, each back in its queue. Two who do it do no harm."""
    given = list["Job"]()
    for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=seconds):
        try:
            await app.job_manager.retry_job(job)
        except ConnectorException:
            continue  # another reaper was faster
        given.append(job)
    await app.job_manager.prune_stalled_workers(seconds)
    return given
