"""The parent's side of the worker process: start on demand, ask within a time limit, kill, start again."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess  # nosec B404 # the worker is our own program
import sys
import threading
import time
import weakref
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from orchestrator.errors import GateBroken
from orchestrator.gates.changes.digests import source_digest
from orchestrator.gates.scanners.frames import HEADER
from orchestrator.gates.scanners.installed import version
from orchestrator.gates.scanners.spare import Process
from orchestrator.models.ids import Digest

from . import spare

__all__ = ["FILE_LIMIT_SECONDS", "Worker"]

FILE_LIMIT_SECONDS = 10.0
_PATIENCE = 12
"""How much longer than its processor time a file may take: others use the machine too."""
_START_LIMIT_SECONDS = 60.0
_END_SECONDS = 5.0
_ANSWER_LIMIT_BYTES = 64 * 1024**2
_KEPT_ANSWERS = 4096
_CANARY, _CANARY_RULE = b"exec(input())\n", "B102"
_SECRET = b"url = 'https://user:canary-of-handrail@db.invalid/'\n"
_NONE: Mapping[Digest, bytes] = {}
_ROOT = Path(__file__).resolve().parents[3]
_BOOT = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from orchestrator.gates.scanners.bandit_worker import main; main(sys.argv[2])"
)


class Worker:
    """One long-lived process, shared by the gates of one run; safe to call from several threads.

    Answers are kept in memory by the SHA-256 of the asked bytes; a process has
    one version of everything else that decides them. A file that takes more
    processor time than ``file_limit_seconds``, or twelve times as long in all,
    costs the process, which is started again for the next.
    """

    def __init__(
        self, *, file_limit_seconds: float = FILE_LIMIT_SECONDS, python: str = sys.executable, preload: str = ""
    ) -> None:
        """``preload``: the request for which the process gets ready before it is asked."""
        self._limit = file_limit_seconds
        self._python = python
        self._preload = preload
        self._lock = threading.RLock()
        self._process: Process | None = None
        self._finalizer: weakref.finalize[..., Any] | None = None
        self._greeted = self._introduced = False
        self._kept: OrderedDict[tuple[str, str], Mapping[str, Any]] = OrderedDict()

    @property
    def turn(self) -> threading.RLock:
        """Held while the process answers; whoever takes it first is alone with the process."""
        return self._lock

    @property
    def file_limit_seconds(self) -> float:
        return self._limit

    @property
    def pid(self) -> int | None:
        """Of the live process, or ``None``."""
        process = self._process
        return process.pid if process and process.poll() is None else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(self) -> None:
        """Let the process load what it needs while the caller does something else. Raises ``GateBroken`` GATE020."""
        with self._lock:
            self._started()

    def close(self) -> None:
        """End the process. The next question starts another."""
        with self._lock:
            self._end()

    def outline(self, data: bytes) -> Mapping[str, Any]:
        """See :func:`orchestrator.gates.test_integrity.outline.outline`. Raises ``GateBroken``."""
        return self._remembered("outline", data)

    def scan(self, data: bytes) -> Mapping[str, Any]:
        """See :func:`orchestrator.gates.scanners.bandit_worker.scan`. Raises ``GateBroken``."""
        return self._remembered("scan", data)

    def analyse(self, data: bytes) -> Mapping[str, Any]:
        """See :func:`orchestrator.gates.flow.analysis.analyse`. Raises ``GateBroken``."""
        return self._remembered("analyse", data)

    def secrets(self, data: bytes) -> Mapping[str, Any]:
        """See :func:`orchestrator.gates.kinds.detect.detect`. Raises ``GateBroken``."""
        return self._remembered("secrets", data)

    def rules(self) -> list[list[Any]]:
        """See :func:`orchestrator.gates.flow.families.table`: of the process that there is or was, or of this one."""
        if self.pid is not None or self.kept(self._question("rules"), source_digest(b"")) is not None:
            found: list[list[Any]] = self._remembered("rules", b"")["rules"]
            return found
        from orchestrator.gates.flow.families import table  # noqa: PLC0415 - a scanner has them loaded

        return table()

    def foresee(self, sources: Sequence[bytes], bases: Mapping[Digest, bytes] = _NONE) -> None:
        """All of these will be asked about; whoever has processes to spare begins. This one has none.

        ``bases`` are by the digest of the source that took their place: what was found in it is looked for there too.
        """

    def kept(self, question: str, digest: Digest) -> Mapping[str, Any] | None:
        """What was kept of an earlier answer, also of another program's (:meth:`keep`)."""
        with self._lock:
            if (question, digest) in self._kept:
                self._kept.move_to_end((question, digest))
            return self._kept.get((question, digest))

    def keep(self, question: str, digest: Digest, answer: Mapping[str, Any]) -> None:
        """``question`` names everything that decides the answer but the bytes of that SHA-256."""
        with self._lock:
            self._kept[question, digest] = answer
            while len(self._kept) > _KEPT_ANSWERS:
                self._kept.popitem(last=False)

    def _question(self, op: str) -> str:
        """All that decides an answer but the source, and what a process has one version of."""
        return op

    def _remembered(self, op: str, data: bytes) -> Mapping[str, Any]:
        digest = source_digest(data)
        with self._lock:
            answer = self.kept(op, digest)
            if answer is None:
                answer = self.uncached(op, data)
                self.keep(op, digest, answer)
            return answer

    def uncached(self, op: str, data: bytes) -> Mapping[str, Any]:
        """The process's own answer. Raises ``GateBroken``."""
        with self._lock:
            if "scan" in op.split("+"):
                self._greet()
            if op == "secrets":
                self._introduce()
            return self._ask(op, data, self._limit)

    def _greet(self) -> None:
        """Let the process import bandit before the limit of a file counts, and see that it is the one we name."""
        if self._greeted and self.pid is not None:
            return
        hello = self._ask("hello", b"", _START_LIMIT_SECONDS)
        if hello.get("bandit") != version("bandit"):
            self._end()
            raise GateBroken("GATE024", f"the worker runs bandit {hello.get('bandit')}, not {version('bandit')}")
        canary = self._ask("scan", _CANARY, _START_LIMIT_SECONDS)
        if _CANARY_RULE not in {issue["rule"] for issue in canary["issues"]}:
            self._end()
            raise GateBroken("GATE033", "bandit did not report a known weakness, so its silence means nothing")
        self._greeted = True

    def _introduce(self) -> None:
        """Let the process import detect-secrets before the limit of a file counts, and see that it works."""
        if self._introduced and self.pid is not None:
            return
        canary = self._ask("secrets", _SECRET, _START_LIMIT_SECONDS)
        if not canary.get("found"):
            self._end()
            raise GateBroken("GATE033", "detect-secrets did not report a known secret, so its silence means nothing")
        self._introduced = True

    def _ask(self, op: str, data: bytes, limit_seconds: float) -> Mapping[str, Any]:
        process = self._started()
        patience_seconds = limit_seconds * _PATIENCE
        deadline = time.monotonic() + patience_seconds
        try:
            limits = {"cpu_seconds": limit_seconds, "wall_seconds": patience_seconds + 1}
            head = json.dumps({"op": op, **limits}).encode()
            _send(process, HEADER.pack(len(head)) + head + HEADER.pack(len(data)) + data, deadline)
            answer = _receive(process, deadline)
        except BaseException:
            # Half an exchange is left in the pipes: nothing that this process says later can be trusted.
            self._end()
            raise
        if "broken" in answer:
            raise GateBroken("GATE023", f"the scanner failed on a file: {answer['broken']}")
        return answer

    def _started(self) -> Process:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        process = (spare.take() if self._python == sys.executable else None) or self._new()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                os.set_blocking(pipe.fileno(), False)
        self._process, self._greeted, self._introduced = process, False, False
        self._finalizer = weakref.finalize(self, _kill, process)
        return process

    def _new(self) -> Process:
        try:
            return subprocess.Popen(  # noqa: S603 # nosec B603 # fixed arguments, our own program
                [self._python, "-I", "-c", _BOOT, str(_ROOT), self._preload],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                bufsize=0,
                stderr=subprocess.DEVNULL,
                env={"LC_ALL": "C.UTF-8"},
                cwd="/",
            )
        except OSError as error:
            raise GateBroken("GATE020", f"the scanner process cannot be started: {error.strerror}") from error

    def _end(self) -> None:
        if self._finalizer is not None:
            self._finalizer()
        self._process, self._finalizer = None, None


def _kill(process: Process) -> None:
    process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


def _wait(fileno: int, event: int, deadline: float) -> None:
    poll = select.poll()
    poll.register(fileno, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise _late()


def _late() -> GateBroken:
    return GateBroken("GATE021", "the scanner passed its time limit on a file", "make the file simpler or smaller")


def _died(process: Process) -> GateBroken:
    """It closed its pipes, so it is ending or has ended."""
    try:
        code = process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    if code in {-signal.SIGPROF, -signal.SIGALRM}:
        return _late()
    return GateBroken("GATE022", f"the scanner process died on a file (exit {code})", "make the file simpler")


def _send(process: Process, data: bytes, deadline: float) -> None:
    if process.stdin is None:
        raise _died(process)
    fileno, rest = process.stdin.fileno(), memoryview(data)
    while rest:
        _wait(fileno, select.POLLOUT, deadline)
        try:
            rest = rest[os.write(fileno, rest[:65536]) :]
        except BlockingIOError:
            continue
        except BrokenPipeError:
            raise _died(process) from None


def _receive(process: Process, deadline: float) -> Mapping[str, Any]:
    (size,) = HEADER.unpack(_exactly(process, HEADER.size, deadline))
    if size > _ANSWER_LIMIT_BYTES:
        raise GateBroken("GATE023", f"the scanner's answer is too large ({size} bytes)")
    answer: Any = json.loads(_exactly(process, size, deadline))
    if not isinstance(answer, dict):
        raise GateBroken("GATE023", "the scanner's answer is not an object")
    return answer  # pyright: ignore[reportUnknownVariableType] - keys are strings in JSON


def _exactly(process: Process, size: int, deadline: float) -> bytes:
    if process.stdout is None:
        raise _died(process)
    fileno, parts = process.stdout.fileno(), bytearray()
    while len(parts) < size:
        _wait(fileno, select.POLLIN, deadline)
        try:
            part = os.read(fileno, min(size - len(parts), 1 << 20))
        except BlockingIOError:
            continue
        if not part:
            raise _died(process)
        parts += part
    return bytes(parts)
