"""The events of a run as they come, for who watches it from elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator
from typing import Final

from orchestrator.app.project import Project
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import RunId
from orchestrator.models.run import OVER

EVERY_SECONDS: Final = 0.25


def so_far(
    project: Project, run: RunId, after: int = 0, kinds: Collection[EventKind] = ()
) -> Iterator[tuple[int, Event]]:
    """Number and event, oldest first, of ``kinds`` or of all."""
    return ((n, e) for n, e in project.index.events(run, after) if not kinds or e.kind in kinds)


def follow(
    project: Project,
    run: RunId,
    after: int = 0,
    kinds: Collection[EventKind] = (),
    pause: Callable[[float], None] = time.sleep,
) -> Iterator[tuple[int, Event]]:
    """As :func:`so_far`, and on until the run is over. A run that waits for a person is not. Raises RUN001."""
    while True:
        over = project.index.run(run).status in OVER  # before the events: none that follows can be missed
        told = project.index.events(run, after)
        yield from ((n, e) for n, e in told if not kinds or e.kind in kinds)
        after = told[-1][0] if told else after
        if over:
            return
        pause(EVERY_SECONDS)
