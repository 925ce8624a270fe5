"""`handrail db upgrade`: the schemas of a database, made or brought forward, and what each role may do in them.

Run by the database's owner alone; nobody else makes a table. One version after another, each in one transaction, so an
upgrade that breaks off is begun again. Two at once wait for each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import StoreError
from orchestrator.store.cluster.database import QUEUE, SHARED, VERSION, connected, schema_of

if TYPE_CHECKING:
    from psycopg import Connection

_HERE = Path(__file__).parent
_ROLES = ("handrail_read", "handrail_enqueue", "handrail_worker")
CHANGES: dict[int, tuple[str, ...]] = {}
"""Version → the statements that make it of the one before, in each schema."""


def upgrade(database: str, repository: str) -> tuple[str, ...]:
    """What was done, a sentence each; nothing for what was up to date. Raises ``StoreError``, ``UsageError``."""
    with connected(database, "public") as connection, _alone(connection):
        told = list(_roles(connection))
        told += _index(connection, SHARED, "shared.sql")
        told += _queue(connection)
        told += _index(connection, schema_of(repository), "")
        with _in(connection, SHARED):
            connection.execute("INSERT INTO repositories (id) VALUES (%s) ON CONFLICT DO NOTHING", (repository,))
            _run_file(connection, "grants_queue.sql", SHARED)
    return tuple(told)


@contextmanager
def _alone(connection: Connection[Any]) -> Iterator[None]:
    number = int.from_bytes(hashlib.sha256(b"handrail db upgrade").digest()[:7])
    connection.execute("SELECT pg_advisory_lock(%s)", (number,))
    try:
        yield
    finally:
        connection.execute("SELECT pg_advisory_unlock(%s)", (number,))


@contextmanager
def _in(connection: Connection[Any], schema: str) -> Iterator[None]:
    """One transaction in which names are those of a schema of ours."""
    with connection.transaction():
        connection.execute(f"SET LOCAL search_path = {schema}".encode())
        yield


def _roles(connection: Connection[Any]) -> Iterator[str]:
    for role in _ROLES:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone():
            connection.execute(f"CREATE ROLE {role} NOLOGIN".encode())
            yield f"made the role {role}"


def _index(connection: Connection[Any], schema: str, more: str) -> Iterator[str]:
    version = _version(connection, schema)
    if version > VERSION:
        raise StoreError("STORE044", "The database was upgraded by a newer Handrail.", "upgrade Handrail here")
    if version == 0:
        _make(connection, schema, more)
        yield f"made the schema {schema}, version {VERSION}"
    elif version < VERSION:
        with _in(connection, schema):
            for statement in (text for step in range(version + 1, VERSION + 1) for text in CHANGES[step]):
                connection.execute(statement.encode())
            connection.execute("UPDATE store_version SET version = %s", (VERSION,))
        yield f"brought the schema {schema} from version {version} to {VERSION}"
    _checkpoints(connection, schema)
    with _in(connection, schema):
        _run_file(connection, "grants.sql", schema)
        _run_file(connection, "grants_checkpoints.sql", schema)


def _version(connection: Connection[Any], schema: str) -> int:
    row = connection.execute("SELECT to_regclass(%s) IS NOT NULL", (f"{schema}.store_version",)).fetchone()
    if not row or not row[0]:
        return 0
    found = connection.execute(f"SELECT version FROM {schema}.store_version".encode()).fetchone()  # noqa: S608  ours
    return int(found[0]) if found else 0


def _make(connection: Connection[Any], schema: str, more: str) -> None:
    with connection.transaction():
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}".encode())
        connection.execute(f"SET LOCAL search_path = {schema}".encode())
        connection.execute("CREATE TABLE store_version (version integer NOT NULL)")
        connection.execute("INSERT INTO store_version VALUES (%s)", (VERSION,))
        _run_file(connection, "index.sql", schema)
        if more:
            _run_file(connection, more, schema)


def _checkpoints(connection: Connection[Any], schema: str) -> None:
    """LangGraph's own tables by its own migrations, which do not bear a transaction."""
    from langgraph.checkpoint.postgres import PostgresSaver  # noqa: PLC0415  costs start-up

    connection.execute(f"SET search_path = {schema}".encode())
    try:
        PostgresSaver(connection).setup()
    finally:
        connection.execute("RESET search_path")
    with _in(connection, schema):
        _run_file(connection, "checkpoints.sql", schema)


def _queue(connection: Connection[Any]) -> Iterator[str]:
    """Procrastinate's tables: its whole schema, or those of its migrations that came since."""
    from procrastinate.schema import SchemaManager  # noqa: PLC0415  of an extra

    files = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    newest = files[-1].name
    row = connection.execute(f"SELECT last_migration FROM {SHARED}.queue_version".encode()).fetchone()  # noqa: S608  ours
    if row is None:
        with connection.transaction():
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {QUEUE}".encode())
            connection.execute(f"SET LOCAL search_path = {QUEUE}".encode())
            connection.execute(SchemaManager.get_schema().encode())
            connection.execute(f"INSERT INTO {SHARED}.queue_version VALUES (%s)".encode(), (newest,))  # noqa: S608  ours
        yield f"made the schema {QUEUE}"
        return
    if row[0] > newest:
        raise StoreError("STORE044", "The queue was upgraded for a newer procrastinate.", "upgrade Handrail here")
    for file in files:
        if file.name > row[0]:
            with _in(connection, QUEUE):
                connection.execute(file.read_bytes())
                connection.execute(f"UPDATE {SHARED}.queue_version SET last_migration = %s".encode(), (file.name,))  # noqa: S608  ours
            yield f"brought the queue to {file.name}"


def _run_file(connection: Connection[Any], name: str, schema: str) -> None:
    text = (_HERE / name).read_text(encoding="utf-8")
    connection.execute(text.replace("{schema}", schema).encode())
