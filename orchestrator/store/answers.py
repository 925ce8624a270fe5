"""Scanner answers kept between calls, in one SQLite file below the state folder. A poisoned one is never believed.

Each row carries an HMAC-SHA-256 over question, digest of the asked bytes, digest of
everything of ours that decides the answer, and the answer. Its key lies in the
configuration folder, 0600, and not beside the rows: a state folder that is restored
from a shared CI cache, copied, cut short or edited yields rows that are not ours,
and they are asked again. NOT prevented: somebody who can read this user's
configuration folder can write rows; he could as well replace Handrail itself.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from orchestrator.models.ids import Digest
from orchestrator.store.whole import write_once

_KEY_BYTES = 32
_STAGED = 2000
_OTHERS = 0o077


def read_key(path: Path) -> bytes | None:
    """The key of this user, made if absent; ``None`` where it cannot be kept from others, and so nothing is kept."""
    try:
        if not path.exists():
            write_once(path, secrets.token_bytes(_KEY_BYTES))
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(handle, "rb") as stream:
            found = os.fstat(stream.fileno())
            key = stream.read(_KEY_BYTES + 1)
    except OSError:
        return None
    mine = found.st_uid == os.geteuid() and not found.st_mode & _OTHERS
    return key if mine and len(key) == _KEY_BYTES else None


class KeptAnswers:
    """Implements :class:`orchestrator.ports.answers.Answers`. Safe to call from several threads.

    ``rules`` is the digest of all that decides an answer beside the question. A file that is no database, or a row
    that is not ours, counts as nothing kept.
    """

    def __init__(self, path: Path, key: bytes, rules: Digest, rows_limit: int = 50_000) -> None:
        self._path, self._key, self._rules, self._limit = path, key, rules, rows_limit
        self._lock = threading.Lock()
        self._staged: dict[str, bytes] = {}
        self._database: sqlite3.Connection | None = None
        with suppress(OSError, sqlite3.Error):
            self._database = self._open()

    def _open(self) -> sqlite3.Connection:
        try:
            return _connect(self._path)
        except sqlite3.DatabaseError:
            for name in (self._path.name, f"{self._path.name}-wal", f"{self._path.name}-shm"):
                self._path.with_name(name).unlink(missing_ok=True)
            return _connect(self._path)

    def get(self, question: str, data: Digest) -> Mapping[str, Any] | None:
        name = self._name(question, data)
        with self._lock:
            sealed = self._staged.get(name) or self._row(name)
        if sealed is None:
            return None
        tag, body = sealed[:_KEY_BYTES], sealed[_KEY_BYTES:]
        if not hmac.compare_digest(tag, self._tag(name, body)):
            return None
        answer: Mapping[str, Any] = json.loads(body)
        return answer

    def put(self, question: str, data: Digest, answer: Mapping[str, Any]) -> None:
        name = self._name(question, data)
        body = json.dumps(answer).encode()
        with self._lock:
            self._staged[name] = self._tag(name, body) + body
            full = len(self._staged) >= _STAGED
        if full:
            self.flush()

    def flush(self) -> None:
        with self._lock:
            staged, self._staged = self._staged, {}
            if self._database is None or not staged:
                return
            with suppress(sqlite3.Error), self._database:
                self._database.executemany("INSERT OR REPLACE INTO answers VALUES (?, ?)", staged.items())
                limit = "SELECT MAX(rowid) - ? FROM answers"
                self._database.execute(f"DELETE FROM answers WHERE rowid <= ({limit})", (self._limit,))  # noqa: S608 # nosec B608 # constants

    def close(self) -> None:
        """Keep what is staged and let go of the file."""
        self.flush()
        if self._database is not None:
            self._database.close()
            self._database = None

    def _row(self, name: str) -> bytes | None:
        if self._database is None:
            return None
        try:
            found = self._database.execute("SELECT sealed FROM answers WHERE name = ?", (name,)).fetchone()
        except sqlite3.Error:
            return None
        return found[0] if found and isinstance(found[0], bytes) else None

    def _name(self, question: str, data: Digest) -> str:
        return hashlib.sha256(f"{self._rules}\n{question}\n{data}".encode()).hexdigest()

    def _tag(self, name: str, body: bytes) -> bytes:
        return hmac.digest(self._key, name.encode() + b"\n" + body, "sha256")


def _connect(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=5, check_same_thread=False)
    try:
        path.chmod(0o600)
        # What a power cut takes from it is asked again: it need not wait for the disk.
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("CREATE TABLE IF NOT EXISTS answers (name TEXT PRIMARY KEY, sealed BLOB NOT NULL)")
    except BaseException:
        database.close()
        raise
    return database
