"""The process in which hostile Python source is parsed, and bandit is run.

It speaks frames over its pipes: four bytes of length, big endian, then the
payload. A request is a JSON object ``{"op", "cpu_seconds", "wall_seconds"}`` and a second
frame with the exact bytes of one file; the answer is one JSON object. No
pickle, no path of the repository, no file of the repository on disk under its
own name. The process ends when its stdin closes, and the kernel ends it when a
request passes its time limits or its memory limit, also when the parent is gone.

Not checked here: which files are sent, and whether all were. That is the
gate's accounting.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import resource
import signal
import sys
import tempfile
from functools import cache
from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, BinaryIO, TextIO, cast

from orchestrator.gates.scanners.frames import HEADER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["answer", "main", "ready", "scan"]

_ADDRESS_SPACE_BYTES = 3 * 1024**3
_OBJECTS_PER_COLLECTION = 50_000


class _Complaints(logging.Handler):
    """Keeps what bandit only logs: a test that crashed inside would otherwise be lost in silence."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class _Stdin:
    """Lets bandit read one file's bytes by its public "-" target: nothing stays on disk after a kill."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream

    def fileno(self) -> int:
        # bandit closes what it is given, the stream has its own end.
        return os.dup(self._stream.fileno())


def _memory() -> IO[bytes]:
    """A file without a name and, where the kernel can, without a disk."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("source"), "w+b")
    return tempfile.TemporaryFile()


@cache
def _manager() -> Any:  # noqa: ANN401 - bandit has no types
    """Its choice of tests, made once. bandit is imported by name and late: only this process pays for it."""
    bandit = import_module("orchestrator.gates.scanners.bandit_lean").load()
    config = import_module("bandit.core.config").BanditConfig()
    return bandit.BanditManager(config, "file", quiet=True, ignore_nosec=True)


def scan(data: bytes) -> dict[str, Any]:
    """Bandit's issues on one file's bytes, and why it was skipped if it was.

    ``{"issues": [...], "skipped": "" | reason}``. Every suppression is ignored
    and no configuration file is read. ``sys.stdin`` is replaced on the way.
    """
    manager = _manager()
    for name in ("results", "skipped", "scores"):
        setattr(manager, name, [])
    manager.metrics = type(manager.metrics)()
    complaints = _Complaints()
    logger = logging.getLogger("bandit")
    logger.propagate = False
    logger.addHandler(complaints)
    stdin = sys.stdin
    try:
        with _memory() as stream:
            stream.write(data)
            stream.seek(0)
            sys.stdin = cast("TextIO", _Stdin(stream))
            manager.discover_files(["-"], recursive=False, excluded_paths="")
            manager.run_tests()
    finally:
        sys.stdin = stdin
        logger.removeHandler(complaints)
    skipped = [str(why) for _, why in manager.skipped] or complaints.lines
    if not skipped and len(manager.files_list) != 1:
        skipped = ["bandit did not take the file"]
    return {"issues": [_issue(i.as_dict(with_code=False)) for i in manager.results], "skipped": "; ".join(skipped)}


def _issue(raw: Mapping[str, Any]) -> dict[str, Any]:
    lines = [int(n) for n in raw["line_range"]] or [int(raw["line_number"])]
    return {
        "rule": raw["test_id"],
        "message": raw["issue_text"],
        "severity": str(raw["issue_severity"]).lower(),
        "confidence": str(raw["issue_confidence"]).lower(),
        "cwe": raw["issue_cwe"].get("id"),
        "line": int(raw["line_number"]),
        "end_line": max(lines),
    }


def ready(op: str) -> None:
    """Import what a request needs, before its time counts."""
    if op in {"scan", "all"}:
        _manager()
    if op in {"analyse", "all"}:
        import_module("orchestrator.gates.flow.analysis")
        import_module("orchestrator.gates.test_integrity.outline")


def _hello() -> dict[str, Any]:
    import_module("orchestrator.gates.scanners.bandit_lean").load()
    return {"bandit": str(import_module("bandit").__version__), "python": sys.version.split()[0]}


_ELSEWHERE = {
    "outline": ("orchestrator.gates.test_integrity.outline", "outline"),
    "analyse": ("orchestrator.gates.flow.analysis", "analyse"),
    "rules": ("orchestrator.gates.flow.families", "told"),
    "secrets": ("orchestrator.gates.kinds.detect", "detect"),
}
"""Request → module and function that answers it, imported when it is first asked for."""


def answer(op: str, data: bytes) -> dict[str, Any]:
    """To one request, in this process and with no limit; of several that are joined by ``+`` each has its own."""
    if "+" in op:
        return {one: answer(one, data) for one in op.split("+")}
    here: dict[str, Callable[[bytes], dict[str, Any]]] = {"hello": lambda _: _hello(), "scan": scan}
    if op in here:
        return here[op](data)
    if op not in _ELSEWHERE:
        return {"broken": f"unknown request {op}"}
    module, name = _ELSEWHERE[op]
    found: dict[str, Any] = getattr(import_module(module), name)(data)
    return found


def _read(stream: BinaryIO) -> bytes | None:
    head = stream.read(HEADER.size)
    if len(head) < HEADER.size:
        return None
    (size,) = HEADER.unpack(head)
    body = stream.read(size)
    return body if len(body) == size else None


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    while (head := _read(requests)) is not None and (data := _read(requests)) is not None:
        request: dict[str, Any] = json.loads(head)
        # The default action of both signals ends the process even inside C code that never returns.
        signal.setitimer(signal.ITIMER_PROF, float(request["cpu_seconds"]))
        signal.setitimer(signal.ITIMER_REAL, float(request["wall_seconds"]))
        try:
            said = answer(str(request["op"]), data)
        except (Exception, RecursionError, MemoryError) as error:  # noqa: BLE001 - whatever it is, the file was not scanned
            said = {"broken": f"{type(error).__name__}: {error}"[:500]}
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.setitimer(signal.ITIMER_PROF, 0)
        body = json.dumps(said).encode()
        answers.write(HEADER.pack(len(body)) + body)
        answers.flush()


def main(preload: str = "") -> None:
    """Serve until stdin closes; ``preload`` names the request that will come."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE_BYTES, _ADDRESS_SPACE_BYTES))
    answers = os.fdopen(os.dup(1), "wb")
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    # bandit logs each node of each file at this level; asking whether to costs more than some of its tests.
    logging.disable(logging.DEBUG)
    # A tree is many objects that live as long as its file is looked at: looking for cycles among them costs a tenth.
    gc.set_threshold(_OBJECTS_PER_COLLECTION, 50, 100)
    with answers:
        # What is imported stays; looking for cycles among it takes a tenth of the start.
        gc.disable()
        ready(preload)
        gc.freeze()
        gc.enable()
        _serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
