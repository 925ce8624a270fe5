"""``git blame`` as data, read as git finds it: which commit wrote each line, through renames, moves and copies."""

from __future__ import annotations

import re
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import IO

from orchestrator.errors import RepositoryError
from orchestrator.models.ids import GitOid
from orchestrator.ports import BlamedLine
from orchestrator.vcs.git import failed, read_some
from orchestrator.vcs.names import visible
from orchestrator.vcs.repository import Repository

_HEADER = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64}) (\d+) (\d+) (\d+)")
_TIMEOUT_SECONDS = 300
_FOLLOW = ("-M", "-C")
_NO_SUCH_LINES = 128


def blame(
    repository: Repository, rev: GitOid, path: str, text: bytes, span: tuple[int, int]
) -> Generator[list[BlamedLine]]:
    """As :meth:`orchestrator.ports.History.blame`. ``text`` is the file at ``rev``, never that of the work tree.

    ``span`` is the first and the last line. Raises ``LimitReached`` DIF002 when git says nothing for 300 s.
    """
    lines = [f"-L{span[0]},{span[1] or ''}"] if span != (1, 0) else []
    asked = ("blame", "--incremental", "--no-textconv", *_FOLLOW, *lines, rev, "--", path)
    git = repository.git.streamed(*asked, timeout_seconds=_TIMEOUT_SECONDS, ok=(0, _NO_SUCH_LINES))
    with git as (process, pipe):
        yield from _groups(pipe, _Reading(text.split(b"\n")))
    if process.returncode == _NO_SUCH_LINES:
        raise no_such_lines(path, rev, span)


def no_such_lines(path: str, rev: GitOid, span: tuple[int, int]) -> RepositoryError:
    """REPO040; of the whole file it is the file that is not there."""
    first, last = span
    lines = "" if span == (1, 0) else f", or it has no lines {first} to {last or 'its end'}"
    message = f"{visible(path)} is no file at {rev[:12]}{lines}."
    return RepositoryError("REPO040", message, "name a file and lines of that commit: FILE:L1-L2")


def _groups(pipe: IO[bytes], now: _Reading) -> Iterator[list[BlamedLine]]:
    """Whatever has come since the last look."""
    rest = b""
    while more := read_some(pipe, time.monotonic() + _TIMEOUT_SECONDS):
        *whole, rest = (rest + more).split(b"\n")
        if found := [line for raw in whole for line in now.word(raw.decode(errors="replace"))]:
            yield found


@dataclass
class _Reading:
    """``authors`` is what git says once per commit and then takes as known."""

    text: list[bytes]
    authors: dict[str, str] = field(default_factory=dict[str, str])
    commit: str = ""
    line: int = 0
    number: int = 0
    count: int = 0

    def word(self, said: str) -> list[BlamedLine]:
        """The lines that are whole with this one of git's; the name of the file is the last that is said of them."""
        header = _HEADER.fullmatch(said)
        if header is not None:
            self.commit = header[1]
            self.line, self.number, self.count = int(header[2]), int(header[3]), int(header[4])
        elif said.startswith("author "):
            self.authors[self.commit] = said.removeprefix("author ")
        elif said.startswith("filename "):
            return self._lines(_unquoted(said.removeprefix("filename ")))
        return []

    def _lines(self, path: str) -> list[BlamedLine]:
        commit, author = GitOid(self.commit), self.authors.get(self.commit, "")
        if self.number + self.count - 1 > len(self.text):
            raise failed("blame", b"it names lines that the file does not have")
        return [
            BlamedLine(self.number + n, self.text[self.number + n - 1], commit, path, self.line + n, author)
            for n in range(self.count)
        ]


def _unquoted(name: str) -> str:
    """Undo git's C-style quoting of a path."""
    if not name.startswith('"'):
        return name
    raw = name[1:-1].encode().decode("unicode_escape").encode("latin-1", "replace")
    return raw.decode(errors="replace")
