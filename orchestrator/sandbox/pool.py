"""Containers made before they are asked for: each is used once, by one request of exactly its kind, and never again.

A pooled container is as hardened, inspected and labelled as any other; nothing of a project's tree is in it yet. Its
supervisor ends itself after ``IDLE_SECONDS`` of waiting, and at once when its owner dies; whoever takes it sets its
wall time anew.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from queue import SimpleQueue

from orchestrator.errors import HandrailError
from orchestrator.models.ids import Digest, RunId, canonical, sha256
from orchestrator.ports import SandboxRequest
from orchestrator.sandbox.channel import Channel

IDLE_SECONDS = 300
_STALE_SECONDS = 240
_KINDS = 4
POOL = RunId("pool")


@dataclass(frozen=True, slots=True)
class Made:
    """A started container and the channel to its supervisor. ``made_at`` is on ``time.monotonic``'s clock."""

    container: str
    channel: Channel
    made_at: float

    def fit(self) -> bool:
        """Whether it waits for a command: one that has anything to say has ended, or lies."""
        return time.monotonic() - self.made_at < _STALE_SECONDS and self.channel.is_quiet()


def kind(request: SandboxRequest) -> Digest:
    """What two requests must share to be given the same container: everything but whose they are, and the wall time."""
    limits = request.limits.model_dump() | {"wall_seconds": 0}
    services = [service.model_dump(mode="json") for service in request.services]
    mounts = [request.environment, request.node_modules, request.packages, request.open_tree, request.image]
    return sha256(canonical([limits, services, mounts]))


class Pool:
    """``size`` containers of each kind that was asked for, kept up by one thread until :meth:`close`.

    With a size of 0 only what :meth:`warm` orders is made, one at a time.

    ``make`` and ``remove`` are the provider's own. A container that cannot be made ahead is none: whoever asks then
    gets it made, and the error, there.
    """

    def __init__(self, size: int, make: Callable[[SandboxRequest], Made], remove: Callable[[Made], None]) -> None:
        self._size, self._make, self._remove = size, make, remove
        self._lock = threading.Lock()
        self._ready: OrderedDict[Digest, deque[Made]] = OrderedDict()
        self._owed: dict[Digest, int] = {}
        self._orders: SimpleQueue[SandboxRequest | None] = SimpleQueue()
        self._closed = False
        self._worker: threading.Thread | None = None

    def take(self, request: SandboxRequest) -> Made | None:
        """One of this kind, never given to anybody else; more are made behind. ``None`` when there is none yet."""
        found = None
        while found is None:
            with self._lock:
                waiting = self._ready.get(kind(request))
                candidate = waiting.popleft() if waiting else None
            if candidate is None:
                break
            if candidate.fit():
                found = candidate
            else:
                self._remove(candidate)
        if self._size:
            self.warm(request)
        return found

    def warm(self, request: SandboxRequest) -> None:
        """Have ``size`` of this kind, and at least one, made in the background."""
        key = kind(request)
        ordered = replace(request, key="pool", run=POOL)
        with self._lock:
            there = len(self._ready.setdefault(key, deque())) + self._owed.get(key, 0)
            missing = 0 if self._closed else max(0, max(self._size, 1) - there)
            self._owed[key] = self._owed.get(key, 0) + missing
            self._ready.move_to_end(key)
            forgotten = self._ready.popitem(last=False)[1] if len(self._ready) > _KINDS else ()
            if missing and self._worker is None:
                self._worker = threading.Thread(target=self._work, name="sandbox-pool", daemon=True)
                self._worker.start()
        for made in forgotten:
            self._remove(made)
        for _ in range(missing):
            self._orders.put(ordered)

    def waiting(self) -> int:
        """How many are ready."""
        with self._lock:
            return sum(map(len, self._ready.values()))

    def close(self) -> None:
        """Remove all, also one that is just being made. Idempotent."""
        with self._lock:
            first, self._closed = not self._closed, True
        if first and self._worker is not None:
            self._orders.put(None)
            self._worker.join()
        with self._lock:
            left = [made for waiting in self._ready.values() for made in waiting]
            self._ready.clear()
        for made in left:
            self._remove(made)

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            key = kind(order)
            try:
                made = None if self._closed else self._make(order)
            except HandrailError:
                made = None
            with self._lock:
                self._owed[key] -= 1
                keep = made is not None and not self._closed
                keep = keep and key in self._ready
                if made is not None and keep:
                    self._ready[key].append(made)
            if made is not None and not keep:
                self._remove(made)
