"""PostgreSQL below an index: one schema for each repository, one writer at a time in each, as SQLite has it.

Whoever owns a run has a :class:`Fence` here. Every transaction then begins by asking, in itself, whether the fence
still stands, and holds the answer until it commits: nobody can become the owner in between. An owner that stalls
inside a transaction is thrown out by the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from orchestrator.errors import RunBusy, StoreError, UsageError

if TYPE_CHECKING:
    from psycopg import Connection, Cursor
    from psycopg_pool import ConnectionPool

VERSION = 1
"""Of the schemas. `handrail db upgrade` brings a database to it."""
SHARED = "handrail"
QUEUE = "handrail_queue"
UPGRADE = "handrail db upgrade, as the owner of the database"
_CONNECT_SECONDS = 10
_STALLED_SECONDS = 5
_NUMBERED = re.compile(r"\?(\d+)")
_NOT_LET_IN = ("authentication failed", "no password supplied", "role ", "no pg_hba.conf entry")
_NOT_IT = ("certificate", "server does not support SSL")
"""Of what libpq says: a server whose certificate is not the one that was asked for, or that has none."""
_OURS: dict[str, str | int] = {
    "application_name": "handrail",
    "connect_timeout": _CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 15_000,
}
"""What a connection has unless its string says otherwise: a server that went silent is noticed in seconds."""


class Fence(Protocol):
    """An owner's right to write."""

    def hold(self, connection: Connection[Any]) -> None:
        """Inside a transaction, until it ends. Raises ``RunBusy`` (RUN014) when another owner came."""
        ...


def schema_of(repository: str) -> str:
    """The schema of a repository, by its id."""
    return "repository_" + re.sub(r"[^a-z0-9]", "_", repository)


def lost(run: str) -> RunBusy:
    """What an owner hears that is none any more."""
    text = f"Another worker advances run {run} now; this one stopped, and wrote nothing after it."
    return RunBusy("RUN014", text, f"handrail show {run}")


@contextmanager
def said() -> Iterator[None]:
    """Whatever the database says against it, as one of our errors."""
    import psycopg  # noqa: PLC0415  of an extra
    import psycopg_pool  # noqa: PLC0415  the same

    try:
        yield
    except psycopg.errors.InsufficientPrivilege as problem:
        text = f"This login of the database may not do that: {_line(problem)}."
        raise StoreError("STORE045", text, "grant it handrail_enqueue, handrail_worker or handrail_read") from problem
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as problem:
        text = f"The database has not what is asked for: {_line(problem)}."
        raise StoreError("STORE043", text, UPGRADE) from problem
    except (psycopg.OperationalError, psycopg.InterfaceError, psycopg_pool.PoolClosed) as problem:
        raise _unreachable(problem) from problem
    except psycopg.Error as problem:
        raise StoreError("STORE046", f"The database refused: {_line(problem)}.", "handrail doctor") from problem


def _unreachable(problem: Exception) -> StoreError:
    words = str(problem)
    if any(text in words for text in _NOT_IT):
        hint = "see sslmode and sslrootcert, and docs/how-to/run-a-cluster.md"
        return StoreError(
            "STORE047", f"The database does not prove to be the one that was named: {_line(problem)}.", hint
        )
    if any(text in words for text in _NOT_LET_IN):
        return StoreError("STORE042", f"The database lets this login not in: {_line(problem)}.", "correct the login")
    hint = "see that it runs and can be reached; runs go on where they stopped"
    return StoreError("STORE041", f"The database does not answer: {_line(problem)}.", hint)


def _line(problem: Exception) -> str:
    """What the server says first; of a connection that failed the last line, those before it name addresses."""
    diag = getattr(problem, "diag", None)
    if diag is not None and diag.message_primary:
        return str(diag.message_primary)
    return (str(problem).strip() or type(problem).__name__).splitlines()[-1].strip().rstrip(".")


def conninfo(database: str, schema: str) -> str:
    """The user's connection string with what ours need. Raises ``UsageError`` (CLU003) for one that is none."""
    import psycopg  # noqa: PLC0415  of an extra
    from psycopg.conninfo import conninfo_to_dict, make_conninfo  # noqa: PLC0415  the same

    try:
        given = conninfo_to_dict(database)
    except psycopg.ProgrammingError as problem:
        raise UsageError("CLU003", "`database` is no connection string.", "postgresql://LOGIN@HOST/NAME") from problem
    stalled = f"-c idle_in_transaction_session_timeout={_STALLED_SECONDS}s -c search_path={schema}"
    options = f"{given.pop('options', None) or ''} {stalled}".strip()
    return make_conninfo("", **{**_OURS, **{k: v for k, v in given.items() if v is not None}, "options": options})


@contextmanager
def connected(database: str, schema: str) -> Iterator[Connection[Any]]:
    """One connection, each statement on its own unless a transaction is begun."""
    import psycopg  # noqa: PLC0415  of an extra

    with said(), psycopg.connect(conninfo(database, schema), autocommit=True, prepare_threshold=None) as connection:
        yield connection


def check_version(connection: Connection[Any]) -> None:
    """Raises ``StoreError``: STORE043 tables that are not there or older, STORE044 newer ones."""
    row = connection.execute("SELECT to_regclass('store_version')").fetchone()
    found = row and row[0] and connection.execute("SELECT version FROM store_version").fetchone()
    if not found:
        text = "The database has no tables for this repository, or this login may not see them."
        raise StoreError("STORE043", text, UPGRADE)
    if found[0] < VERSION:
        text = f"The tables of this repository are of version {found[0]}, and this Handrail needs {VERSION}."
        raise StoreError("STORE043", text, UPGRADE)
    if found[0] > VERSION:
        raise StoreError("STORE044", "The database was upgraded by a newer Handrail.", "upgrade Handrail here")


class PostgresDatabase:
    """Implements :class:`orchestrator.store.database.Database` over a pool. Raises as :func:`said`.

    Reading and writing is not for several threads at once, as with SQLite; the pool is.
    """

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        self.pool = pool
        self.fence: Fence | None = None
        self._inside: Connection[Any] | None = None

    def close(self) -> None:
        """Drop the connections."""
        self.pool.close()

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """As the protocol says; inside a transaction what it has written is there."""
        with said(), nullcontext(self._inside) if self._inside else self.pool.connection() as connection:
            rows: list[tuple[Any, ...]] = connection.execute(*_bound(query, values)).fetchall()
            return rows

    @contextmanager
    def transaction(self) -> Iterator[_Statements]:
        """As the protocol says. Raises ``RunBusy`` (RUN014) for an owner that is none any more."""
        with said(), self.pool.connection() as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema(), 0))")
            if self.fence is not None:
                self.fence.hold(connection)
            self._inside = connection
            try:
                yield _Statements(connection)
            finally:
                self._inside = None

    def has_table(self, name: str) -> bool:
        """As the protocol says."""
        return bool(self.read("SELECT 1 WHERE to_regclass(?) IS NOT NULL", (name,)))

    def erase(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Rows only: what the server keeps of them in its files and its log goes when it cleans up."""
        with self.transaction() as db:
            db.executemany(statement, rows)


class _Statements:
    """Implements :class:`orchestrator.store.database.Statements`."""

    def __init__(self, connection: Connection[Any]) -> None:
        self._connection = connection

    def execute(self, query: str, values: tuple[object, ...] = (), /) -> Cursor[Any]:
        return self._connection.execute(*_bound(query, values))

    def executemany(self, query: str, rows: Iterable[Sequence[object]], /) -> None:
        for row in rows:
            self.execute(query, tuple(row))


def _bound(query: str, values: tuple[object, ...]) -> tuple[bytes, Any]:
    text, numbered = _translated(query)
    return text, {f"v{number}": value for number, value in enumerate(values, 1)} if numbered else values


@lru_cache(maxsize=512)
def _translated(query: str) -> tuple[bytes, bool]:
    """The statement with psycopg's marks, and whether they are numbered."""
    if _NUMBERED.search(query):
        return _NUMBERED.sub(r"%(v\1)s", query).encode(), True
    return query.replace("?", "%s").encode(), False
