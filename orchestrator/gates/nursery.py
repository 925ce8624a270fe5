"""Scanner processes that begin before anything else of a call is loaded, on a processor that would have nothing to do.

A fork of a process that has imported next to nothing, the nursery, loads the scanners once and becomes the parent of
those who scan (:func:`orchestrator.gates.bandit_worker.main`); it parses nothing itself. Whoever would start a scanner
takes one of them first (:func:`orchestrator.gates.spare.take`). For each there is a life, a pipe that the call holds:
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
            os.waitpid(nursery, 0)


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
    """Fork the nursery of so many scanners. Only on Linux, and only for a process with one thread."""
    # Caller's end first: he writes what is asked and holds the life, and reads the answers and the fate.
    pipes = [[os.pipe()[::-1], os.pipe(), os.pipe()[::-1], os.pipe()] for _ in range(count)]
    pid = os.fork()
    if not pid:
        _nurse([[theirs for _, theirs in four] for four in pipes], [own for four in pipes for own, _ in four])
    family = [pid] * count
    for four in pipes:
        for _, theirs in four:
            os.close(theirs)
        WAITING.append(Ends(family, [own for own, _ in four]))


def _nurse(scanners: list[list[int]], others: list[int]) -> None:
    """Never returns: above it stands the caller's own stack."""
    try:
        import signal  # noqa: PLC0415 - in the nursery alone

        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for fd in others:
            os.close(fd)
        _forget_the_caller({fd for four in scanners for fd in four})
        from orchestrator.gates import nursing  # noqa: PLC0415 - what takes long is loaded here and nowhere else

        nursing.nurse(scanners)
    finally:
        os._exit(1)


def _forget_the_caller(kept: set[int]) -> None:
    """Nothing of his streams, files, folder and variables, nor of the places from which he alone imports."""
    from itertools import pairwise  # noqa: PLC0415 - in the nursery alone
    from pathlib import Path  # noqa: PLC0415

    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(_FIRST_OTHER):
        os.dup2(null, stream)
    fds = [_FIRST_OTHER - 1, *sorted(kept), os.sysconf("SC_OPEN_MAX")]
    for before, after in pairwise(fds):
        os.closerange(before + 1, after)
    root = str(Path(__file__).resolve().parents[2])
    own = {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}
    sys.path[:] = [root, *(place for place in sys.path if any(place.startswith(f"{one}/lib") for one in own))]
    os.chdir("/")
    os.environ.clear()
    os.environ["LC_ALL"] = "C.UTF-8"
