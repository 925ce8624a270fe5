"""Owning a run among many machines: a lease that must be renewed, and a token that fences off who lost it.

The token is a number in the database that grows by one with each owner. It is asked for inside every transaction of
the owner (:meth:`Owner.hold`), and renewed before every effect outside the database (:meth:`Owner.check`), so an owner
that stalled past its lease and wakes up writes nothing. All times are the server's.

NOT prevented: an owner that stalls after the check and before the effect itself, for longer than the whole lease.
What it does then is what its successor does too: references move by compare-and-swap to a commit that is a function of
recorded inputs, and a container of an owner that is gone is nobody's.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from orchestrator.errors import RunBusy, StoreError
from orchestrator.store.cluster.database import PostgresDatabase, lost, said

if TYPE_CHECKING:
    from psycopg import Connection

_TAKE = (
    "INSERT INTO leases VALUES (%(run)s, 1, %(holder)s, clock_timestamp() + make_interval(secs => %(seconds)s)) "
    "ON CONFLICT (run) DO UPDATE SET token = leases.token + 1, holder = excluded.holder, "
    "expires_at = excluded.expires_at WHERE leases.expires_at <= clock_timestamp() RETURNING token"
)
_RENEW = (
    "UPDATE leases SET expires_at = clock_timestamp() + make_interval(secs => %(seconds)s) "
    "WHERE run = %(run)s AND token = %(token)s RETURNING token"
)
_RELEASE = "UPDATE leases SET expires_at = clock_timestamp() WHERE run = %(run)s AND token = %(token)s"
_HOLD = "SELECT 1 FROM leases WHERE run = %s AND token = %s FOR SHARE"
_HELD = "SELECT holder FROM leases WHERE run = %s AND expires_at > clock_timestamp()"
_RENEWALS = 4
"""In the time of a lease."""


class Owner:
    """Implements :class:`~orchestrator.store.cluster.database.Fence` for one run. Safe to call from several threads."""

    def __init__(self, database: PostgresDatabase, run: str, token: int, seconds: float) -> None:
        self.run, self.token = run, token
        self._database, self._seconds = database, seconds
        self._values = {"run": run, "token": token, "seconds": seconds}
        self._alive_at = time.monotonic()
        self._lost = threading.Event()

    @property
    def lost(self) -> bool:
        """Whether the run is somebody else's, or may be: no renewal came through for a whole lease."""
        return self._lost.is_set() or time.monotonic() - self._alive_at > self._seconds

    def hold(self, connection: Connection[Any]) -> None:
        """As the protocol says."""
        if self._lost.is_set() or connection.execute(_HOLD, (self.run, self.token)).fetchone() is None:
            self._lost.set()
            raise lost(self.run)

    def check(self) -> None:
        """Before an effect: there is a whole lease left for it. Raises ``RunBusy`` (RUN014), ``StoreError``."""
        if self._lost.is_set():
            raise lost(self.run)
        now = time.monotonic()
        with said(), self._database.pool.connection() as connection:
            if connection.execute(_RENEW, self._values).fetchone() is None:
                self._lost.set()
                raise lost(self.run)
        self._alive_at = now

    def renew_until(self, over: threading.Event) -> None:
        """A thread's work. A database that does not answer is asked again, until the lease has run out."""
        while not over.wait(self._seconds / _RENEWALS) and not self._lost.is_set():
            with suppress(StoreError):
                self.check()

    def release(self) -> None:
        """Let the next owner in at once; one that was lost has nothing to release."""
        if self._lost.is_set():
            return
        with suppress(StoreError), said(), self._database.pool.connection() as connection:
            connection.execute(_RELEASE, self._values)


@contextmanager
def lease(database: PostgresDatabase, run: str, seconds: float) -> Iterator[Owner]:
    """Own the run. Raises ``RunBusy`` (RUN002) at once when another owner's lease has not run out."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    with said(), database.pool.connection() as connection:
        row = connection.execute(_TAKE, {"run": run, "holder": holder, "seconds": seconds}).fetchone()
        if row is None:
            other = connection.execute(_HELD, (run,)).fetchone()
            who = other[0] if other else "another worker"
            raise RunBusy("RUN002", f"{who} is advancing this run.", "wait for it, or end it and resume")
    owner, over = Owner(database, run, int(row[0]), seconds), threading.Event()
    thread = threading.Thread(target=owner.renew_until, args=(over,), name="lease", daemon=True)
    database.fence = owner
    thread.start()
    try:
        yield owner
    finally:
        over.set()
        thread.join()
        database.fence = None
        owner.release()


def is_held(database: PostgresDatabase, run: str) -> bool:
    """Whether somebody advances the run. By the next moment it may not be so any more."""
    return bool(database.read("SELECT 1 FROM leases WHERE run = ? AND expires_at > clock_timestamp()", (run,)))
