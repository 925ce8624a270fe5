"""Making a cluster's database fit for a repository."""

from __future__ import annotations

from pathlib import Path

from orchestrator.app.cluster.settings import required
from orchestrator.store.cluster import schema
from orchestrator.vcs.repository import repository_id


def upgrade(folder: Path) -> tuple[str, ...]:
    """What was done, a sentence each. Raises ``UsageError`` (CLU005), ``RepositoryError``, ``StoreError``."""
    joined = required()
    return schema.upgrade(joined.database, repository_id(folder))
