"""One repository and what Handrail keeps about it: the ground of every use case."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.app.clock import SystemClock
from orchestrator.app.state_key import state_key
from orchestrator.store.blobs import StoredBlobs
from orchestrator.store.index import SqliteIndex
from orchestrator.store.layout import StateLayout, state_home
from orchestrator.store.sealing import Seal
from orchestrator.store.timers import SqliteTimers
from orchestrator.vcs.repository import Repository, find


@dataclass(frozen=True, slots=True)
class Project:
    """Open handles of one repository."""

    repository: Repository
    layout: StateLayout
    index: SqliteIndex
    blobs: StoredBlobs
    clock: SystemClock
    timers: SqliteTimers
    state_key: bytes | None = None
    """What checkpoints and blobs are sealed with; ``None`` leaves them plain."""


@contextmanager
def open_project(folder: Path) -> Iterator[Project]:
    """Raises ``RepositoryError`` when there is no repository, ``StoreError`` when its state cannot be opened or sealed.

    Timers that are due are fired: whatever command comes first does it (D16).
    """
    repository = find(folder)
    layout = StateLayout(state_home() / repository.id)
    layout.create()
    index = SqliteIndex(layout.database)
    if os.environ.get("HANDRAIL_LOG_JSON"):
        from orchestrator.app import logs

        index.hears = logs.event if logs.on() else None
    try:
        clock, timers = SystemClock(), SqliteTimers(index)
        timers.fire(clock.now())
        key = state_key()
        seal = Seal(key, f"blobs of {repository.id}") if key is not None else None
        yield Project(repository, layout, index, StoredBlobs(index, layout.blobs, seal), clock, timers, key)
    finally:
        index.close()
