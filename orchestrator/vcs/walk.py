"""A history commit by commit, each with what it changed: one git process, read as it comes.

A commit is compared with its first parent, a first commit with nothing. Of a
merge only the files count that differ from every parent: what a side brought
was seen at its own commit. Renames are found by content.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from orchestrator.models.changed import ChangedFile, ChangeKind
from orchestrator.models.ids import GitOid
from orchestrator.vcs.diff import raw_row
from orchestrator.vcs.repository import Repository

_START = b"\x1e"
_FORMAT = "%x1e%H%x1f%P%x1f%aI%x1f%an%x1f%s"
_OPTIONS = ("--topo-order", "--reverse", "--raw", "-c", "-r", "--root", "--no-abbrev", "--find-renames=50%")
_MORE = ("--no-color", "--no-notes", "--no-show-signature", "--no-mailmap", "--ignore-submodules=none")
_ABSENT = "000000"
_END_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Walked:
    """One commit. ``files`` holds one list per parent (one for a first commit); a merge's lists name the same paths.

    ``odd`` are paths that are no UTF-8, in Python's notation; they are in no list.
    """

    oid: GitOid
    parents: tuple[GitOid, ...]
    author: str
    date: str
    subject: str
    files: tuple[tuple[ChangedFile, ...], ...]
    odd: tuple[str, ...] = ()


def walk(repository: Repository, head: GitOid, base: GitOid | None) -> Iterator[Walked]:
    """All that ``head`` reaches and ``base`` does not, parents first. Raises ``RepositoryError`` REPO014."""
    without = [f"^{base}"] if base else []
    span = ("--end-of-options", head, *without)
    log = ("log", f"--format={_FORMAT}", *_OPTIONS, *_MORE, *span)
    git = repository.git.streamed(*log, timeout_seconds=_END_SECONDS)
    with git as (_, pipe), io.BufferedReader(cast("io.FileIO", pipe)) as lines:
        yield from _commits(lines)


def chunks(commits: Iterator[Walked], size: int, files: int) -> Iterator[list[Walked]]:
    """Lists of at most ``size``, that end with the commit that brings the changed files of the list to ``files``."""
    found, changed = list[Walked](), 0
    for commit in commits:
        found.append(commit)
        changed += sum(map(len, commit.files))
        if len(found) >= size or changed >= files:
            yield found
            found, changed = [], 0
    if found:
        yield found


def _commits(lines: Iterable[bytes]) -> Iterator[Walked]:
    head, rows = b"", list[bytes]()
    for line in lines:
        if line.startswith(_START):
            if head:
                yield _walked(head, rows)
            head, rows = line, []
        elif line.startswith(b":"):
            rows.append(line.rstrip(b"\n"))
    if head:
        yield _walked(head, rows)


def _walked(head: bytes, rows: list[bytes]) -> Walked:
    oid, parents, date, author, subject = (
        part.decode(errors="replace") for part in head[1:].rstrip(b"\n").split(b"\x1f", 4)
    )
    of = tuple(GitOid(p) for p in parents.split())
    lists: list[list[ChangedFile]] = [[] for _ in range(max(len(of), 1))]
    odd: list[str] = []
    for row in rows:
        try:
            for files, file in zip(lists, _of_each_parent(row), strict=True):
                files.append(file)
        except UnicodeDecodeError:
            odd.append(repr(row.partition(b"\t")[2]))
    return Walked(GitOid(oid), of, author, date, subject, tuple(tuple(f) for f in lists), tuple(odd))


def _of_each_parent(row: bytes) -> list[ChangedFile]:
    """One for an ordinary row; for ``::mode mode mode id id id MM<TAB>path`` one per parent."""
    count = len(row) - len(row.lstrip(b":"))
    if count == 1:
        return [raw_row(row)]
    head, _, name = row.partition(b"\t")
    words = head.lstrip(b":").decode().split(" ")
    modes, ids = words[: count + 1], words[count + 1 : 2 * count + 2]
    return [_against(modes[at], ids[at], modes[-1], ids[-1], name) for at in range(count)]


def _against(old_mode: str, old: str, new_mode: str, new: str, name: bytes) -> ChangedFile:
    letter = "A" if old_mode == _ABSENT else "D" if new_mode == _ABSENT else "M"
    row = raw_row(f":{old_mode} {new_mode} {old} {new} {letter}\t".encode() + name)
    return row if row.kind is not ChangeKind.MODE else row.model_copy(update={"old_path": row.path})
