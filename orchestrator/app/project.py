"""One repository and what Handrail keeps about it: the ground of every use case."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.clock import SystemClock
from orchestrator.app.cluster.settings import cluster
from orchestrator.app.runs.state_key import state_key
from orchestrator.store.blobs import StoredBlobs
from orchestrator.store.index import SqliteIndex, StoredIndex
from orchestrator.store.layout import StateLayout, state_home
from orchestrator.store.owning import ClusterOwners, LocalOwners, Owners
from orchestrator.store.sealing import Seal
from orchestrator.store.timers import StoredTimers
from orchestrator.vcs.repository import Repository, find

if TYPE_CHECKING:
    from orchestrator.models.cluster import Cluster


@dataclass(frozen=True, slots=True)
class Project:
    """Open handles of one repository."""

    repository: Repository
    layout: StateLayout
    index: StoredIndex
    blobs: StoredBlobs
    clock: SystemClock
    timers: StoredTimers
    owners: Owners
    state_key: bytes | None = None
    """What checkpoints and blobs are sealed with; ``None`` leaves them plain."""

    def check(self) -> None:
        """Raises ``StoreError`` when a run that this process advances is somebody else's meanwhile."""
        self.owners.check()


@contextmanager
def open_project(where: Path | Repository) -> Iterator[Project]:
    """Of the repository in or above a folder, or of one that was found.

    Raises ``RepositoryError`` when there is no repository, ``StoreError`` when its state cannot be opened or sealed.

    On a machine of a cluster the state lies in its database, and this raises as
    :func:`~orchestrator.app.cluster.settings.cluster` too.
    Timers that are due are fired: whatever command comes first does it (D16).
    """
    repository, joined = find(where) if isinstance(where, Path) else where, cluster()
    shared = Path(joined.shared) / repository.id if joined else None
    layout = StateLayout(state_home() / repository.id, shared)
    layout.create()
    index, owners = _local(layout) if joined is None else _clustered(joined, repository.id)
    with closing(index):
        if os.environ.get("HANDRAIL_LOG_JSON"):
            from orchestrator.app import logs

            index.hears = logs.event if logs.on() else None
        clock, timers = SystemClock(), StoredTimers(index)
        timers.fire(clock.now())
        key = state_key()
        seal = Seal(key, f"blobs of {repository.id}") if key is not None else None
        blobs = StoredBlobs(index, layout.blobs, seal)
        yield Project(repository, layout, index, blobs, clock, timers, owners, key)


def _local(layout: StateLayout) -> tuple[StoredIndex, Owners]:
    index = SqliteIndex(layout.database)
    return index, LocalOwners(layout, index)


def _clustered(joined: Cluster, repository: str) -> tuple[StoredIndex, Owners]:
    from orchestrator.store.cluster.database import PostgresDatabase, schema_of
    from orchestrator.store.cluster.pools import open_pool

    database = PostgresDatabase(open_pool(joined.database, schema_of(repository)))
    return StoredIndex(database), ClusterOwners(database, joined.lease_seconds)
