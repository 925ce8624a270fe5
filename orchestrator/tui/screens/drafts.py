"""Decisions that were said and could be neither signed nor stored: to be sent now, or forgotten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from orchestrator.app.review import drafting
from orchestrator.app.review.desk import Desk
from orchestrator.errors import HandrailError
from orchestrator.models.review import Draft
from orchestrator.review.escape import escape
from orchestrator.review.service import Reviews
from orchestrator.review.view import Decided
from orchestrator.tui import commands
from orchestrator.tui.screens.help import HelpScreen
from orchestrator.tui.screens.host import host, keys_of
from orchestrator.tui.widgets.choices import Choices
from orchestrator.tui.widgets.keys import KeyBar


class Drafts(Choices):
    """Entries that ``enter`` sends."""

    BINDINGS: ClassVar[list[BindingType]] = [replace(commands.DRAFT_SEND, keys="enter", action="select").binding()]


def entry(draft: Draft) -> str:
    """Two lines: which verdict on which item, since when, and the reason."""
    lifts = f", lifts {len(draft.lifts)}" if draft.lifts else ""
    reason = draft.reason.replace("\n", " ") or "no words"
    return (
        f"{draft.verdict.value} of {draft.item}{lifts}, said {draft.at:%Y-%m-%d %H:%M} UTC, NOT signed\n       {reason}"
    )


class DraftsScreen(Screen[tuple[Decided, ...]]):
    """Ends with the decisions that were sent."""

    COMMANDS_HERE: Sequence[commands.Command] = commands.DRAFTS
    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.DRAFTS]

    def __init__(self, reviews: Reviews, desk: Desk) -> None:
        super().__init__()
        self._reviews = reviews
        self._desk = desk
        self._sent: list[Decided] = []

    def compose(self) -> ComposeResult:
        """A title, the list or why there is none, the keys."""
        yield Static("Decisions that are kept and not signed", id="head", markup=False)
        yield Drafts(id="items")
        yield Static("There are no drafts.", id="empty", markup=False)
        yield KeyBar(keys_of(self, self.COMMANDS_HERE))

    def on_mount(self) -> None:
        """The list can be walked at once."""
        self._fill()

    def _fill(self) -> None:
        try:
            kept = self._desk.drafts.all()
        except HandrailError as error:
            self._report(error)
            kept = ()
        choices = self.query_one(Drafts)
        choices.fill([(draft.item, entry(draft)) for draft in kept])
        choices.display = bool(kept)
        self.query_one("#empty").display = not kept
        choices.focus()

    def _report(self, error: HandrailError) -> None:
        words = "\n".join(escape(line) for line in (str(error), *error.details))
        self.notify(words, severity="error", markup=False, timeout=10)

    def on_option_list_option_selected(self, _: Choices.OptionSelected) -> None:
        """Enter on an entry."""
        self.action_send()

    def action_send(self) -> None:
        """Sign and store it; what still keeps it from that is said, and it stays."""
        chosen = self.query_one(Drafts).chosen
        if chosen is None:
            return
        try:
            self._sent.append(drafting.send(self._desk.drafts, self._reviews, chosen))
        except HandrailError as error:
            self._report(error)
        else:
            self.notify(f"Signed and stored: {chosen}.", markup=False)
        self._fill()

    def action_drop(self) -> None:
        """Forget it."""
        chosen = self.query_one(Drafts).chosen
        if chosen is not None:
            self._desk.drafts.drop(chosen)
            self._fill()

    def action_help(self) -> None:
        """The keys of this screen."""
        host(self).push_screen(HelpScreen(self.COMMANDS_HERE))

    def action_back(self) -> None:
        """To the inbox."""
        self.dismiss(tuple(self._sent))
