"""Being told to stop: SIGINT, SIGTERM and SIGHUP while something is under way."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """``handler`` is called for each. In another than the main thread: nothing.

    What was there before comes back, unless a signal has come: then all three are ignored from the end on, so that a
    second one does not break off a process on its way out; Python puts handlers away before it ends, and then the
    signal kills. Whoever begins anything again is heard again.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = threading.Event()

    def heard(number: int, frame: FrameType | None) -> None:
        came.set()
        handler(number, frame)

    before = {s: signal.signal(s, heard) for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, old in before.items():
            if came.is_set():
                signal.signal(number, signal.SIG_IGN)
            elif signal.getsignal(number) is heard:
                signal.signal(number, old)


@contextmanager
def interruptible() -> Iterator[None]:
    """The first of the three is a ``KeyboardInterrupt``; what it begins is not broken off by a second one."""
    told = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        if not told.is_set():
            told.set()
            raise KeyboardInterrupt

    with signals(stop):
        yield
