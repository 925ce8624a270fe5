"""Orders to stop as rows beside the runs: added, never changed or taken away."""

from __future__ import annotations

from orchestrator.store.index import StoredIndex


def add(index: StoredIndex, line: bytes) -> None:
    """One signed line. Durable when this returns."""
    with index.transaction() as db:
        db.execute("INSERT INTO halts (line) VALUES (?)", (line,))


def lines(index: StoredIndex) -> tuple[bytes, ...]:
    """All rows, oldest first."""
    return tuple(row[0] for row in index.read("SELECT line FROM halts ORDER BY number"))
