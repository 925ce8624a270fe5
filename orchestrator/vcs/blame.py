"""``git blame`` as data: which commit wrote each line, followed through renames, moves and copies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from orchestrator.errors import RepositoryError
from orchestrator.models.base import GitOid
from orchestrator.ports import BlamedLine
from orchestrator.vcs.names import visible
from orchestrator.vcs.repository import Repository

_HEADER = re.compile(r"([0-9a-f]{40}|[0-9a-f]{64}) (\d+) (\d+)(?: \d+)?")
_TIMEOUT_SECONDS = 300
_FOLLOW = ("-M", "-C")


def blame(repository: Repository, rev: GitOid, path: str, first: int, last: int) -> tuple[BlamedLine, ...]:
    """As :meth:`orchestrator.ports.History.blame`. The file is read at ``rev``, never from the work tree."""
    span = [f"-L{first},{last or ''}"] if (first, last) != (1, 0) else []
    argv = ("blame", "--porcelain", "--no-textconv", *_FOLLOW, *span, rev, "--", path)
    done = repository.git.run(*argv, timeout_seconds=_TIMEOUT_SECONDS, ok=(0, 128))
    if done.returncode:
        message = f"{visible(path)} has no lines {first} to {last or 'its end'} at {rev[:12]}."
        raise RepositoryError("REPO040", message, "name a file and lines of that commit: FILE:L1-L2")
    return tuple(_parsed(done.stdout))


@dataclass
class _Seen:
    """What the porcelain form says once per commit and then takes as known."""

    path: str = ""
    author: str = ""


@dataclass
class _Reading:
    known: dict[str, _Seen] = field(default_factory=dict[str, _Seen])
    out: list[BlamedLine] = field(default_factory=list[BlamedLine])
    commit: str = ""
    line: int = 0
    number: int = 0


def _parsed(said: bytes) -> list[BlamedLine]:
    now = _Reading()
    for raw in said.split(b"\n"):
        if raw.startswith(b"\t"):
            seen = now.known[now.commit]
            now.out.append(BlamedLine(now.number, raw[1:], GitOid(now.commit), seen.path, now.line, seen.author))
        else:
            _word(now, raw.decode(errors="replace"))
    return now.out


def _word(now: _Reading, text: str) -> None:
    header = _HEADER.fullmatch(text)
    if header is not None:
        now.commit, now.line, now.number = header[1], int(header[2]), int(header[3])
        now.known.setdefault(now.commit, _Seen())
    elif text.startswith("filename "):
        now.known[now.commit].path = _unquoted(text.removeprefix("filename "))
    elif text.startswith("author "):
        now.known[now.commit].author = text.removeprefix("author ")


def _unquoted(name: str) -> str:
    """Undo git's C-style quoting of a path."""
    if not name.startswith('"'):
        return name
    raw = name[1:-1].encode().decode("unicode_escape").encode("latin-1", "replace")
    return raw.decode(errors="replace")
