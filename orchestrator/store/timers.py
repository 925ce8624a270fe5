"""Timers: absolute UTC times beside the runs, written in the transaction that parks the run, fired once (D16)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.models.ids import RunId
from orchestrator.store.database import Statements
from orchestrator.store.index import StoredIndex

if TYPE_CHECKING:
    from orchestrator.models.decision import ReviewItem

_EXPIRED = "expired"
_TABLES = (
    "CREATE TABLE IF NOT EXISTS timers (key TEXT PRIMARY KEY, run TEXT NOT NULL, due_at TEXT NOT NULL, fired_at TEXT)",
    "CREATE INDEX IF NOT EXISTS due_timers ON timers (due_at) WHERE fired_at IS NULL",
    "CREATE TABLE IF NOT EXISTS ticks (id INTEGER PRIMARY KEY CHECK (id = 1), at TEXT NOT NULL) STRICT",
)
_DUE = (
    "SELECT key, run FROM timers WHERE fired_at IS NULL AND due_at <= ?1 "
    "AND NOT EXISTS (SELECT 1 FROM items WHERE items.id = timers.key AND outcome IS NOT NULL) ORDER BY due_at, key"
)


class StoredTimers:
    """Implements :class:`orchestrator.ports.Timers`. A timer whose item is decided before never fires."""

    def __init__(self, index: StoredIndex) -> None:
        self._index = index
        index.ensure_table("timers", *_TABLES)

    def park(self, run: RunId, key: str, due_at: datetime, item: ReviewItem | None) -> datetime:
        """As the port says: the item and its timer in one transaction."""
        with self._index.transaction() as db:
            if item is not None:
                self._index.insert_item(db, item)
            db.execute("INSERT INTO timers VALUES (?, ?, ?, NULL) ON CONFLICT DO NOTHING", (key, run, _text(due_at)))
            row = db.execute("SELECT due_at FROM timers WHERE key = ?", (key,)).fetchone()
        return datetime.fromisoformat(row[0])

    def fire(self, now: datetime) -> tuple[RunId, ...]:
        """As the port says. Looks before it writes: every command calls this."""
        if not self._index.read(_DUE, (_text(now),)):
            return ()
        with self._index.transaction() as db:
            due = db.execute(_DUE, (_text(now),)).fetchall()
            return tuple(dict.fromkeys(_fire(db, key, RunId(run), now) for key, run in due))

    def fired(self, key: str) -> datetime | None:
        """As the port says."""
        rows = self._index.read("SELECT fired_at FROM timers WHERE key = ? AND fired_at IS NOT NULL", (key,))
        return datetime.fromisoformat(rows[0][0]) if rows else None

    def due(self, run: RunId) -> datetime | None:
        """The earliest time at which a timer of this run fires that has not fired."""
        query = (
            "SELECT min(due_at) FROM timers WHERE run = ? AND fired_at IS NULL AND NOT EXISTS "
            "(SELECT 1 FROM items WHERE items.id = timers.key AND outcome IS NOT NULL)"
        )
        text = self._index.read(query, (run,))[0][0]
        return datetime.fromisoformat(text) if text else None

    def rang(self) -> dict[RunId, datetime]:
        """Of each run the time at which a timer of it fired last."""
        rows = self._index.read("SELECT run, max(fired_at) FROM timers WHERE fired_at IS NOT NULL GROUP BY run")
        return {RunId(run): datetime.fromisoformat(at) for run, at in rows}

    def ticked(self, now: datetime) -> None:
        """Remember that somebody looks after the timers here."""
        with self._index.transaction() as db:
            db.execute("INSERT INTO ticks VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at = excluded.at", (_text(now),))

    def last_tick(self) -> datetime | None:
        """When somebody looked last; ``None`` for never."""
        rows = self._index.read("SELECT at FROM ticks")
        return datetime.fromisoformat(rows[0][0]) if rows else None


def _fire(db: Statements, key: str, run: RunId, now: datetime) -> RunId:
    db.execute("UPDATE timers SET fired_at = ? WHERE key = ? AND fired_at IS NULL", (_text(now), key))
    db.execute("UPDATE items SET outcome = ? WHERE id = ? AND outcome IS NULL", (_EXPIRED, key))
    return run


def _text(at: datetime) -> str:
    """Of equal length for every time, so that texts compare as times do."""
    return at.isoformat(timespec="microseconds")
