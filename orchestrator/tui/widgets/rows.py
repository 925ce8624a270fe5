"""How rows fall on lines of a given width. Only what is asked for is laid out, and the last 256 are kept."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from orchestrator.review.diff import Row, RowKind
from orchestrator.review.escape import escape, fold, fold_words, lookalikes, pieces
from orchestrator.tui import syntax
from orchestrator.tui.widgets import words

Part = tuple[str, str]
"""Escaped text and a style name: one of ``syntax.NAMES``, ``escaped``, ``changed`` or ''."""

CODE = (RowKind.CONTEXT, RowKind.ADDED, RowKind.REMOVED)
_KEPT = 256
_LONG = 10_000
"""Characters: longer rows are shown without colours."""


class Layout:
    """Rows, folded to ``width`` columns of text. An entry is what stands on the same lines: here, one row."""

    split = False

    def __init__(self, rows: Sequence[Row], width: int) -> None:
        self.rows = rows
        self.width = max(width, 2)
        self._kept: OrderedDict[int, list[list[Part]]] = OrderedDict()
        self._long: dict[int, list[str]] = {}
        self._starts = [0, *accumulate(self._heights())]
        self.height = self._starts.pop()

    def _heights(self) -> Iterable[int]:
        width, tall = self.width, self.row_height
        texts = ((row, row.text) for row in self.rows)
        return [1 if len(t) <= width and t.isascii() and t.isprintable() else tall(row) for row, t in texts]

    def row_height(self, row: Row) -> int:
        """Lines of one row."""
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
        """The first row on a line, and which of its own lines that is."""
        entry = bisect_right(self._starts, line) - 1
        return entry, line - self._starts[entry]

    def sides(self, row: int) -> tuple[int | None, int | None]:
        """The rows that stand left and right on the lines of this one."""
        return row, row

    def lines(self, index: int) -> list[list[Part]]:
        """A row's lines in styled parts."""
        if index in self._kept:
            self._kept.move_to_end(index)
            return self._kept[index]
        row = self.rows[index]
        folded = self._folded(row)
        lines = _cut(self._styled(index), folded) if len(row.text) <= _LONG else [[(line, "")] for line in folded]
        self._kept[index] = lines
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return lines

    def _styled(self, index: int) -> list[Part]:
        row = self.rows[index]
        whole = row.kind not in CODE or lookalikes(row.text)  # which letters pass for others shows in whole lines only
        coloured = ((row.text, ""),) if whole else syntax.spans(row.path, row.text)
        changed = () if whole else words.of_row(self.rows, index)
        if not changed and row.text.isascii() and row.text.isprintable():
            return list(coloured)
        parts: list[Part] = []
        column = 0
        for text, style in _marked(coloured, changed):
            for shown, hidden in pieces(text, column):
                parts.append((shown, "escaped" if hidden else style))
                column += len(shown)
        return parts


class SplitLayout(Layout):
    """Old text left, new text right, each folded to ``width``; what is no code takes the whole line."""

    split = True

    def __init__(self, rows: Sequence[Row], width: int, whole: int) -> None:
        self._entries = _paired(rows)
        self._entry_of = [0] * len(rows)
        for number, (left, right) in enumerate(self._entries):
            for side in (left, right):
                if side is not None:
                    self._entry_of[side] = number
        self._whole = max(whole, 2)
        super().__init__(rows, width)

    def _heights(self) -> Iterable[int]:
        for left, right in self._entries:
            sides = {side for side in (left, right) if side is not None}
            yield max(self.row_height(self.rows[side]) for side in sides)

    def _fold(self, row: Row) -> list[str]:
        return super()._fold(row) if row.kind in CODE else fold_words(escape(row.text), self._whole)

    def first_line(self, row: int) -> int:
        return self._starts[self._entry_of[row]]

    def row_at(self, line: int) -> tuple[int, int]:
        entry, part = super().row_at(line)
        left, right = self._entries[entry]
        return (right if left is None else left) or 0, part

    def sides(self, row: int) -> tuple[int | None, int | None]:
        return self._entries[self._entry_of[row]]


def _paired(rows: Sequence[Row]) -> list[tuple[int | None, int | None]]:
    entries: list[tuple[int | None, int | None]] = []
    removed: list[int] = []
    added: list[int] = []
    for index, row in enumerate(rows):
        if row.kind is RowKind.REMOVED and not added:
            removed.append(index)
        elif row.kind is RowKind.ADDED:
            added.append(index)
        else:
            entries += _zipped(removed, added)
            removed, added = ([index], []) if row.kind is RowKind.REMOVED else ([], [])
            if row.kind is not RowKind.REMOVED:
                entries.append((index, index))
    return entries + _zipped(removed, added)


def _zipped(removed: list[int], added: list[int]) -> list[tuple[int | None, int | None]]:
    count = max(len(removed), len(added))
    return [(removed[n] if n < len(removed) else None, added[n] if n < len(added) else None) for n in range(count)]


def _marked(parts: Sequence[Part], spans: Sequence[tuple[int, int]]) -> Iterator[Part]:
    """The parts, cut at the ends of the changed spans, which get a style of their own."""
    place, left = 0, list(spans)
    for text, style in parts:
        while text:
            while left and left[0][1] <= place:
                left.pop(0)
            inside = bool(left) and left[0][0] <= place
            edge = (left[0][1] if inside else left[0][0]) if left else place + len(text)
            piece = text[: edge - place]
            yield piece, "changed" if inside else style
            place += len(piece)
            text = text[len(piece) :]  # noqa: PLW2901  what is left of it


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
