"""Containers that have done their work are removed behind whoever used them: an engine takes a tenth of a second."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.pool import Made


class Remover:
    """Removes one after the other in a thread of its own; :meth:`close` waits for all.

    One that the engine does not remove is left as after a crash: the next command removes what dead owners left.
    """

    def __init__(self, remove: Callable[[Made], None]) -> None:
        self._remove = remove
        self._lock = threading.Lock()
        self._thread: ThreadPoolExecutor | None = None
        self._ordered: list[Future[None]] = []

    def order(self, made: Made) -> None:
        """Returns at once."""
        with self._lock:
            self._thread = self._thread or ThreadPoolExecutor(1, "sandbox-removal")
            self._ordered = [one for one in self._ordered if not one.done() or one.exception() is not None]
            self._ordered.append(self._thread.submit(self._try, made))

    def close(self) -> None:
        """Wait until all are gone. Raises what no engine explains. Idempotent; more may be ordered afterwards."""
        with self._lock:
            thread, self._thread = self._thread, None
            ordered, self._ordered = self._ordered, []
        if thread is not None:
            thread.shutdown()
        for one in ordered:
            one.result()

    def _try(self, made: Made) -> None:
        with contextlib.suppress(SandboxUnavailable):
            self._remove(made)
