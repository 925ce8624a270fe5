"""What waits for a verdict, oldest first."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from orchestrator.errors import HandrailError
from orchestrator.models.decision import ReviewItem, SubjectKind
from orchestrator.review.escape import escape
from orchestrator.review.service import Reviews
from orchestrator.review.view import Decided, ItemView
from orchestrator.tui import commands
from orchestrator.tui.memory import settled
from orchestrator.tui.screens.change import ChangeScreen
from orchestrator.tui.screens.help import HelpScreen
from orchestrator.tui.screens.host import host
from orchestrator.tui.screens.judge import JudgeScreen
from orchestrator.tui.screens.plan import PlanScreen
from orchestrator.tui.widgets.choices import Choices
from orchestrator.tui.widgets.keys import KeyBar


class Items(Choices):
    """Entries that ``enter`` opens, and the footer says so."""

    BINDINGS: ClassVar[list[BindingType]] = [replace(commands.OPEN, action="select", name="item.select").binding()]


def _entry(item: ReviewItem) -> str:
    since = item.created_at.strftime("%Y-%m-%d %H:%M UTC")
    lifts = f", {len(item.findings)} to lift" if item.findings else ""
    title = " ".join(part for part in (f"{item.kind.value:<6}", item.step or "", item.title) if part)
    return f"{title}\n       {since}  run {item.run}  asks {item.threshold} {item.role}{lifts}"


def screen_for(reviews: Reviews, view: ItemView) -> JudgeScreen:
    """The screen on which this kind of item is judged."""
    return PlanScreen(reviews, view) if view.item.kind is SubjectKind.PLAN else ChangeScreen(reviews, view)


class InboxScreen(Screen[None]):
    """All open items of the repository. ``decided`` grows by each decision made from here."""

    COMMANDS_HERE = commands.INBOX
    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.INBOX]

    def __init__(self, reviews: Reviews, first: ItemView | None, decided: list[Decided], *, only: bool) -> None:
        super().__init__()
        self._reviews = reviews
        self._first = first
        self._decided = decided
        self._only = only

    def compose(self) -> ComposeResult:
        """A title, the list or why there is none, the keys."""
        yield Static(f"Handrail review, as {escape(self._reviews.reviewer)}", id="head", markup=False)
        yield Items(id="items")
        yield Static("Nothing waits for a verdict.", id="empty", markup=False)
        yield KeyBar(self.COMMANDS_HERE)

    def on_mount(self) -> None:
        """Straight to the item that was asked for."""
        self.action_refresh_items()
        if self._first is not None:
            leave = self._leave if self._only else self._done
            host(self).push_screen(screen_for(self._reviews, self._first), leave)

    def action_refresh_items(self) -> None:
        """Read the queue again: other people and runs write to it."""
        try:
            items = self._reviews.waiting()
        except HandrailError as error:
            self._report(error)
            return
        choices = self.query_one(Choices)
        choices.fill([(item.id, _entry(item)) for item in items])
        choices.display = bool(items)
        self.query_one("#empty").display = not items
        choices.focus()

    def on_option_list_option_selected(self, _: Choices.OptionSelected) -> None:
        """Enter on an entry."""
        self.action_open()

    def action_open(self) -> None:
        """Show the item under the cursor."""
        chosen = self.query_one(Choices).chosen
        if chosen is None:
            return
        try:
            with settled():
                screen = screen_for(self._reviews, self._reviews.view(chosen))
        except HandrailError as error:
            self._report(error)
            return
        host(self).push_screen(screen, self._done)

    def _done(self, decided: Decided | None) -> None:
        if decided is not None:
            self._decided.append(decided)
            after = "the item is decided" if decided.outcome else "more approvals are needed"
            self.notify(f"Stored: {decided.decision.verdict.value}; {after}.", markup=False)
        self.action_refresh_items()

    def _leave(self, decided: Decided | None) -> None:
        """Whoever was asked one question is done with its answer."""
        if decided is not None:
            self._decided.append(decided)
        self.action_back()

    def _report(self, error: HandrailError) -> None:
        words = "\n".join(escape(line) for line in (str(error), *error.details))
        self.notify(words, severity="error", markup=False, timeout=10)

    def action_help(self) -> None:
        """The keys of this screen."""
        host(self).push_screen(HelpScreen(self.COMMANDS_HERE))

    def action_back(self) -> None:
        """Quit, with what was decided."""
        host(self).exit(tuple(self._decided))
