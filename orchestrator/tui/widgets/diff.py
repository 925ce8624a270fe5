"""Rows with a cursor, of which only the visible ones are ever drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from orchestrator.review.diff import Row, RowKind
from orchestrator.review.escape import columns
from orchestrator.tui import commands, syntax
from orchestrator.tui.widgets.rows import CODE, Layout, SplitLayout

_MARKS = {RowKind.ADDED: "+", RowKind.REMOVED: "-"}
_NUMBERS_FROM = 48
_DRAWN = 256
_SPLIT_FROM = 140
_STYLES = ("escaped", "gutter", "cursor", "flag", *(kind.value for kind in RowKind if kind not in CODE))
_OF_CODE = (*syntax.NAMES, "changed", *(kind.value for kind in CODE))
"""Each costs a screen some time to open, whether it is used or not."""


class RowsView(ScrollView, can_focus=True):
    """A plan or any other rows of text.

    Each line starts with a gutter: ``>`` for the cursor, the line number (where
    the widget is wide enough), ``!`` for a finding, ``+`` or ``-``; ``~`` marks
    the rest of a folded line. ``flags`` are row numbers with a finding.
    """

    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.MOVES]
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{name}" for name in _STYLES}

    class Moved(Message):
        """The cursor stands on another row."""

    def __init__(self, rows: Sequence[Row], flags: Mapping[int, object] | None = None, *, id: str) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self._fill(rows, flags)
        self._split: bool | None = None
        self._layout_of: Layout | None = None
        self._drawn: dict[tuple[int, int, int], Strip] = {}
        self._looks: dict[tuple[str, str], Style] = {}
        self.cursor = 0

    def _fill(self, rows: Sequence[Row], flags: Mapping[int, object] | None) -> None:
        self._rows = tuple(rows) or (Row(RowKind.BLANK, ""),)
        self._numbered = any(row.kind in CODE for row in self._rows)
        self._flags = flags or {}

    def replace(self, rows: Sequence[Row], flags: Mapping[int, object], cursor: int) -> None:
        """Show other rows, with the cursor on one of them and the place on the screen kept."""
        top = self.scroll_offset.y - self._span()[0]
        self._fill(rows, flags)
        self._layout_of = None
        self.cursor = min(max(cursor, 0), len(self._rows) - 1)
        self._lay_out()
        self._scroll(self._span()[0] + top)
        self._show_cursor()
        self.refresh()

    def choose_layout(self, split: bool | None) -> None:  # noqa: FBT001  one answer of three
        """Side by side, one below the other, or (``None``) as the width allows."""
        self._split = split
        self._layout_of = None
        self._lay_out()
        self.refresh()

    @property
    def row(self) -> Row:
        """The row under the cursor."""
        return self._rows[self.cursor]

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows."""
        return self._rows

    @property
    def _gutter(self) -> int:
        if not self._numbered:
            return 2
        return 10 if self.size.width >= _NUMBERS_FROM else 4

    def on_resize(self, _: events.Resize) -> None:
        """Fold again for the new width."""
        self._lay_out()
        self.refresh()

    def _lay_out(self) -> None:
        whole = self.scrollable_content_region.width
        split = self._numbered and (whole >= _SPLIT_FROM if self._split is None else self._split)
        width = max((whole // 2 if split else whole) - self._gutter, 2)
        if self._layout_of is None or (self._layout_of.width, self._layout_of.split) != (width, split):
            self._layout_of = SplitLayout(self._rows, width, whole - 2) if split else Layout(self._rows, width)
            self._drawn.clear()
            self.virtual_size = Size(whole, self._layout_of.height)
            self._show_cursor()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The visible lines. Nothing goes around them (no border, no padding), so no other pass over them is needed."""
        width, top = self.outer_size.width, self.scroll_offset.y
        strips = [self._drawn_line(y + top, width) for y in crop.line_range]
        return strips if crop.column_span == (0, width) else [strip.crop(*crop.column_span) for strip in strips]

    def _drawn_line(self, line: int, width: int) -> Strip:
        if self._layout_of is None or line >= self._layout_of.height:
            return self._filtered(Strip.blank(width, self._look(RowKind.BLANK.value)))
        index, part = self._layout_of.row_at(line)
        sides = self._layout_of.sides(index)
        here = self.cursor if self.cursor in sides and self.has_focus else -1
        key = (line, width, here)
        if key not in self._drawn:
            if len(self._drawn) > _DRAWN:
                self._drawn.clear()
            self._drawn[key] = self._filtered(self._line(sides, part, width))
        return self._drawn[key]

    def _filtered(self, strip: Strip) -> Strip:
        """As the terminal can show it: without colours where it must."""
        for one in self.get_line_filters():
            strip = strip.apply_filter(one, self.background_colors[1])
        return strip

    def _line(self, sides: tuple[int | None, int | None], part: int, width: int) -> Strip:
        left, right = sides
        if self._layout_of is None or not self._layout_of.split or self._rows[left or right or 0].kind not in CODE:
            return self._strip(left if left is not None else right, part, width)
        half = width // 2
        return Strip.join([self._strip(left, part, half, old=True), self._strip(right, part, width - half)])

    def notify_style_update(self) -> None:
        """A theme or a state that colours depend on has changed."""
        self._drawn.clear()
        self._looks.clear()
        super().notify_style_update()

    def _strip(self, index: int | None, part: int, width: int, *, old: bool = False) -> Strip:
        lines = [] if index is None or self._layout_of is None else self._layout_of.lines(index)
        if index is None or part >= len(lines):
            return Strip.blank(width, self._look(RowKind.BLANK.value))
        row = self._rows[index]
        kind = "cursor" if index == self.cursor and self.has_focus else row.kind.value
        flagged = index in self._flags and kind != "cursor"
        gutter = self._gutter_text(index, part, old=old)
        parts = [(gutter, "flag" if flagged else "gutter"), *lines[part]]
        used = sum(columns(text) for text, _ in parts)
        segments = [Segment(text, self._look(kind, name)) for text, name in parts]
        if used > width:
            return Strip(segments, used).crop(0, width)
        return Strip([*segments, Segment(" " * (width - used), self._look(kind))], width)

    def _look(self, kind: str, name: str = "") -> Style:
        """The style of a row, with that of a part of it laid over; the cursor has one style for all parts."""
        key = (kind, "" if kind == "cursor" else name)
        if key not in self._looks:
            base = self.get_component_rich_style(f"rows--{kind}", partial=False)
            over = self.get_component_rich_style(f"rows--{name}", partial=True) if key[1] else None
            self._looks[key] = base + over
        return self._looks[key]

    def _gutter_text(self, index: int, part: int, *, old: bool) -> str:
        row = self._rows[index]
        cursor = ">" if index == self.cursor and self.has_focus and not part else " "
        if not self._numbered:
            return f"{cursor} "
        flag = "!" if index in self._flags else " "
        mark = "~" if part else _MARKS.get(row.kind, " ")
        if row.kind not in CODE:
            mark = " "
        if self._gutter < 10:  # noqa: PLR2004  the narrow form has no number
            return f"{cursor}{flag}{mark} "
        shown = row.old if old else row.new or row.old
        number = str(shown) if row.kind in CODE and not part else ""
        return f"{cursor}{number:>6}{flag}{mark} "

    def move_to(self, row: int) -> None:
        """Put the cursor on a row and show it."""
        self._set(min(max(row, 0), len(self._rows) - 1))
        self._show_cursor()

    def _set(self, row: int) -> None:
        if row != self.cursor:
            self.cursor = row
            self.post_message(self.Moved())
        self.refresh()

    def on_focus(self) -> None:
        """The cursor shows only where keys go."""
        self.refresh()

    def on_blur(self) -> None:
        """The same."""
        self.refresh()

    def _span(self) -> tuple[int, int]:
        """First and last line of the row under the cursor."""
        if self._layout_of is None:
            return 0, 0
        first = self._layout_of.first_line(self.cursor)
        return first, first + len(self._layout_of.lines(self.cursor)) - 1

    def _show_cursor(self) -> None:
        (first, last), top, height = self._span(), self.scroll_offset.y, self.scrollable_content_region.height
        if last < top or first >= top + height:
            self._scroll(first - height // 3)
        elif last - first < height and first < top:
            self._scroll(first)
        elif last - first < height and last >= top + height:
            self._scroll(last - height + 1)

    def _scroll(self, line: int) -> None:
        self.scroll_to(y=max(line, 0), animate=False, force=True)

    def jump(self, kinds: Sequence[RowKind], step: int) -> None:
        """To the next (``step`` 1) or previous (-1) row of these kinds; stays where there is none."""
        place = self.cursor + step
        while 0 <= place < len(self._rows):
            if self._rows[place].kind in kinds:
                self.move_to(place)
                return
            place += step

    def _page(self, direction: int) -> None:
        if self._layout_of is None:
            return
        height = self.scrollable_content_region.height
        far = max(self._layout_of.height - height, 0)
        top = min(max(self.scroll_offset.y + direction * max(height - 1, 1), 0), far)
        at_the_end = top == self.scroll_offset.y
        self._scroll(top)
        edge = (top + height - 1 if direction > 0 else top) if at_the_end else top + height // 2
        self._set(self._layout_of.row_at(min(edge, self._layout_of.height - 1))[0])

    def action_cursor_down(self) -> None:
        """One row on; a row taller than the screen is read line by line."""
        self._step(1)

    def action_cursor_up(self) -> None:
        """One row back."""
        self._step(-1)

    def _step(self, direction: int) -> None:
        (first, last), top, height = self._span(), self.scroll_offset.y, self.scrollable_content_region.height
        hidden = last >= top + height if direction > 0 else first < top
        if hidden and last - first >= height:
            self._scroll(top + direction)
        else:
            self.move_to(self.cursor + direction)

    def action_page_down(self) -> None:
        """One screen on."""
        self._page(1)

    def action_page_up(self) -> None:
        """One screen back."""
        self._page(-1)

    def action_first(self) -> None:
        """The first row."""
        self.move_to(0)

    def action_last(self) -> None:
        """The last row."""
        self.move_to(len(self._rows) - 1)

    def on_click(self, event: events.Click) -> None:
        """The row that was clicked."""
        line = event.y + self.scroll_offset.y
        if self._layout_of is not None and line < self._layout_of.height:
            self.move_to(self._layout_of.row_at(line)[0])


class CodeRowsView(RowsView):
    """A diff: rows of code among the others."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"rows--{name}" for name in _OF_CODE}
