"""The jobs of a cluster: Procrastinate on the same database as the runs. A job says which run to advance, nothing more.

Neither a key nor a digest to trust travels: a worker has its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.app.cluster.labels import queue_of
from orchestrator.models.cluster import Cluster
from orchestrator.models.ids import RunId
from orchestrator.ports import JobEnd, RunJob
from orchestrator.store.cluster.database import QUEUE, conninfo, said

if TYPE_CHECKING:
    from procrastinate import App
    from psycopg_pool import ConnectionPool

TASK = "advance"
BATCH = 500
_ENDED = """
SELECT job.id, job.status::text, ended.exit_code, ended.code, ended.message, ended.details
FROM procrastinate_jobs AS job LEFT JOIN handrail.ends AS ended ON ended.job = job.id
WHERE job.id = ANY(%s) AND job.status NOT IN ('todo', 'doing')
"""

_HELD = "SELECT 1 FROM procrastinate_jobs WHERE lock = %s AND status IN ('todo', 'doing') LIMIT 1"


@dataclass(frozen=True, slots=True)
class Sent:
    """A run to advance: of which repository (its id, and the folder, the same on every machine), and what it needs."""

    repository: str
    folder: str
    run: RunId
    needs: tuple[str, ...] = ()
    priority: int = 0


class Queue:
    """Jobs sent and asked after. Raises ``StoreError`` as :func:`~orchestrator.store.cluster.database.said`."""

    def __init__(self, app: App, pool: ConnectionPool[Any]) -> None:
        self._app, self._pool = app, pool

    def send(self, jobs: Sequence[Sent]) -> list[int]:
        """Their numbers, in the same order. All or none of a call; a run's jobs are done one after another."""
        numbers = list[int]()
        with said(), _as_the_database_says(), self._pool.connection() as connection, connection.transaction():
            for first in range(0, len(jobs), BATCH):
                some = [self._job(job) for job in jobs[first : first + BATCH]]
                made = self._app.job_manager.batch_defer_jobs(some, connection)
                numbers += [int(job.id or 0) for job in made]
        return numbers

    def _job(self, job: Sent) -> Any:  # noqa: ANN401  of an extra
        from procrastinate.jobs import Job

        arguments: dict[str, Any] = {"repository": job.repository, "folder": job.folder, "needs": list(job.needs)}
        return Job(
            queue=queue_of(job.repository, job.needs),
            priority=job.priority,
            lock=job.run,
            queueing_lock=None,
            task_name=TASK,
            task_kwargs={**arguments, "run": job.run},
        )

    def ended(self, jobs: dict[int, RunJob]) -> dict[int, JobEnd]:
        """Those of them that ended, by their numbers. One whose worker told nothing is lost."""
        with said(), self._pool.connection() as connection:
            rows: list[Any] = connection.execute(_ENDED, (list(jobs),)).fetchall()
        return {row["id"]: _end(jobs[row["id"]], row) for row in rows}

    def holds(self, run: RunId) -> bool:
        """Whether a job of the run waits or is done now."""
        with said(), self._pool.connection() as connection:
            return connection.execute(_HELD, (run,)).fetchone() is not None

    def stop(self, jobs: Sequence[int]) -> None:
        """Let go of those that wait, and have the worker of each other one stop it."""
        with said(), self._pool.connection() as connection:
            for job in jobs:
                connection.execute("SELECT procrastinate_cancel_job_v1(%s, true, false)", (job,))

    def rows(self, query: str) -> list[dict[str, Any]]:
        """What a neighbour asks; writes nothing."""
        with said(), self._pool.connection() as connection:
            return list(connection.execute(query.encode()).fetchall())


@contextmanager
def _as_the_database_says() -> Iterator[None]:
    """Procrastinate wraps what psycopg raises."""
    from procrastinate.exceptions import ConnectorException

    try:
        yield
    except ConnectorException as problem:
        raise problem.__cause__ or problem from None


def _end(job: RunJob, row: dict[str, Any]) -> JobEnd:
    if row["exit_code"] is None:
        text = f"The job of run {job.run} was {row['status']} without a word from its worker."
        return JobEnd(job, 1, "BAT030", text, lost=True)
    return JobEnd(job, row["exit_code"], row["code"], row["message"], tuple(json.loads(row["details"])))


@contextmanager
def open_queue(joined: Cluster) -> Iterator[Queue]:
    """Raises ``StoreError``: STORE041 the database does not answer, and others of ``said``."""
    from procrastinate import App, SyncPsycopgConnector
    from psycopg.rows import dict_row
    from psycopg_pool import ConnectionPool

    from orchestrator.store.cluster.database import connected

    with connected(joined.database, QUEUE):
        pass  # says what is wrong, where a pool would only try again
    arguments = {"autocommit": True, "prepare_threshold": None, "row_factory": dict_row}
    pool = ConnectionPool[Any](
        conninfo(joined.database, QUEUE),
        min_size=1,
        max_size=2,
        open=False,
        check=ConnectionPool.check_connection,
        kwargs=arguments,
    )
    with said(), pool:
        app = App(connector=SyncPsycopgConnector())
        app.open(pool)
        yield Queue(app, pool)
