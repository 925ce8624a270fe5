"""``runs.db`` of an earlier version, brought forward: one version after another, in the transaction that opens it.

``schema.sql`` is the newest; a new file gets it whole. Whoever changes it writes down here how a file of the version
before becomes one, keeps a file of that version in ``tests/data/stores``, and the test that compares the two schemas
decides. There is no way back: an earlier Handrail refuses the file (STORE013).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.store.database import Statements

VERSION = 4
_STEERS = (
    "CREATE TABLE IF NOT EXISTS steers (number INTEGER PRIMARY KEY, run TEXT NOT NULL, step TEXT NOT NULL, "
    "text TEXT NOT NULL) STRICT"
)
_BLOBS = "CREATE TABLE IF NOT EXISTS blobs (digest TEXT PRIMARY KEY, data BLOB NOT NULL) STRICT, WITHOUT ROWID"
_DRAFTS = """CREATE TABLE drafts (
    run TEXT NOT NULL,
    keyid TEXT NOT NULL,
    subject TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (run, keyid, subject)
) STRICT, WITHOUT ROWID"""
_HALTS = "CREATE TABLE IF NOT EXISTS halts (number INTEGER PRIMARY KEY, line BLOB NOT NULL) STRICT"
_PAUSED = "CREATE TABLE paused (run TEXT PRIMARY KEY) STRICT, WITHOUT ROWID"
CHANGES: dict[int, tuple[str, ...]] = {2: (_BLOBS, _STEERS, _DRAFTS), 3: (_HALTS,), 4: (_PAUSED,)}
"""Version → what makes it of the one before. Version 1 gained two tables before it was counted on; 4 is also what a
run's document may say, which a Handrail of version 3 cannot read."""


def bring_forward(db: Statements, version: int) -> None:
    """Inside a transaction. ``version`` is the file's; 0 is a file without any table."""
    if version == 0:
        schema = Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
        statements = [text for text in schema.split(";") if text.strip()]
    else:
        statements = [text for step in range(version + 1, VERSION + 1) for text in CHANGES[step]]
    for statement in statements:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
