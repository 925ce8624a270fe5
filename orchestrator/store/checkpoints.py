"""LangGraph's checkpoints of one run: synchronous, and with a serializer that rebuilds no foreign type."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from orchestrator.errors import StoreError
from orchestrator.store.sealing import Seal, StateSerializer
from orchestrator.store.whole import make_folder

if TYPE_CHECKING:
    from orchestrator.store.saver import StateSaver

_LOG_PAGES = 64
"""Of 4 KiB: the log beside the file stays small, at the price of one more wait for the disk in some dozens."""
_KEEP_TWO = """
CREATE TRIGGER IF NOT EXISTS keep_two AFTER INSERT ON checkpoints BEGIN
    DELETE FROM checkpoints
    WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns AND checkpoint_id NOT IN (
        SELECT checkpoint_id FROM checkpoints
        WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns
        ORDER BY checkpoint_id DESC LIMIT 2
    );
    DELETE FROM writes
    WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns AND checkpoint_id < (
        SELECT min(checkpoint_id) FROM checkpoints
        WHERE thread_id = NEW.thread_id AND checkpoint_ns = NEW.checkpoint_ns
    );
END
"""


@contextmanager
def checkpoints(path: Path, key: bytes | None = None, *, in_turns: bool = False) -> Iterator[StateSaver]:
    """A saver on ``path`` (WAL, ``synchronous=FULL``). State may hold only str, int, list, dict, bool and None.

    With a ``key`` every value is sealed for the run whose folder this is, and nothing else is read.

    The strict allow-list is passed explicitly: the library's default rebuilds
    any type that a row names. Only the newest checkpoint and the one before it
    are kept: each holds the whole state, so that all of them would grow with the
    square of the steps. The old ones go in the transaction that writes the new.
    ``in_turns`` is for the graph of a workflow alone (:mod:`orchestrator.store.alone`).

    Raises ``StoreError``: STORE020 cannot be opened, STORE021 cannot be written
    (a full disk), also for what happens inside the context; as ``StateSerializer`` on reading.
    """
    from orchestrator.store.saver import RIDING, StateSaver  # noqa: PLC0415  costs start-up

    make_folder(path.parent)
    try:
        db = sqlite3.connect(path, check_same_thread=False)
    except sqlite3.Error as problem:
        raise StoreError("STORE020", f"Cannot open {path}: {problem}.", "handrail doctor") from problem
    try:
        saver = StateSaver(db, serde=serializer(path.parent.name, key), in_turns=in_turns)
        saver.setup()
        db.execute(_KEEP_TWO)
        db.execute(RIDING)
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
        db.execute("PRAGMA journal_size_limit = 0")
        yield saver
    except sqlite3.Error as problem:
        hint = "free space, then resume the run" if "full" in str(problem) else "handrail doctor"
        raise StoreError("STORE021", f"Cannot write {path}: {problem}.", hint) from problem
    finally:
        db.close()


def serializer(run: str, key: bytes | None) -> StateSerializer:
    """The strict one, sealed for the run when there is a key."""
    from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer  # noqa: PLC0415  costs start-up

    strict = JsonPlusSerializer(pickle_fallback=False, allowed_msgpack_modules=None)
    return StateSerializer(strict, Seal(key, f"checkpoints of {run}") if key is not None else None)


_COLUMNS = {
    "checkpoints": "thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata",
    "writes": "thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, value",
}
Dump = dict[str, list[list[Any]]]
"""Table → rows; bytes are ``{"b": base64}``."""


_SEALED = {"checkpoints": 4, "writes": 7}
"""Table → where the kind of its value stands; the value is beside it."""


def dump(path: Path, key: bytes | None = None) -> tuple[Dump, list[object]]:
    """The rows, unsealed, and every value in them as the graph reads it. Nothing for a run that has not begun."""
    if not path.exists():
        return {}, []
    with checkpoints(path, key) as saver:
        opened = serializer(path.parent.name, key).opened
        rows = {t: saver.conn.execute(f"SELECT {c} FROM {t}").fetchall() for t, c in _COLUMNS.items()}  # noqa: S608  our own names
        kept = [(row[4], row[5]) for row in rows["checkpoints"]] + [(row[7], row[8]) for row in rows["writes"]]
        values: list[object] = [saver.serde.loads_typed(one) for one in kept if one[0]]
        plain = {t: [_valued(row, _SEALED[t], opened) for row in found] for t, found in rows.items()}
    return {table: [[_out(v) for v in row] for row in found] for table, found in plain.items()}, values


def load(path: Path, rows: Dump, key: bytes | None = None) -> None:
    """Replace what is at ``path`` by these rows, in one transaction; sealed when there is a key."""
    with checkpoints(path, key) as saver:
        closed = serializer(path.parent.name, key).closed
        saver.conn.execute("DELETE FROM riding")  # the events come with the rows of ``runs.db``
        for table, columns in _COLUMNS.items():
            saver.conn.execute(f"DELETE FROM {table}")  # noqa: S608  our own names
            marks = ", ".join("?" for _ in columns.split(","))
            statement = f"INSERT INTO {table} ({columns}) VALUES ({marks})"  # noqa: S608  the same
            cells = [[_in(v) for v in row] for row in rows.get(table, [])]
            saver.conn.executemany(statement, [_valued(row, _SEALED[table], closed) for row in cells])
        saver.conn.commit()


def _valued(row: Sequence[Any], kind: int, change: Callable[[str, bytes], tuple[str, bytes]]) -> list[Any]:
    """A row with its value sealed or unsealed; one without a value as it is."""
    if not row[kind]:
        return list(row)
    return [*row[:kind], *change(row[kind], row[kind + 1]), *row[kind + 2 :]]


def _out(value: object) -> object:
    return {"b": base64.b64encode(value).decode()} if isinstance(value, bytes) else value


def _in(value: Any) -> Any:  # noqa: ANN401  a cell of any type
    return base64.b64decode(cast("dict[str, str]", value)["b"]) if isinstance(value, dict) else value
