"""A plan to approve: each step, what it may touch, who said so, and how it is judged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from orchestrator.review import sections
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.service import Reviews
from orchestrator.review.view import Decided, ItemView
from orchestrator.tui import commands
from orchestrator.tui.screens.host import host, keys_of
from orchestrator.tui.screens.judge import JudgeScreen
from orchestrator.tui.screens.narrowing import narrow_form
from orchestrator.tui.widgets.diff import RowsView
from orchestrator.tui.widgets.keys import KeyBar


def _rows(view: ItemView) -> Iterator[Row]:
    yield from sections.head(view)
    yield sections.BLANK
    if view.proof is not None:
        yield sections.heading("What the workflow holds to")
        yield from sections.proof(view.proof)
        yield sections.BLANK
    if view.sheet.plan is not None:
        yield from sections.plan(view.sheet.plan, view.sheet)
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

    def action_narrow(self) -> None:
        """Take grants from the step under the cursor; the narrower plan is asked about anew."""
        plan, here = self._view.sheet.plan, self.main.row.path
        step = next((s for s in plan.steps if s.id == here), None) if plan else None
        if step is None:
            self.notify("No step under the cursor; . goes to the next.", markup=False)
        else:
            host(self).push_screen(narrow_form(self._reviews, self._view, step), self._narrowed)

    def _narrowed(self, decided: Decided | None) -> None:
        if decided is not None:
            self.dismiss(decided)
