"""How rows fall on lines of a given width. Only what is asked for is laid out, and the last 4,096 are kept."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence

from orchestrator.review.diff import Row, RowKind
from orchestrator.review.escape import escape, fold, fold_words, pieces
from orchestrator.tui import syntax

Part = tuple[str, str]
"""Escaped text and a style name: one of ``syntax.NAMES``, ``escaped`` or ''."""

CODE = (RowKind.CONTEXT, RowKind.ADDED, RowKind.REMOVED)
_KEPT = 4096
_LONG = 10_000
"""Characters: longer rows are shown without colours."""


class Layout:
    """Rows, folded to ``width`` columns of text."""

    def __init__(self, rows: Sequence[Row], width: int) -> None:
        self.rows = rows
        self.width = max(width, 2)
        self._kept: OrderedDict[int, list[list[Part]]] = OrderedDict()
        self._starts: list[int] = []
        self._long: dict[int, list[str]] = {}
        line = 0
        for row in rows:
            self._starts.append(line)
            line += self._height(row)
        self.height = line

    def _height(self, row: Row) -> int:
        text = row.text
        if len(text) <= self.width and text.isascii() and text.isprintable():
            return 1
        return len(self._folded(row))

    def _folded(self, row: Row) -> list[str]:
        """Kept for long rows, which take long."""
        if len(row.text) <= _LONG:
            return self._fold(row)
        if id(row) not in self._long:
            self._long[id(row)] = self._fold(row)
        return self._long[id(row)]

    def _fold(self, row: Row) -> list[str]:
        text = escape(row.text)
        return fold(text, self.width) if row.kind in CODE else fold_words(text, self.width)

    def first_line(self, row: int) -> int:
        """The line on which a row starts."""
        return self._starts[row]

    def row_at(self, line: int) -> tuple[int, int]:
        """The row on a line, and which of its own lines that is."""
        row = bisect_right(self._starts, line) - 1
        return row, line - self._starts[row]

    def lines(self, index: int) -> list[list[Part]]:
        """A row's lines in styled parts."""
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        row = self.rows[index]
        folded = self._folded(row)
        lines = _cut(_styled(row), folded) if len(row.text) <= _LONG else [[(line, "")] for line in folded]
        self._kept[index] = lines
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return lines


def _styled(row: Row) -> list[Part]:
    coloured = syntax.spans(row.path, row.text) if row.kind in CODE else ((row.text, ""),)
    parts: list[Part] = []
    column = 0
    for text, style in coloured:
        for shown, hidden in pieces(text, column):
            parts.append((shown, "escaped" if hidden else style))
            column += len(shown)
    return parts


def _cut(parts: list[Part], folded: list[str]) -> list[list[Part]]:
    """The same text twice, once in parts and once in lines: parts within lines."""
    if "".join(text for text, _ in parts) != "".join(folded):
        return [[(line, "")] for line in folded]
    lines: list[list[Part]] = []
    queue = parts[::-1]
    for line in folded:
        left, taken = len(line), list[Part]()
        while left:
            text, style = queue.pop()
            taken.append((text[:left], style))
            if len(text) > left:
                queue.append((text[left:], style))
            left -= min(left, len(text))
        lines.append(taken)
    return lines
