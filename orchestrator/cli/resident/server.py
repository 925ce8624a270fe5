"""The worker: loads everything once, and keeps one fork of itself waiting that will answer one call.

It listens as ``WORKER.sock``, 0600, in a folder of this user alone, holds a lock for as long as it lives, and leaves
when nobody asked for a while, when it is told to, or when what it has loaded is no longer what is installed. What a
call does, it does in a fork (:mod:`orchestrator.cli.resident.attendant`): no call can leave anything behind here.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import NoReturn

from orchestrator.cli.resident import loaded, place
from orchestrator.cli.resident.attendant import ANSWERS, STOP, TAKEN, Inherited, attend

__all__ = ["IDLE_SECONDS", "main"]

IDLE_SECONDS = 15 * 60.0
_BACKLOG = 16
_CALLS_LIMIT = 16
"""At once. Whoever comes beyond them does the work himself."""


def main(name: str, idle_seconds: float = IDLE_SECONDS) -> NoReturn:
    """Serve. First it says ``ready``, ``busy`` (another one has the place) or ``other`` (not for this Python)."""
    signal.signal(signal.SIGTERM, _leave)
    if place.name() != name:
        _say("other")
    folder = place.own_folder()
    lock = os.open(f"{name}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _say("busy")
    before = loaded.own_files()
    loaded.load()
    # A file of ours that changed while it was loaded is no longer what is installed.
    installed = {**loaded.fingerprint(), **before}
    listener = _listening(name, folder)
    try:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        _let_go()
        _Keeper(listener, installed, (folder, lock), idle_seconds).serve()
    finally:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
    sys.exit(0)


def _say(word: str) -> NoReturn:
    sys.stdout.write(f"{word}\n")
    sys.exit(0)


def _leave(*_: object) -> NoReturn:
    sys.exit(0)


def _listening(name: str, folder: int) -> socket.socket:
    """Whatever lay there is of a worker that is gone: the lock is ours."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(f"/proc/self/fd/{folder}/{name}")
    finally:
        os.umask(before)
    listener.settimeout(0.0)
    listener.listen(_BACKLOG)
    return listener


def _let_go() -> None:
    """Of whoever started it: his streams and his folder."""
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    os.close(null)
    os.chdir("/")


class _Keeper:
    """Sees to it that one attendant waits, and that those who work are awaited."""

    def __init__(
        self,
        listener: socket.socket,
        installed: Mapping[str, loaded.Told],
        closed_in_forks: tuple[int, ...],
        idle_seconds: float,
    ) -> None:
        self._listener, self._installed, self._idle = listener, installed, idle_seconds
        # Closes with this process, however it ends: whoever waits reads the end of it.
        self._alive, self._held = os.pipe()
        self._closed = closed_in_forks
        self._waiting: tuple[int, int] | None = None
        self._working: dict[int, int] = {}
        self._answered, self._since = 0, time.time()

    def serve(self) -> None:
        """Until it is told to stop, or nobody asked for long."""
        deadline = time.monotonic() + self._idle
        while True:
            if self._waiting is None and not self._working:
                self._fork()
            left = deadline - time.monotonic()
            ready = self._ready(max(left, 0.0))
            if self._listener.fileno() in ready:
                self._fork()
            answers, stop = self._hear(ready)
            if answers:
                deadline = time.monotonic() + self._idle
            if stop or (left <= 0 and not ready):
                return

    def _ready(self, seconds: float) -> set[int]:
        poll = select.poll()
        for report in (*self._working, *([self._waiting[0]] if self._waiting else [])):
            poll.register(report, select.POLLIN)
        if self._waiting is None and len(self._working) < _CALLS_LIMIT:
            # While somebody works, another is made only when it is needed: to make one takes from who works.
            poll.register(self._listener, select.POLLIN)
        return {fileno for fileno, _ in poll.poll(seconds * 1000)}

    def _hear(self, ready: set[int]) -> tuple[bool, bool]:
        answers = stop = False
        for report in ready - {self._listener.fileno()}:
            word = os.read(report, 1)
            stop = stop or word == STOP
            if word == TAKEN and self._waiting is not None:
                self._working[report] = self._waiting[1]
                self._waiting = None
            if word == ANSWERS:
                answers = True
                self._answered += 1
            if not word:
                self._ended(report)
        return answers, stop

    def _ended(self, report: int) -> None:
        if self._waiting is not None and self._waiting[0] == report:
            pid, self._waiting = self._waiting[1], None
        else:
            pid = self._working.pop(report)
        os.close(report)
        os.waitpid(pid, 0)

    def _fork(self) -> None:
        heard, report = os.pipe()
        pid = os.fork()
        if pid:
            os.close(report)
            self._waiting = heard, pid
            return
        for fd in (heard, self._held, *self._closed, *self._working):
            os.close(fd)
        about = {"since": self._since, "answered": self._answered}
        attend(Inherited(self._listener, self._alive, report, self._installed, about))


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
