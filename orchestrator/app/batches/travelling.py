"""The runs of a batch over the remotes of their repositories (D15)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.batches.beginning import known
from orchestrator.app.project import open_project
from orchestrator.errors import HandrailError
from orchestrator.models.run import RunStatus
from orchestrator.store.carrying import travelling

if TYPE_CHECKING:
    from orchestrator.app.remotes.arriving import Brought
    from orchestrator.app.remotes.post import Asked
    from orchestrator.app.remotes.travel import Sent
    from orchestrator.models.batch import Batch
    from orchestrator.models.ids import Digest, RunId

_TRAVELS = frozenset({RunStatus.WAITING, RunStatus.STOPPED, RunStatus.DONE})
"""Those that somebody else can decide, go on with, or merge."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One run: what was sent of it, or why nothing was."""

    run: RunId
    sent: Sent | None = None
    problem: HandrailError | None = None


def push_all(batch: Batch, asked: Asked) -> Iterator[Posted]:
    """Send each run that waits, was stopped or is done. One that cannot be sent is named and stops no other."""
    from orchestrator.app.remotes import travel

    for entry in batch.entries:
        with open_project(Path(entry.repo)) as project:
            run = known(project, entry.run)
            if run is None or run.status not in _TRAVELS:
                continue
            try:
                yield Posted(run.id, travel.push(project, run, asked))
            except HandrailError as problem:
                yield Posted(run.id, problem=problem)


def pull_all(batch: Batch, key: Path | None, trust: Digest | None) -> Iterator[Brought]:
    """Bring the decisions on each run that was sent to a remote, before the batch goes on.

    Raises as :func:`~orchestrator.app.remotes.arriving.pull`.
    """
    from orchestrator.app.remotes import arriving
    from orchestrator.app.remotes.post import Asked

    for entry in batch.entries:
        with open_project(Path(entry.repo)) as project:
            there = travelling(project.index, entry.run)
            if there is not None and there.held:
                yield arriving.pull(project, entry.run, Asked(there.remote, key, trust))
