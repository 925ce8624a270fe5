"""A unified diff as rows: which file, which hunk, which lines. Bytes in, nothing dropped.

A section starts at ``diff --git`` and a hunk is as long as its ``@@`` header
says, so a removed line that reads ``--- a/other`` cannot start a file. Paths
are in git's C quoting where they need it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from orchestrator.models.base import Digest
from orchestrator.models.change import Hunk
from orchestrator.review.escape import decode

_HEADER = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_QUOTED = re.compile(rb'"((?:[^"\\]|\\.)*)"')
_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_LETTERS = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r"}
_OCTAL_DIGITS = 3


class RowKind(StrEnum):
    """What a row is. The last four have text that is not part of a diff."""

    FILE = "file"
    META = "meta"
    HUNK = "hunk"
    CONTEXT = "context"
    ADDED = "added"
    REMOVED = "removed"
    HEADING = "heading"
    TEXT = "text"
    ALERT = "alert"
    BLANK = "blank"


class Row(NamedTuple):
    """One line. ``text`` is raw and without its marker; ``old`` and ``new`` are line numbers, 0 where there is none."""

    kind: RowKind
    text: str
    path: str = ""
    old: int = 0
    new: int = 0
    hunk: Digest | None = None


class HunkIndex:
    """Which signed hunk a changed line belongs to."""

    def __init__(self, hunks: Sequence[Hunk]) -> None:
        self._of_path: dict[str, list[Hunk]] = {}
        for hunk in hunks:
            self._of_path.setdefault(hunk.path, []).append(hunk)
        self._last: Hunk | None = None

    def find(self, kind: RowKind, paths: Sequence[str], old: int, new: int) -> Digest | None:
        """The hunk's id, or ``None`` when no hunk of these paths covers the line."""
        if self._last is not None and self._last.path in paths and _covers(self._last, kind, old, new):
            return self._last.id
        near = (h for path in paths for h in self._of_path.get(path, ()))
        self._last = next((h for h in near if _covers(h, kind, old, new)), None)
        return self._last.id if self._last else None


def _covers(hunk: Hunk, kind: RowKind, old: int, new: int) -> bool:
    if kind is RowKind.REMOVED:
        return hunk.old_start <= old < hunk.old_start + hunk.old_lines
    return hunk.new_start <= new < hunk.new_start + hunk.new_lines


def unquote(name: bytes) -> str:
    """A path as git prints it: bare, or in C quotes with octal bytes."""
    if not (name.startswith(b'"') and name.endswith(b'"') and len(name) > 1):
        return decode(name)
    return decode(_ESCAPE.sub(lambda m: _byte(m.group(1)), name[1:-1]))


def _byte(escaped: bytes) -> bytes:
    if len(escaped) == _OCTAL_DIGITS:
        return bytes([int(escaped, 8) & 0xFF])
    return _LETTERS.get(escaped, escaped)


def _named(line: bytes) -> tuple[str, str]:
    """Both paths of a ``diff --git`` line. Unquoted names are told apart by being equal; renames say theirs later."""
    rest = line.removeprefix(b"diff --git ")
    quoted = [m.group(0) for m in _QUOTED.finditer(rest)]
    if rest.startswith(b'"') and quoted:
        first = quoted[0]
        second = rest[len(first) + 1 :]
    elif quoted and rest.endswith(quoted[-1]):
        second = quoted[-1]
        first = rest[: -len(second) - 1]
    else:
        middle = len(rest) // 2
        first, second = rest[:middle], rest[middle + 1 :]
    return unquote(first)[2:], unquote(second)[2:]


class _Reader:
    def __init__(self, data: bytes, hunks: Sequence[Hunk]) -> None:
        self._lines = data.removesuffix(b"\n").split(b"\n") if data else []
        self._index = HunkIndex(hunks)
        self._old_path = self._path = ""
        self._old = self._new = self._old_left = self._new_left = 0

    def rows(self) -> Iterator[Row]:
        for number, line in enumerate(self._lines):
            if self._old_left or self._new_left:
                yield self._inside(line)
            elif line.startswith(b"diff --git "):
                yield self._section(number, line)
            elif match := _HEADER.match(line):
                yield self._open(line, match)
            else:
                yield Row(RowKind.META, decode(line), self._path)

    def _section(self, number: int, line: bytes) -> Row:
        self._old_path, self._path = _named(line)
        for header in self._lines[number + 1 : number + 12]:
            if header.startswith((b"diff --git ", b"@@ ", b"--- ")):
                break
            if header.startswith(b"rename from "):
                self._old_path = unquote(header.removeprefix(b"rename from "))
            if header.startswith(b"rename to "):
                self._path = unquote(header.removeprefix(b"rename to "))
        return Row(RowKind.FILE, self._path, self._path)

    def _open(self, line: bytes, match: re.Match[bytes]) -> Row:
        old, old_lines, new, new_lines = match.groups()
        self._old, self._new = int(old), int(new)
        self._old_left = 1 if old_lines is None else int(old_lines)
        self._new_left = 1 if new_lines is None else int(new_lines)
        return Row(RowKind.HUNK, decode(line), self._path, self._old, self._new)

    def _inside(self, line: bytes) -> Row:
        mark, text = line[:1], decode(line[1:])
        old, new, paths = self._old, self._new, (self._path, self._old_path)
        if mark == b"\\":
            return Row(RowKind.META, decode(line), self._path)
        if mark != b"+":
            self._old, self._old_left = old + 1, max(self._old_left - 1, 0)
        if mark != b"-":
            self._new, self._new_left = new + 1, max(self._new_left - 1, 0)
        if mark == b"+":
            return Row(RowKind.ADDED, text, self._path, 0, new, self._index.find(RowKind.ADDED, paths, 0, new))
        if mark == b"-":
            return Row(RowKind.REMOVED, text, self._path, old, 0, self._index.find(RowKind.REMOVED, paths, old, 0))
        return Row(RowKind.CONTEXT, text, self._path, old, new)


def parse(data: bytes, hunks: Sequence[Hunk] = ()) -> tuple[Row, ...]:
    """All rows of a diff; changed rows carry the id of the hunk that covers them, or ``None``."""
    rows = list(_Reader(data, hunks).rows())
    following: Digest | None = None
    for place in range(len(rows) - 1, -1, -1):
        row = rows[place]
        if row.kind in (RowKind.ADDED, RowKind.REMOVED):
            following = row.hunk
        elif row.kind is RowKind.HUNK:
            rows[place] = row._replace(hunk=following)
            following = None
    return tuple(rows)
