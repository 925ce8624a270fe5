"""A unified diff as rows: which file, which hunk, which lines. Bytes in, nothing dropped.

A section starts at ``diff --git`` and a hunk is as long as its ``@@`` header
says, so a removed line that reads ``--- a/other`` cannot start a file. Paths
are in git's C quoting where they need it.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple, cast

from orchestrator.models.change import Hunk
from orchestrator.models.ids import Digest
from orchestrator.review.escape import decode

_HEADER = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@", re.ASCII)
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


_row = cast("Callable[[tuple[RowKind, str, str, int, int, Digest | None]], Row]", partial(tuple[Any].__new__, Row))
"""A row of a whole tuple: half the time, which counts where there are hundreds of thousands."""


class _Side:
    """The hunks of one path that have lines on one side, by their first line there. They do not overlap."""

    def __init__(self, found: Sequence[tuple[int, int, Digest]]) -> None:
        self._hunks = sorted(one for one in found if one[1])
        self._starts = [start for start, _, _ in self._hunks]

    def find(self, line: int) -> tuple[int, int, Digest] | None:
        place = bisect_right(self._starts, line) - 1
        if place < 0:
            return None
        start, lines, hunk = self._hunks[place]
        return (start, start + lines, hunk) if line < start + lines else None


_NONE = (0, 0, None)


class HunkIndex:
    """Which signed hunk a changed line belongs to."""

    def __init__(self, hunks: Sequence[Hunk]) -> None:
        old: dict[str, list[tuple[int, int, Digest]]] = {}
        new: dict[str, list[tuple[int, int, Digest]]] = {}
        for hunk in hunks:
            old.setdefault(hunk.path, []).append((hunk.old_start, hunk.old_lines, hunk.id))
            new.setdefault(hunk.path, []).append((hunk.new_start, hunk.new_lines, hunk.id))
        self._old = {path: _Side(found) for path, found in old.items()}
        self._new = {path: _Side(found) for path, found in new.items()}

    def find(self, kind: RowKind, paths: Sequence[str], line: int) -> tuple[int, int, Digest | None]:
        """First line, line after the last, and id of the hunk of these paths that covers a line of its side."""
        sides = self._old if kind is RowKind.REMOVED else self._new
        found = (sides[path].find(line) for path in paths if path in sides)
        return next((one for one in found if one is not None), _NONE)


def _encode(line: str) -> bytes:
    """The bytes that :func:`decode` read."""
    return line.encode("utf-8", "surrogateescape")


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
    """``_body`` is one plain loop: it sees every line of a diff that may have hundreds of thousands."""

    def __init__(self, data: bytes, hunks: Sequence[Hunk]) -> None:
        self._lines = decode(data.removesuffix(b"\n")).split("\n") if data else []
        self._index = HunkIndex(hunks)
        self._old_path = self._path = ""
        self._rows: list[Row] = []

    def rows(self) -> tuple[Row, ...]:
        place = 0
        while place < len(self._lines):
            line = self._lines[place]
            place += 1
            if line.startswith("diff --git "):
                self._section(place, line)
            elif match := _HEADER.match(line):
                place = self._hunk(place, line, match)
            else:
                self._rows.append(Row(RowKind.META, line, self._path))
        return tuple(self._rows)

    def _section(self, place: int, line: str) -> None:
        self._old_path, self._path = _named(_encode(line))
        for header in self._lines[place : place + 11]:
            if header.startswith(("diff --git ", "@@ ", "--- ")):
                break
            if header.startswith("rename from "):
                self._old_path = unquote(_encode(header.removeprefix("rename from ")))
            if header.startswith("rename to "):
                self._path = unquote(_encode(header.removeprefix("rename to ")))
        self._rows.append(Row(RowKind.FILE, self._path, self._path))

    def _hunk(self, place: int, line: str, match: re.Match[str]) -> int:
        """The rows of one ``@@`` section. Gives the place of the first line after it."""
        old, old_lines, new, new_lines = match.groups()
        head = len(self._rows)
        self._rows.append(Row(RowKind.HUNK, line, self._path, int(old), int(new)))
        left = (1 if old_lines is None else int(old_lines), 1 if new_lines is None else int(new_lines))
        place = self._body(place, int(old), int(new), *left)
        changed = next((r for r in self._rows[head:] if r.kind is RowKind.ADDED or r.kind is RowKind.REMOVED), None)
        self._rows[head] = self._rows[head]._replace(hunk=changed.hunk if changed else None)
        return place

    def _body(self, place: int, old: int, new: int, old_left: int, new_left: int) -> int:
        lines, add, path, find = self._lines, self._rows.append, self._path, self._index.find
        plus, minus, same = RowKind.ADDED, RowKind.REMOVED, RowKind.CONTEXT
        paths = (path, self._old_path)
        added: tuple[int, int, Digest | None] = _NONE
        removed: tuple[int, int, Digest | None] = _NONE
        for at in range(place, len(lines)):
            if old_left <= 0 and new_left <= 0:
                return at
            line = lines[at]
            mark = line[:1]
            if mark == "+":
                if not added[0] <= new < added[1]:
                    added = find(plus, paths, new)
                add(_row((plus, line[1:], path, 0, new, added[2])))
                new, new_left = new + 1, new_left - 1
            elif mark == "-":
                if not removed[0] <= old < removed[1]:
                    removed = find(minus, paths, old)
                add(_row((minus, line[1:], path, old, 0, removed[2])))
                old, old_left = old + 1, old_left - 1
            elif mark == "\\":
                add(Row(RowKind.META, line, path))
            else:
                add(_row((same, line[1:], path, old, new, None)))
                old, new, old_left, new_left = old + 1, new + 1, old_left - 1, new_left - 1
        return len(lines)


def parse(data: bytes, hunks: Sequence[Hunk] = ()) -> tuple[Row, ...]:
    """All rows of a diff; changed rows carry the id of the hunk that covers them, or ``None``."""
    return _Reader(data, hunks).rows()
