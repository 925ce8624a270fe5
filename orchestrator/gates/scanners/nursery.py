"""Scanner processes that begin before anything else of a call is loaded, on a processor that would have nothing to do.

A fork of a process that has imported next to nothing, the nursery, loads the scanners once and becomes the parent of
those who scan (:func:`.bandit_worker.main`); it parses nothing itself. Whoever would start a scanner
takes one of them first (:func:`.spare.take`). For each there is a life, a pipe that the call holds:
when it closes, the scanner is killed, also when the call was killed itself; and a fate, on which the nursery tells its
process and its exit code, eight bytes each.

Imports only what Python has loaded at its start.
"""

from __future__ import annotations

import os
import sys

__all__ = ["FATE_BYTES", "WAITING", "Ends", "begin", "forget", "take"]

FATE_BYTES = 8
_FIRST_OTHER = 3
_CALLERS = (1, 0, 1, 0)
"""Which end of each pipe is the caller's: he writes what is asked and holds the life, and reads answers and fate."""


class Ends:
    """The caller's ends of the pipes to one scanner. ``family``: the nursery's process, once for each that lives."""

    def __init__(self, family: list[int], fds: list[int]) -> None:
        self.family = family
        self.asks, self.answers, self.life, self.fate = fds

    def close(self) -> None:
        """Of a scanner that nobody will ask."""
        for fd in (self.asks, self.answers, self.life, self.fate):
            os.close(fd)
        self.ended()

    def ended(self) -> None:
        """The nursery of the last one ends with it, and is waited for."""
        nursery = self.family.pop()
        if not self.family:
            try:
                os.waitpid(nursery, 0)
            except ChildProcessError:
                # Whoever started this process had it ignore the ends of children: nobody waits for any.
                return


WAITING: list[Ends] = []
"""Those that nobody took yet."""


def take() -> Ends | None:
    """One of those that began, or ``None``."""
    return WAITING.pop(0) if WAITING else None


def forget() -> None:
    """End those that nobody took."""
    while (ends := take()) is not None:
        ends.close()


def begin(count: int) -> None:
    """Fork the nursery of so many scanners. Only on Linux, and only for a process with one thread and all its streams.

    Where the system has no more pipes or processes there is none, and a scanner is started by whoever needs it.
    """
    pipes: list[tuple[int, int]] = []
    try:
        for _ in range(count * len(_CALLERS)):
            pipes.append(os.pipe())  # noqa: PERF401 - those that were made are closed when another cannot be
        pid = os.fork()
    except OSError:
        for fd in (fd for pipe in pipes for fd in pipe):
            os.close(fd)
        return
    own = [pipe[end] for pipe, end in zip(pipes, _CALLERS * count, strict=True)]
    theirs = [pipe[1 - end] for pipe, end in zip(pipes, _CALLERS * count, strict=True)]
    if not pid:
        _nurse(_by_scanner(theirs), own)
    for fd in theirs:
        os.close(fd)
    family = [pid] * count
    WAITING.extend(Ends(family, fds) for fds in _by_scanner(own))


def _by_scanner(fds: list[int]) -> list[list[int]]:
    return [fds[at : at + len(_CALLERS)] for at in range(0, len(fds), len(_CALLERS))]


def _nurse(scanners: list[list[int]], others: list[int]) -> None:
    """Never returns: above it stands the caller's own stack."""
    try:
        import signal  # noqa: PLC0415 - in the nursery alone

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        for fd in others:
            os.close(fd)
        _forget_the_caller({fd for four in scanners for fd in four})
        from . import nursing  # noqa: PLC0415 - what takes long is loaded here and nowhere else

        nursing.nurse(scanners)
    finally:
        os._exit(1)


def _forget_the_caller(kept: set[int]) -> None:
    """Nothing of his streams, files, folder and variables, nor of the places from which he alone imports."""
    import site  # noqa: PLC0415 - in the nursery alone
    from itertools import pairwise  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(_FIRST_OTHER):
        os.dup2(null, stream)
    fds = [_FIRST_OTHER - 1, *sorted(kept), os.sysconf("SC_OPEN_MAX")]
    for before, after in pairwise(fds):
        os.closerange(before + 1, after)
    root = str(Path(__file__).resolve().parents[3])
    own = [f"{one}/lib" for one in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}]
    own += site.getsitepackages()
    sys.path[:] = [root, *(place for place in sys.path if any(map(place.startswith, own)))]
    os.chdir("/")
    os.environ.clear()
    os.environ["LC_ALL"] = "C.UTF-8"
