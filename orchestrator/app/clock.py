"""The system's clock, which in one process never goes back."""

from __future__ import annotations

import threading
from datetime import UTC, datetime


class SystemClock:
    """Implements :class:`orchestrator.ports.Clock`, for all of this process.

    When the clock is set back, time stands still here until it is reached again: a change must not have been decided
    on before it was made (EVID056), and no verifier could tell a clock that was set from a lie. A process that begins
    later knows nothing of it.
    """

    _turn = threading.Lock()
    _latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        with SystemClock._turn:
            SystemClock._latest = max(SystemClock._latest, datetime.now(UTC))
            return SystemClock._latest
