"""Objects read through one long-lived ``git cat-file --batch-command``, and trees cached on the way."""

from __future__ import annotations

import os
import subprocess
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import islice
from threading import RLock
from typing import IO, NamedTuple

from orchestrator.errors import RepositoryError
from orchestrator.models.ids import GitOid
from orchestrator.vcs.git import Git, failed, read_some
from orchestrator.vcs.packs import Row, read_tree

ANSWER_SECONDS = 60
_BATCH = 256
_CACHED_TREES = 50_000


class Info(NamedTuple):
    oid: GitOid
    kind: str
    size: int


def absent(oid: str) -> RepositoryError:
    """REPO013: an object that this clone does not hold."""
    hint = "fetch it: a partial clone must be completed first (`git fetch --refetch`)"
    return RepositoryError("REPO013", f"Object {oid} is not in this clone.", hint)


class Reader:
    """Thread-safe. One process from the first question until :meth:`close`.

    It asks at most 256 questions before it reads their answers, so neither pipe can fill up. git answers them together
    (``--buffer``): a write for each part of each answer would be dearer than the answer.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._process: subprocess.Popen[bytes] | None = None
        self._rest = bytearray()
        self._lock = RLock()
        self._trees: OrderedDict[GitOid, tuple[Row, ...]] = OrderedDict()
        self.object_format = git.object_format
        self.id_bytes = 20 if git.object_format == "sha1" else 32

    def close(self) -> None:
        """End the process. A later question starts a new one."""
        with self._lock:
            process, self._process = self._process, None
            self._rest.clear()
            if process is None:
                return
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            process.kill()
            process.wait()

    def info(self, names: Sequence[str]) -> list[Info | None]:
        """Id, kind and size of each object; ``None`` for one that is absent."""
        found: list[Info | None] = []
        with self._lock:
            for batch in _batches(names):
                self._ask("info", batch)
                found += [self._header() for _ in batch]
        return found

    def contents(self, oids: Sequence[str]) -> Iterator[tuple[Info, bytes]]:
        """Objects in the order asked. Raises ``RepositoryError`` REPO013 for one that is absent."""
        for batch in _batches(oids):
            yield from self._batch(batch)

    def _batch(self, oids: Sequence[str]) -> list[tuple[Info, bytes]]:
        with self._lock:
            self._ask("contents", oids)
            answers = [self._content() for _ in oids]
        for oid, answer in zip(oids, answers, strict=True):
            if answer is None:
                raise absent(oid)
        return [answer for answer in answers if answer is not None]

    def one(self, oid: str, kind: str) -> bytes:
        """The bytes of one object of a kind. Raises ``RepositoryError`` REPO013 (absent) or REPO016 (another kind)."""
        info, data = self._batch([oid])[0]
        if info.kind != kind:
            raise RepositoryError("REPO016", f"{oid} is a {info.kind}, and a {kind} was expected.")
        return data

    def tree(self, oid: GitOid) -> tuple[Row, ...]:
        """The rows of a tree object. Raises as :func:`read_tree` and :meth:`one` do."""
        rows = self._trees.get(oid)
        return self._keep(oid, self.one(oid, "tree")) if rows is None else rows

    def read_trees(self, oids: Sequence[GitOid]) -> None:
        """Read these trees together, so that :meth:`tree` has them."""
        for info, data in self.contents([oid for oid in oids if oid not in self._trees]):
            if info.kind != "tree":
                raise RepositoryError("REPO016", f"{info.oid} is a {info.kind}, and a tree was expected.")
            self._keep(info.oid, data)

    def _keep(self, oid: GitOid, data: bytes) -> tuple[Row, ...]:
        rows = self._trees[oid] = read_tree(data, self.id_bytes)
        if len(self._trees) > _CACHED_TREES:
            self._trees.popitem(last=False)
        return rows

    def _ask(self, command: str, names: Sequence[str]) -> None:
        if self._process is None:
            self._process = self._start()
        if self._process.stdin is None:
            raise failed("cat-file", b"no standard input")
        try:
            questions = "".join([*(f"{command} {name}\n" for name in names), "flush\n"]).encode()
            while questions:
                questions = questions[os.write(self._process.stdin.fileno(), questions) :]
        except BrokenPipeError as error:
            self.close()
            raise failed("cat-file", b"it ended early") from error

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - an argument vector of ours, no shell
            self._git.argv(["cat-file", "--batch-command", "--buffer"]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self._git.env(),
            cwd="/",
            bufsize=0,
        )

    def _header(self) -> Info | None:
        while (end := self._rest.find(b"\n")) < 0:
            self._fill()
        words = self._rest[:end].decode(errors="replace").split(" ")
        del self._rest[: end + 1]
        if len(words) != 3 or not words[2].isdecimal():  # noqa: PLR2004 - id, kind, size
            return None
        return Info(GitOid(words[0]), words[1], int(words[2]))

    def _content(self) -> tuple[Info, bytes] | None:
        info = self._header()
        if info is None:
            return None
        while len(self._rest) <= info.size:
            self._fill()
        data = bytes(self._rest[: info.size])
        del self._rest[: info.size + 1]
        return info, data

    def _fill(self) -> None:
        pipe: IO[bytes] | None = self._process.stdout if self._process else None
        chunk = b""
        try:
            chunk = read_some(pipe, time.monotonic() + ANSWER_SECONDS) if pipe else b""
        finally:
            if not chunk:
                self.close()
        if not chunk:
            raise failed("cat-file", b"it ended early")
        self._rest += chunk


def _batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    queue = iter(names)
    while batch := list(islice(queue, _BATCH)):
        yield batch
