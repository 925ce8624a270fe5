"""Who works in a cluster, and what waits for whom."""

from __future__ import annotations

from typing import Any

from orchestrator.app.cluster.queue import open_queue
from orchestrator.app.cluster.settings import required

_WORKERS = """
SELECT name, labels, jobs, began_at, seen_at, extract(epoch FROM now() - seen_at)::float AS seen_seconds_ago
FROM handrail.workers ORDER BY name
"""
_QUEUES = """
SELECT args ->> 'repository' AS repository, args -> 'needs' AS needs,
    count(*) FILTER (WHERE status = 'todo') AS waiting,
    count(*) FILTER (WHERE status = 'doing') AS running,
    coalesce(extract(epoch FROM now() - min(event.at) FILTER (WHERE status = 'todo')), 0)::float AS oldest_seconds
FROM procrastinate_jobs AS job
LEFT JOIN procrastinate_events AS event ON event.job_id = job.id AND event.type = 'deferred'
WHERE status IN ('todo', 'doing') GROUP BY 1, 2 ORDER BY 1, 2
"""


def status() -> dict[str, Any]:
    """``workers[]`` and ``queues[]`` as plain data. A worker is alive that gave a sign of life within a lease.

    A queue that waits and that no living worker takes is ``served: false``. Raises ``UsageError`` (CLU005),
    ``StoreError``.
    """
    joined = required()
    with open_queue(joined) as queue:
        workers = [_worker(row, joined.lease_seconds) for row in queue.rows(_WORKERS)]
        queues = [_queue(row, workers) for row in queue.rows(_QUEUES)]
    return {"workers": workers, "queues": queues}


def _worker(row: dict[str, Any], lease_seconds: float) -> dict[str, Any]:
    ago = round(row["seen_seconds_ago"], 1)
    return {
        "name": row["name"],
        "serves": row["labels"].split(),
        "jobs": row["jobs"],
        "began_at": row["began_at"].isoformat(),
        "seen_seconds_ago": ago,
        "alive": ago <= lease_seconds,
    }


def _queue(row: dict[str, Any], workers: list[dict[str, Any]]) -> dict[str, Any]:
    asked = {row["repository"], *row["needs"]}
    return {
        "repository": row["repository"],
        "needs": row["needs"],
        "waiting": row["waiting"],
        "running": row["running"],
        "oldest_seconds": round(row["oldest_seconds"], 1),
        "served": any(worker["alive"] and asked <= set(worker["serves"]) for worker in workers),
    }
