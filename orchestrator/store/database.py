"""The database below an index: one that reads, and writes in one transaction at a time.

Statements are SQL that SQLite and PostgreSQL both understand, with ``?`` or ``?1`` for values. What only SQLite brings
(``json_extract``, ``instr``, ``rowid``) the schema for PostgreSQL brings too.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from orchestrator.errors import StoreError
from orchestrator.store.migrations import VERSION, bring_forward
from orchestrator.store.whole import make_folder

_BUSY_MILLISECONDS = 10_000


class Rows(Protocol):
    """What a statement gave."""

    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...  # noqa: ANN401  a row of any shape

    def fetchall(self) -> list[Any]: ...


class Statements(Protocol):
    """An open transaction."""

    def execute(self, query: str, values: tuple[object, ...] = ..., /) -> Rows: ...

    def executemany(self, query: str, rows: Iterable[Sequence[object]], /) -> object: ...


class Database(Protocol):
    """Every method raises ``StoreError``."""

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]: ...

    def transaction(self) -> AbstractContextManager[Statements]:
        """Nobody else writes meanwhile; durable when the context ends, undone when it ends with an error."""
        ...

    def has_table(self, name: str) -> bool: ...

    def erase(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Delete so that no copy stays, as far as the database lets itself be told."""
        ...

    def close(self) -> None: ...


class SqliteDatabase:
    """One file in WAL mode, ``synchronous=FULL``. Not for several threads at once.

    Raises ``StoreError``: STORE010 cannot be opened, STORE011 read, STORE012 written, STORE013 of a newer Handrail.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            make_folder(path.parent)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._db.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._migrate()
        except (sqlite3.Error, OSError) as problem:
            raise StoreError("STORE010", f"Cannot open {path}: {problem}.", "handrail doctor") from problem

    def close(self) -> None:
        """Drop the connection."""
        self._db.close()

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """As the protocol says."""
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as problem:
            raise StoreError("STORE011", f"Cannot read {self._path}: {problem}.", "handrail doctor") from problem

    @contextmanager
    def transaction(self) -> Iterator[Statements]:
        """As the protocol says."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")
        except sqlite3.Error as problem:
            hint = "free space, then resume the run" if "full" in str(problem) else "try again"
            raise StoreError("STORE012", f"Cannot write {self._path}: {problem}.", hint) from problem

    def has_table(self, name: str) -> bool:
        """As the protocol says."""
        return bool(self.read("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,)))

    def erase(self, statement: str, rows: Sequence[tuple[object, ...]]) -> None:
        """Pages are overwritten: no copy stays in the file or in its journal."""
        with self.transaction() as db:
            db.execute("PRAGMA secure_delete = ON")
            db.executemany(statement, rows)
        self.read("PRAGMA wal_checkpoint(TRUNCATE)")

    def _migrate(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > VERSION:
            raise StoreError("STORE013", f"{self._path} was written by a newer Handrail.", "upgrade Handrail")
        if version < VERSION:
            self._bring_forward()

    def _bring_forward(self) -> None:
        with self.transaction() as db:  # another process may have done it meanwhile
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version < VERSION:
                bring_forward(db, version)
