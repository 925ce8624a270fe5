"""A list to choose from, with the movement keys of the rest."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from orchestrator.review.escape import escape
from orchestrator.tui import commands


class Choices(OptionList):
    """Entries are literal text: nothing in them is markup.

    They are indented here and not by a style: Textual cannot fold text into the no columns that a padding may leave.
    """

    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.MOVES]

    def fill(self, entries: list[tuple[str, str]]) -> None:
        """Replace all entries, each an id and its raw lines, and keep the place."""
        place = self.highlighted or 0
        self.clear_options()
        lines = [(key, "\n".join(f" {escape(line)}" for line in text.split("\n"))) for key, text in entries]
        self.add_options([Option(Content(text), id=key) for key, text in lines])
        if entries:
            self.highlighted = min(place, len(entries) - 1)

    @property
    def chosen(self) -> str | None:
        """The id under the cursor."""
        return None if self.highlighted is None else self.get_option_at_index(self.highlighted).id
