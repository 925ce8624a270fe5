"""Work that can be ended from outside at once: programs on the host, and containers of our own (D9)."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from orchestrator.errors import SandboxUnavailable

_LEASH = """
import os, signal, subprocess, sys, threading
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
def watch():
    sys.stdin.buffer.read()
    os.killpg(child.pid, signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
os._exit(child.wait() & 255)
"""
_WORDS_BYTES = 1 << 20


class Abort:
    """Ends whatever is under way, from any thread, and lets nothing new begin."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._enders: list[Callable[[], None]] = []
        self.fired = False

    def fire(self) -> None:
        """End all. Idempotent."""
        with self._lock:
            self.fired = True
            enders = tuple(self._enders)
        for end in enders:
            end()

    def check(self) -> None:
        """Raises ``SandboxUnavailable`` (``ENV015``) after :meth:`fire`."""
        if self.fired:
            raise SandboxUnavailable("ENV015", "the building of the environment was told to end", "begin again")

    @contextmanager
    def ending(self, end: Callable[[], None]) -> Generator[None]:
        """``end`` is called when :meth:`fire` is. Raises as :meth:`check`, before and afterwards."""
        with self._lock:
            self._enders.append(end)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._enders.remove(end)
        self.check()


def run_program(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout_seconds: float, abort: Abort
) -> subprocess.CompletedProcess[bytes]:
    """Run a program with its children in a session of its own; all are killed when this call ends, however it ends.

    They are killed also when this process is: their keeper sees its stdin end. At most 1 MiB of each stream is
    kept. Raises :class:`subprocess.TimeoutExpired`, and ``SandboxUnavailable`` (``ENV015``) after an abort.
    """
    keeper = [sys.executable, "-I", "-S", "-c", _LEASH, *argv]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as words:
        process = subprocess.Popen(  # noqa: S603 - an argument vector of our own
            keeper, stdin=subprocess.PIPE, stdout=out, stderr=words, cwd=cwd, env=env, start_new_session=True
        )
        stdin = process.stdin
        assert stdin is not None  # noqa: S101 - what PIPE means

        def let_go() -> None:
            with suppress(OSError):
                stdin.close()

        try:
            with abort.ending(let_go):
                status = process.wait(timeout_seconds)
        finally:
            let_go()
            process.wait()
        out.seek(0)
        words.seek(0)
        return subprocess.CompletedProcess(argv, status, out.read(_WORDS_BYTES), words.read(_WORDS_BYTES))
