"""Batches as lists and as one: read from their runs, nothing is kept beside those."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator.app.batches import book
from orchestrator.app.batches.conducting import standing_of
from orchestrator.app.batches.reports import row
from orchestrator.app.project import Project, open_project
from orchestrator.app.runs.cancel import cancel
from orchestrator.app.runs.pausing import pause, unpause
from orchestrator.errors import UsageError


def rows() -> list[dict[str, Any]]:
    """All batches of this user, newest first."""
    return [_row(name) for name in book.names()]


def one(name: str) -> dict[str, Any]:
    """A batch and where each of its runs stands. Raises ``UsageError`` (BAT001)."""
    batch = book.load(name)
    return {**_row(name), "runs": [row(standing_of(entry)) for entry in batch.entries]}


def cancel_all(name: str) -> list[str]:
    """End every run of a batch that has begun and is not over; a sentence each. What has not begun stays so."""
    return _each(name, cancel)


def pause_all(name: str) -> list[str]:
    """Let every run of a batch that has begun and is not over come to rest; a sentence each."""
    return _each(name, pause)


def unpause_all(name: str) -> None:
    """Before a batch goes on."""
    for entry in book.load(name).entries:
        with open_project(Path(entry.repo)) as project:
            unpause(project, entry.run)


def _each(name: str, act: Callable[[Project, str], str]) -> list[str]:
    told = list[str]()
    for entry in book.load(name).entries:
        with open_project(Path(entry.repo)) as project:
            try:
                told.append(act(project, entry.run))
            except UsageError as problem:
                told.append(problem.message)
    return told


def _row(name: str) -> dict[str, Any]:
    batch = book.load(name)
    return {
        "batch": batch.id,
        "created_at": batch.created_at.isoformat(),
        "merge": batch.merge.value,
        "standing": dict(Counter(standing_of(entry).standing.value for entry in batch.entries)),
    }
