"""A plan to approve: each step, what it may touch, who said so, and how it is judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from orchestrator.review import sections
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.service import Reviews
from orchestrator.review.view import ItemView
from orchestrator.tui import commands
from orchestrator.tui.screens.host import keys_of
from orchestrator.tui.screens.judge import JudgeScreen
from orchestrator.tui.widgets.diff import RowsView
from orchestrator.tui.widgets.keys import KeyBar


def _rows(view: ItemView) -> Iterator[Row]:
    yield from sections.head(view)
    yield sections.BLANK
    if view.sheet.plan is not None:
        yield from sections.plan(view.sheet.plan)
    yield sections.BLANK
    yield from sections.requirements(sections.needed(view.sheet), view.sheet.spec_path)
    yield sections.BLANK
    yield from sections.said(view)


class PlanScreen(JudgeScreen):
    """The plan as one text; ``.`` and ``,`` go from step to step."""

    COMMANDS_HERE = commands.PLAN
    SECTIONS = (RowKind.HEADING,)
    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.PLAN]

    def __init__(self, reviews: Reviews, view: ItemView) -> None:
        super().__init__(reviews, view)
        self.main = RowsView(tuple(_rows(view)), id="main")

    def compose(self) -> ComposeResult:
        """One text and the keys."""
        yield self.main
        yield KeyBar(keys_of(self, self.COMMANDS_HERE))

    def on_mount(self) -> None:
        """The text can be read at once."""
        self.main.focus()

    def about(self) -> str:
        """The step under the cursor."""
        return f"{self.main.row.path}: " if self.main.row.path else ""
