"""Several scanner processes behind the face of one, and answers that are kept from one call to the next.

At most one for each processor, each able to answer anything; the first starts at once, the others when so much waits
that it is worth their start. What is known to be asked about is taken by whichever is free, in one request with one
syntax tree for all that look at it.
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

from orchestrator.errors import GateBroken
from orchestrator.gates.changes.digests import source_digest
from orchestrator.gates.scanners.frames import ALL
from orchestrator.gates.scanners.installed import version
from orchestrator.gates.scanners.worker import FILE_LIMIT_SECONDS, Worker
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.ports.answers import Answers

from . import nursery

__all__ = ["KEPT_BYTES", "Team", "own_sources", "ruleset"]

KEPT_BYTES = 64 * 1024**2
_OVERHEAD, _EACH = 600, 300
"""About the bytes of an answer, and of each item of its lists."""
_SHARE_BYTES = 48 * 1024
"""Of sources that wait: to read so much takes longer than to start another process."""
_NURSED_SHARE_BYTES = 4 * 1024
"""The same for another process that is there."""
_NONE: Mapping[Digest, bytes] = {}


class _Item(NamedTuple):
    """A source and what is asked of it, joined by ``+``."""

    digest: Digest
    data: bytes
    ops: str


@cache
def ruleset() -> Digest:
    """Of all that decides an answer but the question: our own sources, bandit, what is installed beside it, Python.

    Their own dependencies decide too, so the names and versions of all that is installed count.
    """
    sources = hashlib.sha256()
    for path in own_sources():
        sources.update(hashlib.sha256(path.read_bytes()).digest())
    installed = sorted({name for folder in sys.path for name in _distributions(folder)})
    return sha256(canonical([sources.hexdigest(), version("bandit"), sys.version, installed]))


def own_sources() -> list[Path]:
    """Every file of this room: any of them may decide an answer."""
    return sorted(Path(__file__).parents[1].rglob("*.py"))


def _distributions(folder: str) -> list[str]:
    try:
        return [p.name for p in Path(folder or ".").iterdir() if p.suffix in {".dist-info", ".egg-info", ".egg-link"}]
    except OSError:
        return []


class Team(Worker):
    """A :class:`Worker` of several processes. ``answers`` are kept ones; what they hold is asked of no process.

    Answers stay in memory up to 64 MiB, oldest first out. A question that fails is never kept.
    """

    def __init__(
        self,
        *,
        file_limit_seconds: float = FILE_LIMIT_SECONDS,
        processes: int | None = None,
        answers: Answers | None = None,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        super().__init__(file_limit_seconds=file_limit_seconds)
        count = max(processes or os.cpu_count() or 2, 1)
        self._members = [Worker(file_limit_seconds=file_limit_seconds, preload="all") for _ in range(count)]
        self.answers = answers
        self._memory: OrderedDict[tuple[str, str], tuple[int, Mapping[str, Any]]] = OrderedDict()
        self._memory_lock = threading.Lock()
        self._memory_left = kept_bytes
        self._coming: dict[Digest, threading.Event] = {}
        self._coming_lock = threading.Lock()
        self._coming_bytes = 0
        self._used = 1
        self._waiting: SimpleQueue[_Item | None] = SimpleQueue()
        self._bases: dict[Digest, bytes] = {}
        self._asking: list[threading.Thread] = []

    @property
    def processes(self) -> int:
        """How many questions can be under way at once."""
        return len(self._members)

    @property
    def used(self) -> int:
        """For how many of them there has been work."""
        return self._used

    @property
    def pid(self) -> int | None:
        """Of one live process, or ``None``."""
        return next((w.pid for w in self._members if w.pid is not None), None)

    def start(self) -> None:
        """Of the first process. Those of a nursery have begun."""
        if not nursery.WAITING:
            self._members[0].start()

    def close(self) -> None:
        self.forget()
        for worker in self._members:
            worker.close()
        nursery.forget()

    def forget(self) -> None:
        """Begin with nothing more, and wait for what is under way: it would start a process again."""
        with self._coming_lock:
            self._bases.clear()
            while not self._waiting.empty():
                item = self._waiting.get()
                if item is not None:
                    self._come(item)
            asking, self._asking = self._asking, []
        for _ in asking:
            self._waiting.put(None)
        for thread in asking:
            thread.join()

    def foresee(self, sources: Sequence[bytes], bases: Mapping[Digest, bytes] = _NONE) -> None:
        """Begin with these, the largest first: whichever process is free takes the next. Returns at once.

        Whoever asks about one of them waits for it. One that fails is left for whoever asks, and learns why. A base
        follows its source, and is asked what the source's answers will have whoever judges ask of it.
        """
        self.look_ahead(sources)
        with self._coming_lock:
            for digest, base in bases.items():
                if digest in self._coming:
                    self._bases[digest] = base
                else:
                    self._follow(digest, base)
            self._use_for(self._coming_bytes)

    def look_ahead(self, sources: Sequence[bytes]) -> None:
        """The same with no further process: the caller has work of his own to do meanwhile."""
        with self._coming_lock:
            for data in sorted(sources, key=len, reverse=True):
                self._expect(source_digest(data), data, ALL)
            self._begin()

    def _expect(self, digest: Digest, data: bytes, ops: Sequence[str]) -> None:
        unknown = [op for op in ops if self.kept(self._question(op), digest) is None]
        if unknown and digest not in self._coming:
            self._coming[digest] = threading.Event()
            self._coming_bytes += len(data)
            self._waiting.put(_Item(digest, data, "+".join(unknown)))

    def _follow(self, digest: Digest, base: bytes) -> None:
        """Gates look at the base for what they found in the source, and for the checks that stood there."""
        told = {op: self.kept(self._question(op), digest) or {} for op in ALL}
        finds = {"analyse": ("uses", "issues"), "scan": ("issues", "skipped")}
        ops = [op for op, keys in finds.items() if any(told[op].get(key) for key in keys)]
        self._expect(source_digest(base), base, ["outline", *ops])

    def _use_for(self, waiting_bytes: int) -> None:
        # One of them is the first member's.
        nursed = len(nursery.WAITING) - (not self._asking)
        there = min(max(nursed, 0), waiting_bytes // _NURSED_SHARE_BYTES)
        worth = max(waiting_bytes // _SHARE_BYTES, there)
        self._used = max(self._used, min(len(self._members), 1 + worth))
        self._begin()

    def _begin(self) -> None:
        for member in self._members[len(self._asking) : self._used] if self._coming else ():
            self._asking.append(threading.Thread(target=self._ask_all, args=(member,), daemon=True))
            self._asking[-1].start()

    def _ask_all(self, member: Worker) -> None:
        while (item := self._waiting.get()) is not None:
            with suppress(GateBroken), member.turn:
                told = member.uncached(item.ops, item.data)
                for op, answer in (told if "+" in item.ops else {item.ops: told}).items():
                    self.keep(self._question(op), item.digest, answer)
            with self._coming_lock:
                base = self._bases.pop(item.digest, None)
                if base is not None:
                    self._follow(item.digest, base)
                self._come(item)

    def _come(self, item: _Item) -> None:
        self._coming_bytes -= len(item.data)
        self._coming.pop(item.digest).set()

    def ready(self, op: str, sources: Sequence[bytes]) -> None:
        """Ask about many beforehand. One that fails is left for whoever asks for it by name, and learns why."""
        with self._coming_lock:
            self._use_for(sum(map(len, sources)))
        for data in sources:
            with suppress(GateBroken):
                self._remembered(op, data)

    def _remembered(self, op: str, data: bytes) -> Mapping[str, Any]:
        digest = source_digest(data)
        coming = self._coming.get(digest) if op in ALL else None
        if coming is not None:
            coming.wait()
        known = self.kept(self._question(op), digest)
        if known is not None:
            return known
        member = self._members[int(digest[-4:], 16) % self._used]
        with member.turn:
            # Who asked the same just before has kept the answer by now.
            known = self.kept(self._question(op), digest)
            if known is None:
                known = member.uncached(op, data)
                self.keep(self._question(op), digest, known)
        return known

    def _question(self, op: str) -> str:
        """With the time limit: a file that passes one may be within another."""
        return f"{op}/{self.file_limit_seconds:g}"

    def kept(self, question: str, digest: Digest) -> Mapping[str, Any] | None:
        with self._memory_lock:
            if (question, digest) in self._memory:
                self._memory.move_to_end((question, digest))
                return self._memory[question, digest][1]
        known = self.answers.get(question, digest) if self.answers is not None else None
        if known is not None:
            self._keep(question, digest, known)
        return known

    def keep(self, question: str, digest: Digest, answer: Mapping[str, Any]) -> None:
        self._keep(question, digest, answer)
        if self.answers is not None:
            self.answers.put(question, digest, answer)

    def _keep(self, op: str, digest: Digest, answer: Mapping[str, Any]) -> None:
        parts: list[Any] = [part for part in answer.values() if isinstance(part, list | dict | str)]
        size = _OVERHEAD + sum(_EACH * len(part) for part in parts)
        with self._memory_lock:
            if (op, digest) in self._memory:
                return
            self._memory[op, digest] = size, answer
            self._memory_left -= size
            while self._memory_left < 0 and len(self._memory) > 1:
                _, (freed, _) = self._memory.popitem(last=False)
                self._memory_left += freed
