"""The difference of two trees, as a person will read it and as gates account for it.

Made by ``git diff-tree`` in the private repository: myers, three lines of
context, full ids, renames found by content, everything as text, no attributes,
no filters, no external program. A file counts as ``binary`` when a NUL stands
in its first 8000 bytes on either side; its text is in the difference all the
same, so that no byte and no attribute can hide a file. Escaping for a terminal
is the reader's work.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.errors import RepositoryError
from orchestrator.models.changed import ChangedFile, ChangeKind, Hunk
from orchestrator.models.ids import GitOid
from orchestrator.ports import TreeDiff
from orchestrator.vcs.git import failed
from orchestrator.vcs.hunks import RawHunk, definitions, hunk_of, owner_of_each_line, whole_file
from orchestrator.vcs.names import GITLINK
from orchestrator.vcs.objects import ObjectStore

MAX_DIFF_BYTES = 64 * 1024 * 1024
TIMEOUT_SECONDS = 60
_SNIFFED = 8000
_OPTIONS = (
    *("-r", "--raw", "--patch", "--full-index", "--no-abbrev", "--text", "--unified=3"),
    *("--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic", "--find-renames=50%"),
    *("--no-ext-diff", "--no-textconv", "--no-color", "--no-relative", "--submodule=short", "--ignore-submodules=none"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)
_RAW = ("-r", "--raw", "--no-abbrev", "--find-renames=50%", "--no-relative", "--ignore-submodules=none")
_KINDS = {
    "A": ChangeKind.ADDED,
    "D": ChangeKind.DELETED,
    "M": ChangeKind.MODIFIED,
    "R": ChangeKind.RENAMED,
    "T": ChangeKind.MODIFIED,
}
_HEADER = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"a": 7, b"b": 8, b"t": 9, b"n": 10, b"v": 11, b"f": 12, b"r": 13, b'"': 34, b"\\": 92}


class Section(NamedTuple):
    """One changed path with its ``@@`` sections; ``hunks`` are theirs in order, or the one of a change without text."""

    file: ChangedFile
    raw: tuple[RawHunk, ...]
    hunks: tuple[Hunk, ...]


def diff(store: ObjectStore, old: GitOid, new: GitOid) -> TreeDiff:
    """As :meth:`orchestrator.ports.Trees.diff`. Raises ``LimitReached`` DIF001 (size) or DIF002 (time)."""
    found, text = sections(store, old, new)
    return TreeDiff(tuple(s.file for s in found), tuple(h for s in found for h in s.hunks), text)


def sections(store: ObjectStore, old: GitOid, new: GitOid) -> tuple[list[Section], bytes]:
    """The difference path by path, and its text. Raises as :func:`diff`."""
    before, after = store.peel(old), store.peel(new)
    if before == after:
        return [], b""
    said = store.git.capped(
        "diff-tree", *_OPTIONS, before, after, max_bytes=MAX_DIFF_BYTES, timeout_seconds=TIMEOUT_SECONDS
    )
    raw, _, text = said.partition(b"\n\n")
    rows = [raw_row(line) for line in raw.splitlines()]
    parts = list(_sections(text))
    made: list[Section] = []
    at = 0
    for row in rows:
        count = 2 if _two_sections(row) else 1
        found = [hunk for part in parts[at : at + count] for hunk in part]
        at += count
        file, contents = _complete(store, row, found)
        made.append(Section(file, tuple(found), tuple(_hunks(file, found, contents))))
    if at != len(parts):
        raise failed("diff-tree", b"its list of files and its text disagree")
    return made, text


def changed_files(store: ObjectStore, old: GitOid, new: GitOid) -> tuple[ChangedFile, ...]:
    """The files alone, without lines counted: no text is made, so its size has no limit."""
    before, after = store.peel(old), store.peel(new)
    done = store.git.run("diff-tree", *_RAW, before, after, timeout_seconds=TIMEOUT_SECONDS)
    try:
        return tuple(raw_row(line) for line in done.stdout.split(b"\n") if line)
    except UnicodeDecodeError as error:
        message = f"A changed path is not UTF-8: {error.object!r}."
        raise RepositoryError("REPO010", message, "rename it") from error


def _two_sections(row: ChangedFile) -> bool:
    """A file that becomes a link (or the reverse) is shown as removed and added."""
    if row.old_mode is None or row.new_mode is None:
        return False
    return row.old_mode[:2] != row.new_mode[:2]


def raw_row(line: bytes) -> ChangedFile:
    """``:100644 100755 OLD NEW M<TAB>path[<TAB>new path]``. Raises ``UnicodeDecodeError``."""
    head, *names = line.split(b"\t")
    old_mode, new_mode, old, new, status = head[1:].decode().split(" ")
    paths = [_unquote(name) for name in names]
    kind = _KINDS[status[0]]
    if kind is ChangeKind.MODIFIED and old == new:
        kind = ChangeKind.MODE
    return ChangedFile(
        path=paths[-1],
        old_path=None if kind is ChangeKind.ADDED else paths[0],
        kind=kind,
        old_mode=None if kind is ChangeKind.ADDED else old_mode,
        new_mode=None if kind is ChangeKind.DELETED else new_mode,
        old_blob=None if kind is ChangeKind.ADDED else GitOid(old),
        new_blob=None if kind is ChangeKind.DELETED else GitOid(new),
    )


def _unquote(name: bytes) -> str:
    """Undo git's C-style quoting of a path."""
    if not name.startswith(b'"'):
        return name.decode()
    return _ESCAPE.sub(lambda m: bytes([_LETTERS.get(m[1]) or int(m[1], 8)]), name[1:-1]).decode()


def _sections(text: bytes) -> Iterator[list[RawHunk]]:
    """Read by the counts in each ``@@`` line, never by what a line looks like."""
    lines = text.split(b"\n")
    at = 0
    section: list[RawHunk] | None = None
    while at < len(lines):
        line = lines[at]
        header = _HEADER.match(line)
        if line.startswith(b"diff --git "):
            if section is not None:
                yield section
            section = []
        elif section is not None and header is not None:
            hunk, at = _raw_hunk(header, lines, at + 1)
            section.append(hunk)
            continue
        at += 1
    if section is not None:
        yield section


def _raw_hunk(header: re.Match[bytes], lines: list[bytes], at: int) -> tuple[RawHunk, int]:
    old_start, old_lines, new_start, new_lines = (1 if n is None else int(n) for n in header.groups())
    old_left, new_left, line_number = old_lines, new_lines, new_start + (new_lines == 0)
    body: list[bytes] = []
    touched: dict[int, None] = {}
    while old_left or new_left or (at < len(lines) and lines[at].startswith(b"\\")):
        line = lines[at] + b"\n"
        at += 1
        body.append(line)
        if line[:1] in {b"+", b"-"}:
            touched[line_number] = None
        old_left -= line[:1] in {b" ", b"-"}
        new_left -= line[:1] in {b" ", b"+"}
        line_number += line[:1] in {b" ", b"+"}
    return RawHunk(old_start, old_lines, new_start, new_lines, tuple(body), tuple(touched)), at


def _complete(store: ObjectStore, row: ChangedFile, found: list[RawHunk]) -> tuple[ChangedFile, bytes]:
    """The row with its counts, and the new content."""
    sides = [(row.old_mode, row.old_blob), (row.new_mode, row.new_blob)]
    old, new = (store.reader.one(oid, "blob") if oid and mode != GITLINK else b"" for mode, oid in sides)
    changes = [line[:1] for hunk in found for line in hunk.body]
    counted = {
        "added_lines": changes.count(b"+"),
        "removed_lines": changes.count(b"-"),
        "binary": b"\0" in old[:_SNIFFED] or b"\0" in new[:_SNIFFED],
    }
    return row.model_copy(update=counted), new


def _hunks(file: ChangedFile, found: list[RawHunk], new: bytes) -> list[Hunk]:
    if not found:
        return [whole_file(file)]
    lines = [part + b"\n" for part in new.split(b"\n")]
    owners = owner_of_each_line(definitions(file.path, new), len(lines))
    return [hunk_of(file, raw, lines, owners) for raw in found]
