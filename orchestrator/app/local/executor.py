"""Runs in processes of this machine: each advances one run after another, and the engine is loaded once for all."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import asdict
from queue import Empty, SimpleQueue
from typing import Any, Self

from orchestrator.errors import ExitCode
from orchestrator.models.ids import RunId
from orchestrator.ports import JobEnd, RunJob

_TRIES = 3
_DRAIN_SECONDS = 40.0
"""Longer than a stopped run needs to end its containers and note where it stands."""


class _Nursery:
    """What begins processes. It is started when the first is needed, and again when it has ended."""

    def __init__(self) -> None:
        self._socket: socket.socket | None = None
        self._popen: subprocess.Popen[bytes] | None = None

    def begin(self, stdin: int, stdout: int) -> None:
        """Have one begun with these; does not wait for it. Of one that cannot be begun the output ends at once."""
        for _ in range(_TRIES):
            try:
                socket.send_fds(self._ready(), [b"+"], [stdin, stdout])
            except OSError:
                self.close()
            else:
                return

    def close(self) -> None:
        """Nothing more begins, also what was asked for and has not begun."""
        if self._popen is not None and self._socket is not None:
            self._socket.close()
            self._popen.kill()
            self._popen.wait()
        self._popen = self._socket = None

    def _ready(self) -> socket.socket:
        if self._popen is not None and self._popen.poll() is not None:
            self.close()
        if self._socket is None:
            self._socket, theirs = socket.socketpair()
            with theirs:
                argv = [sys.executable, "-P", "-m", "orchestrator.app.local.nursery", str(theirs.fileno())]
                none = subprocess.DEVNULL
                self._popen = subprocess.Popen(  # noqa: S603  our own module
                    argv, stdin=none, stdout=none, pass_fds=[theirs.fileno()], start_new_session=True
                )
        return self._socket


class _Process:
    """One worker. ``job`` is what it has in hand; whatever it answers, and its end, goes into ``heard``."""

    def __init__(self, nursery: _Nursery, heard: SimpleQueue[tuple[_Process, JobEnd | None]]) -> None:
        self.job: RunJob | None = None
        self._turn, self._handle, self._stopped = threading.Lock(), -1, False
        theirs, mine = os.pipe()
        answers, said = os.pipe()
        self._stdin, self._stdout = os.fdopen(mine, "w", buffering=1), os.fdopen(answers)
        nursery.begin(theirs, said)
        os.close(theirs)
        os.close(said)
        self._listener = threading.Thread(target=self._listen, args=(heard,), daemon=True)
        self._listener.start()

    def give(self, job: RunJob) -> None:
        """A dead process is heard of by its end, not here."""
        self.job = job
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(json.dumps(asdict(job)) + "\n")

    def stop(self) -> None:
        """SIGTERM, as soon as it has begun."""
        with self._turn:
            self._stopped = True
            self._send(signal.SIGTERM)

    def kill(self) -> None:
        """It has had its time."""
        with self._turn:
            self._send(signal.SIGKILL)

    def end(self) -> None:
        """No more jobs: it ends by itself."""
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def has_ended(self, timeout_seconds: float | None = None) -> bool:
        """Whether it does within that time; without one it is waited for."""
        self._listener.join(timeout_seconds)
        return not self._listener.is_alive()

    def _send(self, number: signal.Signals) -> None:
        if self._handle >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)

    def _listen(self, heard: SimpleQueue[tuple[_Process, JobEnd | None]]) -> None:
        with self._stdout:
            self._greeted(self._stdout.readline())
            for line in self._stdout:
                answer: dict[str, Any] = json.loads(line)
                answer |= {"job": RunJob(**answer["job"]), "details": tuple(answer["details"])}
                heard.put((self, JobEnd(**answer)))
        with self._turn:
            if self._handle >= 0:
                os.close(self._handle)
            self._handle = -1
        heard.put((self, None))

    def _greeted(self, line: str) -> None:
        """What it says first is its number; '' when it never began."""
        with self._turn, contextlib.suppress(ValueError, ProcessLookupError):
            self._handle = os.pidfd_open(int(line))
            if self._stopped:
                self._send(signal.SIGTERM)


class LocalExecutor:
    """Implements :class:`orchestrator.ports.RunExecutor` with at most ``jobs`` processes, started when needed."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._nursery = _Nursery()
        self._waiting: deque[RunJob] = deque()
        self._idle: list[_Process] = []
        self._busy: dict[RunId, _Process] = {}
        self._heard: SimpleQueue[tuple[_Process, JobEnd | None]] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()
        for process in self._busy.values():
            process.stop()
        everybody = [*self._busy.values(), *self._idle]
        for process in everybody:
            process.end()
        self._nursery.close()
        until = time.monotonic() + _DRAIN_SECONDS
        for process in everybody:
            if not process.has_ended(max(0.0, until - time.monotonic())):
                process.kill()
                process.has_ended()

    def submit(self, job: RunJob) -> None:
        self._waiting.append(job)
        self._distribute()

    def stop(self, run: RunId) -> None:
        """Tell the process that advances this run to stop, so that it can be resumed; its end is heard as any other."""
        process = self._busy.get(run)
        if process is not None:
            process.stop()

    def wait(self, timeout_seconds: float) -> tuple[JobEnd, ...]:
        ends = list[JobEnd]()
        try:
            ends += self._hear(*self._heard.get(timeout=timeout_seconds))
            while True:
                ends += self._hear(*self._heard.get_nowait())
        except Empty:
            pass
        self._distribute()
        return tuple(ends)

    def _hear(self, process: _Process, end: JobEnd | None) -> list[JobEnd]:
        job, process.job = process.job, None
        if job is not None:
            self._busy.pop(job.run, None)
        if end is not None:
            self._idle.append(process)
            return [end]
        if process in self._idle:
            self._idle.remove(process)
        process.end()
        return [_lost(job)] if job is not None else []

    def _distribute(self) -> None:
        while self._waiting and (self._idle or len(self._busy) < self._jobs):
            process = self._idle.pop() if self._idle else _Process(self._nursery, self._heard)
            job = self._waiting.popleft()
            self._busy[job.run] = process
            process.give(job)


def _lost(job: RunJob) -> JobEnd:
    text = f"The process that advanced run {job.run} ended without an answer."
    return JobEnd(job, int(ExitCode.FAILED), "BAT030", text, lost=True)
