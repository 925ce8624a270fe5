"""A run's rows as they travel, and what is known here of runs that travel (D15).

The numbers of events are told from the run's first one, so that they mean the same in another store.
"""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.models.ids import Digest, GitOid, RunId, canonical
from orchestrator.store.whole import write_once

if TYPE_CHECKING:
    from orchestrator.models.run import Run
    from orchestrator.store.database import Statements
    from orchestrator.store.index import StoredIndex

_TABLE = (
    "CREATE TABLE IF NOT EXISTS travelling (run TEXT PRIMARY KEY, remote TEXT NOT NULL, held INTEGER NOT NULL, "
    "sequence INTEGER NOT NULL, tip TEXT NOT NULL) STRICT"
)
_OF_ITEMS = "item IN (SELECT id FROM items WHERE run = ?1)"
_QUERIES = {
    "items": "SELECT id, created_at, document, outcome FROM items WHERE run = ?1 ORDER BY rowid",
    "decisions": f"SELECT item, keyid, envelope FROM decisions WHERE {_OF_ITEMS} ORDER BY number",  # noqa: S608  our own text
    "comments": f"SELECT item, comment FROM comments WHERE {_OF_ITEMS} ORDER BY number",  # noqa: S608  our own text
    "events": "SELECT number - (SELECT min(number) FROM events WHERE run = ?1), document FROM events "
    "WHERE run = ?1 ORDER BY number",
    "effects": "SELECT key, result FROM effects WHERE instr(key, ?1) > 0 "
    "OR key IN (SELECT 'decided:' || id FROM items WHERE run = ?1) ORDER BY key",
    "steers": "SELECT step, text FROM steers WHERE run = ?1 ORDER BY number",
    "timers": "SELECT key, due_at, fired_at FROM timers WHERE run = ?1 ORDER BY key",
    "spending": "SELECT key, tokens, cost_usd, settled FROM spending WHERE run = ?1 ORDER BY key",
}
_OF_A_HOLDER = {
    "effects": "INSERT INTO effects VALUES (?2, ?3) ON CONFLICT DO NOTHING",
    "steers": "INSERT INTO steers (run, step, text) VALUES (?1, ?2, ?3)",
    "timers": "INSERT INTO timers VALUES (?2, ?1, ?3, ?4) ON CONFLICT (key) DO UPDATE SET run = excluded.run, "
    "due_at = excluded.due_at, fired_at = excluded.fired_at",
    "spending": "INSERT INTO spending VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (run, key) DO UPDATE SET "
    "tokens = excluded.tokens, cost_usd = excluded.cost_usd, settled = excluded.settled",
}
_NOTE = (
    "INSERT INTO travelling VALUES (?, ?, ?, ?, ?) ON CONFLICT (run) DO UPDATE SET remote = excluded.remote, "
    "held = excluded.held, sequence = excluded.sequence, tip = excluded.tip"
)
_RUN = (
    "INSERT INTO runs VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET created_at = excluded.created_at, "
    "document = excluded.document"
)
_DECISION = (
    "INSERT INTO decisions (item, keyid, envelope) VALUES (?, ?, ?) "
    "ON CONFLICT (item, keyid) DO UPDATE SET envelope = excluded.envelope"
)
_CLEARED = ("DELETE FROM events WHERE run = ?1", "DELETE FROM steers WHERE run = ?1")

Rows = dict[str, list[list[Any]]]
"""Table → rows without the run's id; bytes are base64."""


@dataclass(frozen=True, slots=True)
class Travelling:
    """A run that is on a remote. ``held`` says that it is advanced here; elsewhere it can only be reviewed."""

    remote: str
    held: bool
    sequence: int
    tip: GitOid


def travelling(index: StoredIndex, run: RunId) -> Travelling | None:
    """What is known here of a run on a remote; ``None`` for one that never left and never came."""
    if not index.has_table("travelling"):
        return None
    rows = index.read("SELECT remote, held, sequence, tip FROM travelling WHERE run = ?", (run,))
    return Travelling(rows[0][0], bool(rows[0][1]), rows[0][2], GitOid(rows[0][3])) if rows else None


def note(index: StoredIndex, run: RunId, now: Travelling) -> None:
    """Remember where a run stands on its remote."""
    index.ensure_table("travelling", _TABLE)
    with index.transaction() as db:
        _note(db, run, now)


def _note(db: Statements, run: RunId, now: Travelling) -> None:
    values = (run, now.remote, int(now.held), now.sequence, now.tip)
    db.execute(_NOTE, values)


def holder(root: Path) -> str:
    """A random name of this store, made once: it says who advances a run."""
    path = root / "holder"
    if not path.exists():
        write_once(path, secrets.token_hex(16).encode())
    return path.read_text()


def rows_of(index: StoredIndex, run: RunId) -> Rows:
    """Everything in ``runs.db`` that belongs to a run, but its own row and what people have noted for themselves."""
    index.flush()
    there = [name for name in _QUERIES if index.has_table(name)]
    return {name: [[_out(v) for v in row] for row in index.read(_QUERIES[name], (run,))] for name in there}


def to_bytes(rows: Rows) -> bytes:
    """As they travel."""
    return canonical(rows)


def take_in(index: StoredIndex, run: Run, rows: Rows, now: Travelling) -> None:
    """Put a run here, or bring it up to date, in one transaction. Signed decisions made here stay beside its own.

    One that is not held here comes without its events, effects and timers: nothing here may act on them.
    """
    index.ensure_table("travelling", _TABLE)
    with index.transaction() as db:
        document = (run.id, run.created_at.isoformat(), run.model_dump_json())
        db.execute(_RUN, document)
        _items(db, run.id, rows)
        if now.held:
            _as_holder(db, run.id, rows)
        _note(db, run.id, now)


def _items(db: Statements, run: RunId, rows: Rows) -> None:
    item = (
        "INSERT INTO items VALUES (?2, ?1, ?3, ?4, ?5) ON CONFLICT (id) DO UPDATE SET "
        "outcome = coalesce(excluded.outcome, items.outcome)"
    )
    db.executemany(item, [(run, *row) for row in rows.get("items", [])])
    decisions = [(i, keyid, base64.b64decode(line)) for i, keyid, line in rows.get("decisions", [])]
    db.executemany(_DECISION, decisions)
    comment = (
        "INSERT INTO comments (item, comment) SELECT ?1, ?2 "
        "WHERE NOT EXISTS (SELECT 1 FROM comments WHERE item = ?1 AND comment = ?2)"
    )
    db.executemany(comment, rows.get("comments", []))


def _as_holder(db: Statements, run: RunId, rows: Rows) -> None:
    for statement in _CLEARED:
        db.execute(statement, (run,))
    first = db.execute("SELECT coalesce(max(number), 0) + 1 FROM events").fetchone()[0]
    events = [(first + number, run, document) for number, document in rows.get("events", [])]
    db.executemany("INSERT INTO events (number, run, document) VALUES (?, ?, ?)", events)
    for name, statement in _OF_A_HOLDER.items():
        if rows.get(name):
            db.executemany(statement, [(run, *row) for row in rows[name]])


def unsent(index: StoredIndex, run: RunId, keyid: str) -> tuple[tuple[str, bytes], ...]:
    """Item → line of every decision with this key in the run."""
    query = f"SELECT item, envelope FROM decisions WHERE keyid = ?2 AND {_OF_ITEMS} ORDER BY number"  # noqa: S608  our own text
    return tuple((row[0], row[1]) for row in index.read(query, (run, keyid)))


def result(rows: Rows, name: str, column: int) -> tuple[Digest, ...]:
    """One column of a table's rows, of those that hold digests."""
    return tuple(Digest(row[column]) for row in rows.get(name, []))


def _out(value: object) -> object:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
