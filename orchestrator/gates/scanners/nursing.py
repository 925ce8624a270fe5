"""What a nursery (:mod:`.nursery`) does: load the scanners, fork them, end each with its life."""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
from contextlib import suppress
from typing import NoReturn

from orchestrator.gates.scanners.nursery import FATE_BYTES

from . import bandit_worker

__all__ = ["nurse"]

_PRELOAD = "all"


class _Scanner:
    """One of them. ``life`` closes with whoever asks it, ``fate`` tells him of it."""

    def __init__(self, life: int, fate: int, pid: int) -> None:
        self.life, self.fate, self.pid = life, fate, pid
        self.end = os.pidfd_open(pid)
        self.tell(pid)

    def tell(self, number: int) -> None:
        with suppress(BrokenPipeError):
            os.write(self.fate, number.to_bytes(FATE_BYTES, "big", signed=True))

    def bury(self) -> None:
        _, status = os.waitpid(self.pid, 0)
        self.tell(os.waitstatus_to_exitcode(status))

    def kill(self) -> None:
        # It was not waited for: the number is still its own.
        os.kill(self.pid, signal.SIGKILL)


def nurse(pipes: list[list[int]]) -> NoReturn:
    """``pipes``: of each scanner the ends for questions, answers, life and fate. Ends when all of them have ended."""
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    gc.disable()
    bandit_worker.ready(_PRELOAD)
    gc.freeze()
    scanners: list[_Scanner] = []
    for asks, answers, life, fate in pipes:
        pid = os.fork()
        if not pid:
            _scan(asks, answers)
        os.close(asks)
        os.close(answers)
        scanners.append(_Scanner(life, fate, pid))
    _watch(scanners)
    os._exit(0)


def _scan(asks: int, answers: int) -> NoReturn:
    try:
        os.dup2(asks, 0)
        os.dup2(answers, 1)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor, for as long as the process lives
        bandit_worker.main(_PRELOAD)
    finally:
        os._exit(0)


def _watch(scanners: list[_Scanner]) -> None:
    poll = select.poll()
    for one in scanners:
        # Nobody ever writes to a life: all that comes of it is its end.
        poll.register(one.life, 0)
        poll.register(one.end, select.POLLIN)
    living = scanners
    while living:
        ready = {fd for fd, _ in poll.poll()}
        for one in living:
            if one.life in ready and one.end not in ready:
                poll.unregister(one.life)
                one.kill()
            elif one.end in ready:
                one.bury()
                poll.unregister(one.end)
                with suppress(KeyError):
                    poll.unregister(one.life)
        living = [one for one in living if one.end not in ready]
