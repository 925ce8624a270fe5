"""Scanner processes that were made before they are needed, by forking a process that has the scanners loaded.

A process that will answer one call makes them while it still has one thread, and whoever would start a scanner
(:class:`.worker.Worker`) takes one of them first. Each is used by one owner and then gone, as a
scanner that was started is: no answer of one call is known to the next.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from subprocess import TimeoutExpired  # nosec B404 # its exception, which whoever waits for a process knows
from typing import IO, Protocol

from . import nursery

__all__ = ["Process", "prepare", "take"]

_POLL_SECONDS = 0.005
_BIRTH_SECONDS = 60.0
_FIRST_OTHER = 3


class Process(Protocol):
    """What is asked of a scanner process, however it began: as :class:`subprocess.Popen` says."""

    @property
    def pid(self) -> int: ...
    @property
    def stdin(self) -> IO[bytes] | None: ...
    @property
    def stdout(self) -> IO[bytes] | None: ...
    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...
    def kill(self) -> None: ...


class _Forked:
    """Implements :class:`Process` for a child that runs in a copy of this process."""

    def __init__(self, pid: int, stdin: IO[bytes], stdout: IO[bytes]) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self._code: int | None = None

    def poll(self) -> int | None:
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self._code = os.waitstatus_to_exitcode(status) if pid else None
        return self._code

    def wait(self, timeout: float | None = None) -> int:
        """Raises ``subprocess.TimeoutExpired``."""
        if self._code is None and timeout is None:
            _, status = os.waitpid(self.pid, 0)
            self._code = os.waitstatus_to_exitcode(status)
        end = time.monotonic() + (timeout or 0.0)
        while (code := self.poll()) is None:
            if time.monotonic() > end:
                raise TimeoutExpired("scanner", timeout or 0.0)
            time.sleep(_POLL_SECONDS)
        return code

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self.pid, signal.SIGKILL)


class _Nursed:
    """Implements :class:`Process` for a scanner whose parent is a nursery: see :mod:`.nursery`."""

    def __init__(self, ends: nursery.Ends, pid: int) -> None:
        self.pid, self._ends, self._life = pid, ends, True
        self.stdin, self.stdout = os.fdopen(ends.asks, "wb", buffering=0), os.fdopen(ends.answers, "rb", buffering=0)
        self._code: int | None = None

    def poll(self) -> int | None:
        return self._ended(0.0)

    def wait(self, timeout: float | None = None) -> int:
        """Raises ``subprocess.TimeoutExpired``."""
        code = self._ended(timeout)
        if code is None:
            raise TimeoutExpired("scanner", timeout or 0.0)
        return code

    def kill(self) -> None:
        if self._life:
            self._life = False
            os.close(self._ends.life)

    def _ended(self, seconds: float | None) -> int | None:
        if self._code is None:
            told = _told(self._ends.fate, seconds)
            if told is None:
                return None
            # A nursery that is gone tells nothing more; its scanners end when nobody holds their pipes.
            self._code = int.from_bytes(told, "big", signed=True) if told else -signal.SIGKILL
            self.kill()
            os.close(self._ends.fate)
            self._ends.ended()
        return self._code


def _told(fate: int, seconds: float | None) -> bytes | None:
    """The next number of a fate, nothing at its end, ``None`` when neither comes in time."""
    poll = select.poll()
    poll.register(fate, select.POLLIN)
    return os.read(fate, nursery.FATE_BYTES) if poll.poll(None if seconds is None else seconds * 1000) else None


_READY: list[_Forked] = []


def take() -> Process | None:
    """One that waits and lives, or ``None``. One that a nursery is about to bring is waited for."""
    while (ends := nursery.take()) is not None:
        born = _told(ends.fate, _BIRTH_SECONDS)
        if born:
            return _Nursed(ends, int.from_bytes(born, "big", signed=True))
        ends.close()
    while _READY:
        found = _READY.pop(0)
        if found.poll() is None:
            return found
    return None


def prepare(count: int) -> None:
    """Make them. Only for a process with one thread that has loaded what a scanner needs (`bandit_worker.ready`)."""
    _READY.extend(_forked() for _ in range(count))


def _forked() -> _Forked:
    asks, asked = os.pipe()
    answered, answers = os.pipe()
    pid = os.fork()
    if not pid:
        _scan(asks, answers)
    os.close(asks)
    os.close(answers)
    return _Forked(pid, os.fdopen(asked, "wb", buffering=0), os.fdopen(answered, "rb", buffering=0))


def _scan(asks: int, answers: int) -> None:
    """As a scanner that was started has it: nothing of this process's streams, files, folder and variables."""
    code = 1
    with suppress(BaseException):
        from orchestrator.gates.scanners.bandit_worker import answer, main  # noqa: PLC0415 - it was loaded long ago

        os.dup2(asks, 0)
        os.dup2(answers, 1)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        os.closerange(_FIRST_OTHER, os.sysconf("SC_OPEN_MAX"))
        os.chdir("/")
        os.environ.clear()
        os.environ["LC_ALL"] = "C.UTF-8"
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - a descriptor, for as long as the process lives
        # A text of ours: the process has its own copy of the memory that it will write to before it is asked.
        answer("outline+analyse+scan", Path(__file__).with_name("worker.py").read_bytes())
        main("all")
        code = 0
    # Whatever it was, nothing of the process that was copied runs here any more.
    os._exit(code)
