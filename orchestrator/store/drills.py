"""The rows of a drill: found, and taken out again whole."""

from __future__ import annotations

import json

from orchestrator.models.ids import Digest, RunId
from orchestrator.models.status import DRILL
from orchestrator.store.index import StoredIndex

_ITEMS = "SELECT id FROM items WHERE run = ?"
_TABLES = ("items", "drafts", "steers", "control", "paused", "events")


def waiting(index: StoredIndex) -> tuple[RunId, ...]:
    """Drills that have not ended, oldest first."""
    rows = [(row[0], json.loads(row[1])) for row in index.read("SELECT id, document FROM runs ORDER BY created_at")]
    return tuple(RunId(name) for name, run in rows if run["workflow"] == DRILL)


def notes(index: StoredIndex, run: RunId) -> tuple[Digest, ...]:
    """Stored marks and waivers of all people."""
    return tuple(Digest(row[0]) for row in index.read("SELECT document FROM drafts WHERE run = ?", (run,)))


def forget(index: StoredIndex, run: RunId) -> None:
    """Every row of a drill, in one transaction; a run that is none is left alone."""
    if run not in waiting(index):
        return
    with index.transaction() as db:
        for table in ("decisions", "comments"):
            db.execute(f"DELETE FROM {table} WHERE item IN ({_ITEMS})", (run,))  # noqa: S608  our own text
        for table in _TABLES:
            db.execute(f"DELETE FROM {table} WHERE run = ?", (run,))  # noqa: S608  our own text
        db.execute("DELETE FROM runs WHERE id = ?", (run,))
