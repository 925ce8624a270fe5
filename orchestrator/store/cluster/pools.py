"""Connections to a cluster's database: few are made, since each costs the server and its user more than most questions.

The one by which it is seen that the database answers is the pool's first. A connection is tried again before it is
given out, unless it was in use within the last second: one that a restart broke since is heard of by what it is used
for, as one that breaks in use. A process that advances one run after another keeps its pools (:func:`kept`).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from orchestrator.store.cluster.database import check_version, conninfo, said

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

_SECONDS = 10
_CONNECTIONS = 4
_FRESH_SECONDS = 1.0
_ARGUMENTS: dict[str, Any] = {"autocommit": True, "prepare_threshold": None}


class _Used:
    """When each connection was given back last."""

    def __init__(self) -> None:
        self._at: WeakKeyDictionary[Connection[Any], float] = WeakKeyDictionary()

    def note(self, connection: Connection[Any]) -> None:
        self._at[connection] = time.monotonic()

    def check(self, connection: Connection[Any]) -> None:
        """Raises ``psycopg.OperationalError`` for one that is broken."""
        from psycopg_pool import ConnectionPool  # noqa: PLC0415  of an extra

        if time.monotonic() - self._at.get(connection, 0.0) > _FRESH_SECONDS:
            ConnectionPool.check_connection(connection)


class _Kept:
    """Pools that stay open when their user is done with them; none unless somebody wants it so."""

    def __init__(self) -> None:
        self.wanted = False
        self.pools: dict[tuple[str, str], ConnectionPool[Any]] = {}


_KEPT = _Kept()


def open_pool(database: str, schema: str) -> ConnectionPool[Any]:
    """Raises ``StoreError``: what :func:`~orchestrator.store.cluster.database.said` says, STORE043, STORE044."""
    pool = _KEPT.pools.get((database, schema)) or _opened(database, schema)
    if _KEPT.wanted:
        _KEPT.pools[database, schema] = pool
    return pool


@contextmanager
def kept() -> Iterator[None]:
    """While it lasts, whoever opens a pool of this process again gets the one that is there."""
    _KEPT.wanted = True
    try:
        yield
    finally:
        _KEPT.wanted = False
        pools = list(_KEPT.pools.values())
        _KEPT.pools.clear()
        for pool in pools:
            pool.close()


def _opened(database: str, schema: str) -> ConnectionPool[Any]:
    import psycopg  # noqa: PLC0415  of an extra
    from psycopg_pool import ConnectionPool  # noqa: PLC0415  the same

    class Pool(ConnectionPool[Any]):
        def close(self, timeout: float = 5.0) -> None:
            """As psycopg's, but one that is kept stays open."""
            if self not in _KEPT.pools.values():
                super().close(timeout)

    words, used = conninfo(database, schema), _Used()
    with said():
        first = psycopg.connect(words, **_ARGUMENTS)
        try:
            check_version(first)
        except BaseException:
            first.close()
            raise
    pool = Pool(
        words,
        connection_class=_handing_on(first),
        min_size=1,
        max_size=_CONNECTIONS,
        open=False,
        timeout=_SECONDS,
        reconnect_timeout=_SECONDS,
        check=used.check,
        reset=used.note,
        kwargs=_ARGUMENTS,
    )
    with said():
        pool.open(wait=True, timeout=_SECONDS)
    return pool


def _handing_on(first: Connection[Any]) -> type[Connection[Any]]:
    """Connections of which the first is there already."""
    import psycopg  # noqa: PLC0415  of an extra

    there = deque([first])

    class Handed(psycopg.Connection[Any]):
        @classmethod
        def connect(cls, conninfo: str = "", **words: Any) -> Any:  # noqa: ANN401  psycopg's signature
            """As psycopg's."""
            return there.pop() if there else psycopg.connect(conninfo, **words)

    return Handed
