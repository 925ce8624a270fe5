"""Events of a run that reach the disk with its checkpoint, and ``runs.db`` with the next write there.

A superstep would wait for the disk twice: for its events in ``runs.db``, then for its checkpoint. Here the events lie
in the checkpoint's own transaction (``checkpoints.db``, table ``riding``) until ``runs.db`` is written anyway. Each has
a number. ``runs.db`` remembers, in the transaction that brings them, the last that arrived (table ``carried``), so
after a crash whoever advances the run brings the others, each once and in their order.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from orchestrator.models.ids import RunId

CARRIED = "CREATE TABLE IF NOT EXISTS carried (run TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID"
ARRIVED = "INSERT INTO carried VALUES (?, ?) ON CONFLICT (run) DO UPDATE SET number = excluded.number"

Numbered = Sequence[tuple[int, str]]
"""Events with their numbers, as JSON."""


class Carries(Protocol):
    """What a saver asks around each checkpoint. Safe to call from several threads."""

    def arrived(self) -> int:
        """The last number that is in ``runs.db``: up to it nothing need be kept."""
        ...

    def waiting(self) -> Numbered:
        """Those that no checkpoint has brought yet."""
        ...

    def brought(self, number: int) -> None:
        """A checkpoint with them, up to this number, is on the disk."""
        ...


class Riding:
    """Implements :class:`Carries` for the one run that this process advances."""

    def __init__(self, run: RunId, arrived: int) -> None:
        self.run = run
        self._turn = threading.Lock()
        self._arrived = self._brought = self._last = arrived
        self._staged: deque[tuple[int, str]] = deque()

    def add(self, document: str) -> None:
        """An event that is staged for ``runs.db`` too."""
        with self._turn:
            self._last += 1
            self._staged.append((self._last, document))

    @property
    def staged(self) -> int:
        """How many have not arrived."""
        with self._turn:
            return len(self._staged)

    def last(self) -> tuple[RunId, int]:
        """The row of ``carried`` that goes with all that is staged."""
        with self._turn:
            return self.run, self._last

    def have_arrived(self) -> None:
        """Everything that was staged is in ``runs.db``."""
        with self._turn:
            self._arrived = self._last
            self._staged.clear()

    def arrived(self) -> int:
        with self._turn:
            return self._arrived

    def waiting(self) -> Numbered:
        with self._turn:
            return [row for row in self._staged if row[0] > self._brought]

    def brought(self, number: int) -> None:
        with self._turn:
            self._brought = max(self._brought, number)
