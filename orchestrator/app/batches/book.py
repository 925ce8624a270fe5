"""Where batches are kept: ``$XDG_STATE_HOME/handrail/batches/<id>/``, in a cluster in its shared folder."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError

from orchestrator.app.cluster.settings import cluster
from orchestrator.errors import StoreError, UsageError
from orchestrator.models.batch import Batch
from orchestrator.models.ids import RunId
from orchestrator.store.budgets import StoredBudgets
from orchestrator.store.index import SqliteIndex, StoredIndex
from orchestrator.store.layout import state_home
from orchestrator.store.whole import write_whole

_FILE = "batch.json"
_ID = re.compile(r"B\d{8}-[a-z2-9]{6}")


def is_batch(name: str) -> bool:
    """Whether a name is a batch's rather than a run's."""
    return _ID.fullmatch(name) is not None


def folder_of(batch: str) -> Path:
    """Raises ``UsageError`` (BAT001) for what is no batch's name."""
    if not is_batch(batch):
        raise UsageError("BAT001", f"{batch!r} is no batch.", "handrail runs --batches")
    return _home() / batch


def save(batch: Batch) -> None:
    """Write a new batch once and for all: durable, whole or not at all. Raises ``StoreError`` (STORE005)."""
    folder = folder_of(batch.id)
    try:
        write_whole(folder / _FILE, batch.to_bytes())
    except OSError as problem:
        text = f"Cannot write {folder}: {problem.strerror}."
        raise StoreError("STORE005", text, "check the folder's owner, mode and space") from problem


def load(batch: str) -> Batch:
    """Raises ``UsageError`` (BAT001) for one that is not here, ``StoreError`` (STORE003) for one that was altered."""
    path = folder_of(batch) / _FILE
    try:
        return Batch.model_validate_json(path.read_bytes())
    except FileNotFoundError as problem:
        raise UsageError("BAT001", f"There is no batch {batch}.", "handrail runs --batches") from problem
    except (OSError, ValidationError) as problem:
        raise StoreError("STORE003", f"{path} cannot be read as a batch.", "restore it from a backup") from problem


def shared(batch: str) -> Batch:
    """The batch whose ceiling a run shares. Raises ``UsageError`` (BAT008) where it is not, and as :func:`load`."""
    try:
        return load(batch)
    except UsageError as problem:
        text = f"The run shares the ceiling of batch {batch}, which is not on this machine."
        raise UsageError("BAT008", text, "go on where the batch is") from problem


def names() -> list[str]:
    """Of all batches of this user, newest first; without one whose command was killed before it was written."""
    home = _home()
    entries = home.iterdir() if home.is_dir() else ()
    found = [entry.name for entry in entries if is_batch(entry.name) and (entry / _FILE).is_file()]
    return sorted(found, key=lambda name: (home / name).stat().st_mtime, reverse=True)


def _home() -> Path:
    joined = cluster()
    return (Path(joined.shared) if joined else state_home()) / "batches"


def open_index(batch: str) -> StoredIndex:
    """The batch's own database, or the cluster's: what its runs have set aside and spent."""
    joined = cluster()
    if joined is None:
        return SqliteIndex(folder_of(batch) / "runs.db")
    from orchestrator.store.cluster.database import SHARED, PostgresDatabase
    from orchestrator.store.cluster.pools import open_pool

    return StoredIndex(PostgresDatabase(open_pool(joined.database, SHARED)))


def budgets(index: StoredIndex, batch: Batch) -> StoredBudgets:
    """What all runs of a batch may spend together."""
    ceiling = batch.ceiling
    tokens = 2**62 if ceiling.budget_tokens is None else ceiling.budget_tokens
    return StoredBudgets(index, RunId(batch.id), tokens, ceiling.budget_usd)
