"""Runs in processes of this machine: each has loaded the engine once and advances one run after another."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from dataclasses import asdict
from queue import Empty, SimpleQueue
from typing import Any, Self, TextIO, cast

from orchestrator.errors import ExitCode
from orchestrator.models.base import RunId
from orchestrator.ports import JobEnd, RunJob

_DRAIN_SECONDS = 40.0
"""Longer than a stopped run needs to end its containers and note where it stands."""


class _Process:
    """One worker. ``job`` is what it has in hand; whatever it answers, and its end, goes into ``heard``."""

    def __init__(self, heard: SimpleQueue[tuple[_Process, JobEnd | None]]) -> None:
        self.job: RunJob | None = None
        argv = [sys.executable, "-m", "orchestrator.app.run_worker"]
        pipe = subprocess.PIPE
        self.popen = subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, bufsize=1, start_new_session=True)  # noqa: S603  our own module
        self._stdin, self._stdout = cast("TextIO", self.popen.stdin), cast("TextIO", self.popen.stdout)
        self._listener = threading.Thread(target=self._listen, args=(heard,), daemon=True)
        self._listener.start()

    def give(self, job: RunJob) -> None:
        """A dead process is heard of by its end, not here."""
        self.job = job
        with contextlib.suppress(BrokenPipeError):
            self._stdin.write(json.dumps(asdict(job)) + "\n")

    def end(self) -> None:
        """No more jobs: it ends by itself."""
        with contextlib.suppress(BrokenPipeError):
            self._stdin.close()

    def forget(self) -> None:
        """Of one that has ended: let go of its pipes."""
        self.end()
        self._listener.join()

    def _listen(self, heard: SimpleQueue[tuple[_Process, JobEnd | None]]) -> None:
        with self._stdout:
            for line in self._stdout:
                answer: dict[str, Any] = json.loads(line)
                answer |= {"job": RunJob(**answer["job"]), "details": tuple(answer["details"])}
                heard.put((self, JobEnd(**answer)))
        heard.put((self, None))


class LocalExecutor:
    """Implements :class:`orchestrator.ports.RunExecutor` with at most ``jobs`` processes, started when needed."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._waiting: deque[RunJob] = deque()
        self._idle: list[_Process] = []
        self._busy: dict[RunId, _Process] = {}
        self._heard: SimpleQueue[tuple[_Process, JobEnd | None]] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._waiting.clear()
        for process in self._busy.values():
            process.popen.send_signal(signal.SIGTERM)
        everybody = [*self._busy.values(), *self._idle]
        until = time.monotonic() + _DRAIN_SECONDS
        for process in everybody:
            process.end()
        for process in everybody:
            try:
                process.popen.wait(max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.popen.kill()
                process.popen.wait()
            process.forget()

    def submit(self, job: RunJob) -> None:
        self._waiting.append(job)
        self._distribute()

    def stop(self, run: RunId) -> None:
        """Tell the process that advances this run to stop, so that it can be resumed; its end is heard as any other."""
        process = self._busy.get(run)
        if process is not None:
            process.popen.send_signal(signal.SIGTERM)

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
        code = process.popen.wait()
        process.forget()
        return [_lost(job, code)] if job is not None else []

    def _distribute(self) -> None:
        while self._waiting and (self._idle or len(self._busy) < self._jobs):
            process = self._idle.pop() if self._idle else _Process(self._heard)
            job = self._waiting.popleft()
            self._busy[job.run] = process
            process.give(job)


def _lost(job: RunJob, code: int) -> JobEnd:
    text = f"The process that advanced run {job.run} ended with {code}."
    return JobEnd(job, int(ExitCode.FAILED), "BAT030", text, lost=True)
