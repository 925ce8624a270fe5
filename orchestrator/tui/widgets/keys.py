"""The last line of a screen: its most used keys. One widget for all of them, so that a screen opens at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from orchestrator.tui.commands import Command

_LAST = ("help", "back", "quit")


class KeyBar(Widget):
    """As many as fit, in the order given; help and the way back always. A click is the key."""

    COMPONENT_CLASSES = {"keybar--key", "keybar--name"}  # noqa: RUF012  typed so by Textual

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__(id="keys")
        shown = [command for command in commands if command.short]
        self._last = [command for command in shown if command.name in _LAST]
        self._first = [command for command in shown if command.name not in _LAST]

    def _fitting(self) -> Iterator[tuple[int, Command]]:
        """Each command with the column it starts at."""
        end = self.size.width - sum(map(_width, self._last))
        column = 0
        for command in self._first:
            if column + _width(command) > end:
                break
            yield column, command
            column += _width(command)
        for command in self._last:
            yield column, command
            column += _width(command)

    def render_line(self, y: int) -> Strip:
        """The one line."""
        width = self.size.width
        if y:
            return Strip.blank(width, self.rich_style)
        key, name = (self.get_component_rich_style(f"keybar--{part}") for part in ("key", "name"))
        segments = [segment for _, command in self._fitting() for segment in _segments(command, key, name)]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    async def on_click(self, event: events.Click) -> None:
        """As if its key were pressed."""
        found = next((c for column, c in self._fitting() if column <= event.x < column + _width(c)), None)
        if found is not None:
            await self.screen.run_action(found.action)


def _segments(command: Command, key: Style, name: Style) -> Iterator[Segment]:
    yield Segment(f" {command.label}", key)
    yield Segment(f" {command.short} ", name)


def _width(command: Command) -> int:
    return len(command.label) + len(command.short) + 3
