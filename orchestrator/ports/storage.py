"""Blobs, the index of runs, the clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from orchestrator.models.decision import ReviewItem
from orchestrator.models.event import Event
from orchestrator.models.ids import Digest, RunId, StepId
from orchestrator.models.run import Run
from orchestrator.models.workflow_parts import Channel

ComesTo = Callable[[Sequence[bytes]], str | None]
"""What the lines of an item's decisions come to; ``None`` while it is open."""


class Asked(NamedTuple):
    """``halts`` is how many orders to halt were ever given here, whatever they are about, lifted ones included."""

    cancel: bool
    pause: bool
    halts: int


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""
        ...


class Blobs(Protocol):
    """Content-addressed bytes.

    A blob is durable after :meth:`flush`, and before any later write of the
    :class:`RunIndex` of the same store. Whoever refers to a blob from elsewhere
    (a checkpoint, a git ref) flushes first.
    """

    def put(self, data: bytes) -> Digest:
        """Raises :class:`~orchestrator.errors.StoreError` (disk full, no permission)."""
        ...

    def get(self, digest: Digest) -> bytes:
        """The exact bytes, re-digested on the way; also before they are durable.

        Raises ``StoreError`` when absent or altered.
        """
        ...

    def flush(self) -> None:
        """Make every blob durable. Raises ``StoreError``."""
        ...


class Notifier(Protocol):
    """Tells somebody outside that something happened."""

    def tell(self, channel: Channel, to: str, words: str, key: str) -> bool:
        """Whether it left. ``key`` is the idempotency key of this notification. Never raises for what did not leave."""
        ...


class Timers(Protocol):
    """Absolute times at which something that waits ends by itself (D16)."""

    def park(self, run: RunId, key: str, due_at: datetime, item: ReviewItem | None) -> datetime:
        """Remember a timer, with the item that it is of, in one transaction; the time that holds.

        Idempotent: the first time of a key stays.
        """
        ...

    def fire(self, now: datetime) -> tuple[RunId, ...]:
        """Record that every timer that is due has fired, once, and close its item; the runs that have one."""
        ...

    def fired(self, key: str) -> datetime | None:
        """When it fired; ``None`` before."""
        ...

    def due(self, run: RunId) -> datetime | None:
        """The earliest of a run's timers that have not fired."""
        ...


class RunIndex(Protocol):
    """Short transactions by any process on this repository's ``runs.db``."""

    def emit(self, event: Event) -> None:
        """Append an event; durable with the next write."""
        ...

    def settle(self) -> None:
        """Make durable what a checkpoint may refer to; events may reach the disk with the checkpoint. Blobs too."""
        ...

    def add_run(self, run: Run) -> None: ...

    def save_run(self, run: Run) -> None:
        """Replace the row of ``run.id``."""
        ...

    def run(self, run: RunId) -> Run:
        """Raises :class:`~orchestrator.errors.UsageError` for an unknown id."""
        ...

    def runs(self) -> tuple[Run, ...]:
        """Newest first, without those that are drills."""
        ...

    def add_item(self, item: ReviewItem) -> None:
        """Idempotent: an item with the same id stays as it is."""
        ...

    def item(self, item: str) -> ReviewItem:
        """Raises ``UsageError`` for an unknown id."""
        ...

    def open_items(self, run: RunId | None = None) -> tuple[ReviewItem, ...]:
        """Items without an outcome of runs that are not over, oldest first."""
        ...

    def items_of(self, run: RunId) -> tuple[tuple[ReviewItem, str | None], ...]:
        """Every item of a run with its outcome, oldest first."""
        ...

    def close_item(self, item: str, outcome: str) -> None: ...

    def outcome(self, item: str) -> str | None: ...

    def add_decision(self, item: str, keyid: str, envelope: bytes, comes_to: ComesTo | None = None) -> str | None:
        """One per key and item; raises ``UsageError`` when the item is closed or decided, or the key has decided.

        ``comes_to`` is asked in the same transaction, before and after: an outcome closes the item. So of two who
        decide at once one is first, and the other is told. Returns the outcome.
        """
        ...

    def decisions(self, item: str) -> tuple[bytes, ...]:
        """DSSE lines in the order in which they came."""
        ...

    def take_back_decision(self, item: str, keyid: str) -> None:
        """Remove this key's decision and open the item again. Raises ``UsageError`` REV033 when there is none."""
        ...

    def put_draft(self, run: RunId, keyid: str, subject: str, document: Digest) -> None:
        """Keep what a person has noted and not signed, by its subject; a later note replaces it."""
        ...

    def drop_draft(self, run: RunId, keyid: str, subject: str) -> None: ...

    def drafts(self, run: RunId, keyid: str) -> dict[str, Digest]:
        """Subject → stored document of every note of this key in this run."""
        ...

    def add_comment(self, item: str, comment: Digest) -> None:
        """Remember a stored :class:`~orchestrator.models.review.Comment` of an item."""
        ...

    def comments(self, item: str) -> tuple[Digest, ...]:
        """In the order in which they came."""
        ...

    def events(self, run: RunId, after: int = 0) -> Sequence[tuple[int, Event]]:
        """With their numbers, counted from the run's first event: the same in every store that the run comes to."""
        ...

    def effect(self, key: str) -> Digest | None:
        """The recorded result of a side effect, by its idempotency key."""
        ...

    def record_effect(self, key: str, result: Digest) -> None:
        """Remember that a side effect happened. The first result of a key stays."""
        ...

    def ask_to_cancel(self, run: RunId) -> None: ...

    def asked(self, run: RunId) -> Asked:
        """What people want of a run now, in one look."""
        ...

    def set_paused(self, run: RunId, *, paused: bool) -> None:
        """Let nothing more of a run begin, or take that back."""
        ...

    def add_steer(self, run: RunId, step: StepId, text: Digest) -> None:
        """Remember a stored text that a person says to a step."""
        ...

    def steers(self, run: RunId, step: StepId) -> tuple[Digest, ...]:
        """In the order in which they came."""
        ...
