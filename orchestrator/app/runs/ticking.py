"""Timers fired, and the runs that waited for them advanced (D16)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.app.project import Project
from orchestrator.app.runs.start import go_on
from orchestrator.errors import HandrailError
from orchestrator.models.ids import Digest, RunId
from orchestrator.models.run import RunStatus


def tick(project: Project, *, key: Path | None, trust: Digest | None) -> Iterator[tuple[RunId, HandrailError | None]]:
    """Each run that went on because a timer of it had fired since it was parked, and why not where it could not."""
    now = project.clock.now()
    project.timers.ticked(now)
    project.timers.fire(now)
    for run, at in project.timers.rang().items():
        row = project.index.run(run)
        if row.status is not RunStatus.WAITING or at < row.updated_at:
            continue
        try:
            go_on(project, row, key=key, trust=trust)
        except HandrailError as error:
            yield run, error
        else:
            yield run, None
