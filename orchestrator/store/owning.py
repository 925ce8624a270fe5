"""Who advances a run: one owner at a time, by a lock of this machine's kernel or by a lease in a cluster's database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from orchestrator.errors import RunBusy, UsageError
from orchestrator.models.ids import RunId
from orchestrator.store.layout import StateLayout
from orchestrator.store.lease import is_held, lease

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    from orchestrator.store.cluster.database import PostgresDatabase
    from orchestrator.store.cluster.lease import Owner as Leased
    from orchestrator.store.index import StoredIndex


class Owner(Protocol):
    """Whoever may advance a run now."""

    @property
    def lost(self) -> RunBusy | None:
        """Why the run is somebody else's meanwhile, if it is."""
        ...

    def check(self) -> None:
        """Before an effect that no transaction covers. Raises ``RunBusy`` (RUN014) for an owner that is none."""
        ...

    def checkpoints(self, key: bytes | None) -> AbstractContextManager[BaseCheckpointSaver[Any]]:
        """The run's saver. Raises ``StoreError``."""
        ...


class Owners(Protocol):
    """Where the runs of a repository are owned."""

    def own(self, run: RunId) -> AbstractContextManager[Owner]:
        """Raises ``RunBusy`` (RUN002) at once when somebody else advances the run."""
        ...

    def is_owned(self, run: RunId) -> bool:
        """By the next moment it may not be so any more."""
        ...

    def check(self) -> None:
        """As :meth:`Owner.check` of the run that this process owns; nothing when it owns none."""
        ...

    def ensure_local(self) -> None:
        """Raises ``UsageError`` (CLU006) where checkpoints are no files of this machine."""
        ...


@dataclass(frozen=True, slots=True)
class _Locked:
    layout: StateLayout
    index: StoredIndex
    run: RunId
    lost: None = None

    def check(self) -> None:
        """The kernel drops the lock with its process, and not before: nobody can have taken it."""

    @contextmanager
    def checkpoints(self, key: bytes | None) -> Iterator[BaseCheckpointSaver[Any]]:
        from orchestrator.store.checkpoints import checkpoints  # noqa: PLC0415  costs start-up

        path = self.layout.run(self.run) / "checkpoints.db"
        kept = checkpoints(path, key, in_turns=True)
        with kept as saver, self.index.ride(self.run, saver.ridden()) as events:
            saver.carry(events)
            yield saver


@dataclass(frozen=True, slots=True)
class LocalOwners:
    """Implements :class:`Owners` on this machine."""

    layout: StateLayout
    index: StoredIndex

    @contextmanager
    def own(self, run: RunId) -> Iterator[Owner]:
        """As the protocol says."""
        with lease(self.layout.run(run)):
            yield _Locked(self.layout, self.index, run)

    def is_owned(self, run: RunId) -> bool:
        """As the protocol says."""
        return is_held(self.layout.run(run))

    def check(self) -> None:
        """As the protocol says."""

    def ensure_local(self) -> None:
        """As the protocol says."""


@dataclass(frozen=True, slots=True)
class _Leased:
    database: PostgresDatabase
    owner: Leased

    @property
    def lost(self) -> RunBusy | None:
        from orchestrator.store.cluster.database import lost  # noqa: PLC0415  of an extra

        return lost(self.owner.run) if self.owner.lost else None

    def check(self) -> None:
        self.owner.check()

    @contextmanager
    def checkpoints(self, key: bytes | None) -> Iterator[BaseCheckpointSaver[Any]]:
        from orchestrator.store.checkpoints import serializer  # noqa: PLC0415  costs start-up
        from orchestrator.store.cluster.saver import FencedSaver  # noqa: PLC0415  of an extra

        yield FencedSaver(self.database.pool, serializer(self.owner.run, key), self.owner)


class ClusterOwners:
    """Implements :class:`Owners` in a cluster's database."""

    def __init__(self, database: PostgresDatabase, lease_seconds: float) -> None:
        self._database, self._seconds = database, lease_seconds
        self._now: Leased | None = None

    @contextmanager
    def own(self, run: RunId) -> Iterator[Owner]:
        """As the protocol says."""
        from orchestrator.store.cluster.lease import lease as leased  # noqa: PLC0415  of an extra

        with leased(self._database, run, self._seconds) as owner:
            self._now = owner
            try:
                yield _Leased(self._database, owner)
            finally:
                self._now = None

    def is_owned(self, run: RunId) -> bool:
        """As the protocol says."""
        from orchestrator.store.cluster.lease import is_held as is_leased  # noqa: PLC0415  of an extra

        return is_leased(self._database, run)

    def check(self) -> None:
        """As the protocol says."""
        if self._now is not None:
            self._now.check()

    def ensure_local(self) -> None:
        """As the protocol says."""
        text = "The runs of this repository lie in a cluster's database, which everybody reaches: they do not travel."
        raise UsageError("CLU006", text, "let the other machine join: docs/how-to/run-a-cluster.md")
