"""What runs, what waits, what was decided: in ``runs.db``, or in a cluster's database. Short transactions, any process.

Blobs, events and effects are staged: they reach the disk with the next write or
:meth:`StoredIndex.flush`, whichever comes first, in one transaction. So nothing
durable ever refers to a blob that is not, and a step costs a few fsyncs instead
of one for each thing that it leaves. Events of a run that is advanced here may reach
the disk earlier, with its checkpoint (:mod:`orchestrator.store.riding`).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.errors import UsageError
from orchestrator.models.ids import Digest, RunId, StepId
from orchestrator.models.status import DRILL, OVER
from orchestrator.store.database import Database, SqliteDatabase, Statements
from orchestrator.store.riding import ARRIVED, CARRIED, Numbered, Riding

if TYPE_CHECKING:
    from orchestrator.models.decision import ReviewItem
    from orchestrator.models.event import Event
    from orchestrator.models.run import Run
    from orchestrator.ports.storage import Asked, ComesTo

_STAGE_SECONDS = 0.25
_DRAFT = (
    "INSERT INTO drafts VALUES (?, ?, ?, ?) "
    "ON CONFLICT (run, keyid, subject) DO UPDATE SET document = excluded.document"
)
_OPEN_ITEMS = (
    "SELECT items.document FROM items JOIN runs ON runs.id = items.run WHERE outcome IS NULL "  # noqa: S608  our own text
    "AND run = coalesce(?, run) AND json_extract(runs.document, '$.status') "
    f"NOT IN ({', '.join('?' for _ in OVER)}) ORDER BY items.created_at, items.id"
)
_RUNS = "SELECT document FROM runs ORDER BY created_at DESC, id DESC"
_ASKED = (
    "SELECT (SELECT count(*) FROM control WHERE run = ?1 AND cancel = 1), "
    "(SELECT count(*) FROM paused WHERE run = ?1), (SELECT count(*) FROM halts)"
)
_EVENT = "INSERT INTO events (run, document) VALUES (?, ?)"
_FIRST = "(SELECT min(number) FROM events WHERE run = ?1)"
_EVENTS = (
    f"SELECT number - {_FIRST} + 1, document FROM events WHERE run = ?1 AND number >= {_FIRST} + ?2 ORDER BY number"  # noqa: S608  our own text
)


class StoredIndex:
    """Implements :class:`orchestrator.ports.RunIndex` on a database. Safe to call from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = threading.RLock()
        self._staged: list[tuple[str, tuple[object, ...]]] = []
        self._staged_blobs: dict[Digest, bytes] = {}
        self._staged_effects: dict[str, Digest] = {}
        self._flushed_at = time.monotonic()
        self._riding: Riding | None = None
        self.hears: Callable[[Event], None] | None = None
        """Told of every event that is emitted here."""

    def close(self) -> None:
        """Write what is staged and close the connection."""
        try:
            self.flush()
        finally:
            self._database.close()

    def add_run(self, run: Run) -> None:
        with self._write() as db:
            db.execute("INSERT INTO runs VALUES (?, ?, ?)", (run.id, run.created_at.isoformat(), run.model_dump_json()))

    def save_run(self, run: Run) -> None:
        with self._write() as db:
            db.execute("UPDATE runs SET document = ? WHERE id = ?", (run.model_dump_json(), run.id))

    def run(self, run: RunId) -> Run:
        rows = self._read("SELECT document FROM runs WHERE id = ?", (run,))
        if not rows:
            raise UsageError("RUN001", f"There is no run {run} of this repository.", "handrail runs")
        return _run(rows[0][0])

    def runs(self) -> tuple[Run, ...]:
        return tuple(run for row in self._read(_RUNS) if (run := _run(row[0])).workflow != DRILL)

    def run_rows(self) -> list[dict[str, Any]]:
        """As :meth:`runs`, but the JSON objects that were written: a list needs no more."""
        rows = (json.loads(row[0]) for row in self._read(_RUNS))
        return [row for row in rows if row["workflow"] != DRILL]

    def add_item(self, item: ReviewItem) -> None:
        with self._write() as db:
            self.insert_item(db, item)

    def insert_item(self, db: Statements, item: ReviewItem) -> None:
        """An item in a neighbour's transaction."""
        db.execute(
            "INSERT INTO items (id, run, created_at, document) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            (item.id, item.run, item.created_at.isoformat(), item.model_dump_json()),
        )

    def item(self, item: str) -> ReviewItem:
        rows = self._read("SELECT document FROM items WHERE id = ?", (item,))
        if not rows:
            raise UsageError("REV001", f"There is no review item {item}.", "handrail review list")
        return _item(rows[0][0])

    def open_items(self, run: RunId | None = None) -> tuple[ReviewItem, ...]:
        return tuple(_item(text) for text in self._open_items(run))

    def open_item_rows(self) -> list[dict[str, Any]]:
        """As :meth:`open_items` of all runs, but the JSON objects that were written."""
        return [json.loads(text) for text in self._open_items(None)]

    def _open_items(self, run: RunId | None) -> list[str]:
        return [row[0] for row in self._read(_OPEN_ITEMS, (run, *sorted(OVER)))]

    def items_of(self, run: RunId) -> tuple[tuple[ReviewItem, str | None], ...]:
        """Every item of a run with its outcome, oldest first."""
        rows = self._read("SELECT document, outcome FROM items WHERE run = ? ORDER BY created_at, rowid", (run,))
        return tuple((_item(row[0]), row[1]) for row in rows)

    def close_item(self, item: str, outcome: str) -> None:
        with self._write() as db:
            db.execute("UPDATE items SET outcome = ? WHERE id = ? AND outcome IS NULL", (outcome, item))

    def outcome(self, item: str) -> str | None:
        rows = self._read("SELECT outcome FROM items WHERE id = ?", (item,))
        return rows[0][0] if rows else None

    def add_decision(self, item: str, keyid: str, envelope: bytes, comes_to: ComesTo | None = None) -> str | None:
        ask: ComesTo = comes_to or (lambda _: None)
        with self._write() as db:
            row = db.execute("SELECT outcome FROM items WHERE id = ?", (item,)).fetchone()
            closed = (row[0] or ask(self.decisions(item))) if row else "no item"
            if closed:
                text = f"Somebody was faster: {item} is closed ({closed}), and your decision is not counted."
                raise UsageError("REV002", text, "handrail review list")
            if db.execute("SELECT 1 FROM decisions WHERE item = ? AND keyid = ?", (item, keyid)).fetchone():
                raise UsageError("REV003", "This key has already decided on this item.", f"handrail review show {item}")
            db.execute("INSERT INTO decisions (item, keyid, envelope) VALUES (?, ?, ?)", (item, keyid, envelope))
            outcome = ask(self.decisions(item))
            db.execute("UPDATE items SET outcome = ? WHERE id = ?", (outcome, item))
        return outcome

    def decisions(self, item: str) -> tuple[bytes, ...]:
        return tuple(
            row[0] for row in self._read("SELECT envelope FROM decisions WHERE item = ? ORDER BY number", (item,))
        )

    def take_back_decision(self, item: str, keyid: str) -> None:
        with self._write() as db:
            gone = db.execute("DELETE FROM decisions WHERE item = ? AND keyid = ?", (item, keyid)).rowcount
            if not gone:
                raise UsageError("REV033", "This key has not decided on this item.", f"handrail review show {item}")
            db.execute("UPDATE items SET outcome = NULL WHERE id = ?", (item,))

    def put_draft(self, run: RunId, keyid: str, subject: str, document: Digest) -> None:
        with self._write() as db:
            db.execute(_DRAFT, (run, keyid, subject, document))

    def drop_draft(self, run: RunId, keyid: str, subject: str) -> None:
        with self._write() as db:
            db.execute("DELETE FROM drafts WHERE run = ? AND keyid = ? AND subject = ?", (run, keyid, subject))

    def drafts(self, run: RunId, keyid: str) -> dict[str, Digest]:
        rows = self._read("SELECT subject, document FROM drafts WHERE run = ? AND keyid = ?", (run, keyid))
        return {row[0]: Digest(row[1]) for row in rows}

    def add_comment(self, item: str, comment: Digest) -> None:
        with self._write() as db:
            db.execute("INSERT INTO comments (item, comment) VALUES (?, ?)", (item, comment))

    def comments(self, item: str) -> tuple[Digest, ...]:
        rows = self._read("SELECT comment FROM comments WHERE item = ? ORDER BY number", (item,))
        return tuple(Digest(row[0]) for row in rows)

    def flush(self) -> None:
        """Make everything that was staged durable."""
        with self._turn:
            if self._staged:
                with self._write():
                    pass

    def settle(self) -> None:
        """Make durable what a checkpoint may refer to. Events that the checkpoint itself brings along may wait."""
        with self._turn:
            if len(self._staged) > (self._riding.staged if self._riding else 0):
                self.flush()

    @contextmanager
    def ride(self, run: RunId, found: Numbered) -> Iterator[Riding]:
        """While it lasts, this run's events may go with its checkpoints. ``found`` are those that its last one had.

        They are put here first unless they have arrived.
        """
        self.ensure_table("carried", CARRIED)
        rows = self._read("SELECT number FROM carried WHERE run = ?", (run,))
        arrived = int(rows[0][0]) if rows else 0
        new = [(number, document) for number, document in found if number > arrived]
        if new:
            with self._write() as db:
                db.executemany(_EVENT, [(run, document) for _, document in new])
                db.execute(ARRIVED, (run, new[-1][0]))
        self._riding = riding = Riding(run, new[-1][0] if new else arrived)
        try:
            yield riding
        finally:
            with self._turn:
                self._staged += self._ridden()
                self._riding = None

    def _ridden(self) -> list[tuple[str, tuple[object, ...]]]:
        """What makes known that the staged events have arrived."""
        return [(ARRIVED, self._riding.last())] if self._riding and self._riding.staged else []

    def forget_staged(self) -> None:
        """Let go of what was staged: it is of an owner that is none any more."""
        with self._turn:
            self._written()

    def stage_blob(self, digest: Digest, data: bytes) -> None:
        """Keep a blob with the next write."""
        with self._turn:
            if digest not in self._staged_blobs:
                self._staged_blobs[digest] = data
                self._staged.append(("INSERT INTO blobs VALUES (?, ?) ON CONFLICT DO NOTHING", (digest, data)))

    def has_staged(self, digest: Digest) -> bool:
        """Whether a blob goes out with the next write."""
        with self._turn:
            return digest in self._staged_blobs

    def blob(self, digest: Digest) -> bytes | None:
        """A blob that is kept here, staged or written."""
        with self._turn:
            staged = self._staged_blobs.get(digest)
            if staged is not None:
                return staged
            rows = self._read("SELECT data FROM blobs WHERE digest = ?", (digest,))
            return rows[0][0] if rows else None

    def erase_blobs(self, digests: Sequence[Digest]) -> None:
        """Delete blobs and overwrite their pages, so that no copy stays in the file or in its journal."""
        with self._turn:
            self.flush()
            self._database.erase("DELETE FROM blobs WHERE digest = ?", [(d,) for d in digests])
            for digest in digests:
                self._staged_blobs.pop(digest, None)

    def emit(self, event: Event) -> None:
        if self.hears is not None:
            self.hears(event)
        document = event.model_dump_json()
        with self._turn:
            self._staged.append((_EVENT, (event.run, document)))
            if self._riding is not None and event.run == self._riding.run:
                self._riding.add(document)
            if time.monotonic() - self._flushed_at > _STAGE_SECONDS:
                self.flush()

    def events(self, run: RunId, after: int = 0) -> Sequence[tuple[int, Event]]:
        from orchestrator.models.event import Event  # noqa: PLC0415  costs start-up

        self.flush()
        rows = self._read(_EVENTS, (run, after))
        return [(row[0], Event.model_validate_json(row[1])) for row in rows]

    def effect(self, key: str) -> Digest | None:
        with self._turn:
            staged = self._staged_effects.get(key)
            if staged is not None:
                return staged
            rows = self._read("SELECT result FROM effects WHERE key = ?", (key,))
            return Digest(rows[0][0]) if rows else None

    def record_effect(self, key: str, result: Digest) -> None:
        with self._turn:
            if self.effect(key) is None:
                self._staged_effects[key] = result
                self._staged.append(("INSERT INTO effects VALUES (?, ?) ON CONFLICT DO NOTHING", (key, result)))

    def ask_to_cancel(self, run: RunId) -> None:
        with self._write() as db:
            db.execute("INSERT INTO control VALUES (?, 1) ON CONFLICT (run) DO UPDATE SET cancel = 1", (run,))

    def asked(self, run: RunId) -> Asked:
        from orchestrator.ports.storage import Asked  # noqa: PLC0415  costs start-up

        cancel, pause, halts = self._read(_ASKED, (run,))[0]
        return Asked(bool(cancel), bool(pause), halts)

    def set_paused(self, run: RunId, *, paused: bool) -> None:
        statement = (
            "INSERT INTO paused VALUES (?) ON CONFLICT DO NOTHING" if paused else "DELETE FROM paused WHERE run = ?"
        )
        with self._write() as db:
            db.execute(statement, (run,))

    @contextmanager
    def transaction(self) -> Iterator[Statements]:
        """One immediate transaction of a neighbour in this room; durable when the context ends."""
        with self._write() as db:
            yield db

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """What a neighbour in this room asks; writes nothing."""
        return self._read(query, values)

    def has_table(self, name: str) -> bool:
        """Whether a neighbour's table is there."""
        return self._database.has_table(name)

    def ensure_table(self, name: str, *statements: str) -> None:
        """Make a neighbour's table where it is not there yet."""
        if not self.has_table(name):
            with self._write() as db:
                for statement in statements:
                    db.execute(statement)

    def add_steer(self, run: RunId, step: StepId, text: Digest) -> None:
        with self._write() as db:
            db.execute("INSERT INTO steers (run, step, text) VALUES (?, ?, ?)", (run, step, text))

    def steers(self, run: RunId, step: StepId) -> tuple[Digest, ...]:
        rows = self._read("SELECT text FROM steers WHERE run = ? AND step = ? ORDER BY number", (run, step))
        return tuple(Digest(row[0]) for row in rows)

    def _read(self, query: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        with self._turn:
            return self._database.read(query, values)

    @contextmanager
    def _write(self) -> Iterator[Statements]:
        with self._turn:
            with self._database.transaction() as db:
                for statement, values in (*self._staged, *self._ridden()):
                    db.execute(statement, values)
                yield db
            self._written()

    def _written(self) -> None:
        self._staged.clear()
        self._staged_blobs.clear()
        self._staged_effects.clear()
        if self._riding is not None:
            self._riding.have_arrived()
        self._flushed_at = time.monotonic()


class SqliteIndex(StoredIndex):
    """On one SQLite file. Raises as :class:`~orchestrator.store.database.SqliteDatabase`."""

    def __init__(self, path: Path) -> None:
        super().__init__(SqliteDatabase(path))


def _run(text: str) -> Run:
    from orchestrator.models.run import Run  # noqa: PLC0415  costs start-up

    return Run.model_validate_json(text)


def _item(text: str) -> ReviewItem:
    from orchestrator.models.decision import ReviewItem  # noqa: PLC0415  costs start-up

    return ReviewItem.model_validate_json(text)
