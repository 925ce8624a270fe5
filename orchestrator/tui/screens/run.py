"""A run as it goes, and what proves it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from orchestrator.app.review.desk import Desk
from orchestrator.errors import HandrailError
from orchestrator.models.ids import RunId
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.escape import escape
from orchestrator.tui import commands
from orchestrator.tui.screens.host import host, keys_of
from orchestrator.tui.screens.rows_screen import RowsScreen
from orchestrator.tui.screens.run_rows import proof_rows, run_rows
from orchestrator.tui.screens.verdict import AskScreen
from orchestrator.tui.widgets.diff import RowsView
from orchestrator.tui.widgets.keys import KeyBar

_POLL_SECONDS = 1.0
_SEND = "enter: do it   esc: back"


class ToldScreen(RowsScreen[None]):
    """Rows that are read again on ``R``. What cannot be read is said in the head, and the last rows stay."""

    def __init__(self, desk: Desk, run: RunId, read: Callable[[], tuple[Row, ...]]) -> None:
        super().__init__()
        self._desk = desk
        self._run = run
        self._read = read
        self.main = RowsView((), id="main")

    def compose(self) -> ComposeResult:
        """Head, rows, keys."""
        yield Static(id="head", markup=False)
        yield self.main
        yield KeyBar(keys_of(self, self.COMMANDS_HERE))

    def on_mount(self) -> None:
        """The rows can be read at once."""
        self.action_refresh_items()
        self.main.focus()

    def action_refresh_items(self) -> None:
        """Read again; the cursor stays on its row."""
        try:
            rows = self._read()
        except HandrailError as error:
            self.say(f"! {error}")
            return
        self.main.replace(rows, {}, self.main.cursor)
        self.say(f"Run {self._run}")

    def say(self, words: str) -> None:
        """One line above the rows."""
        self.query_one("#head", Static).update(escape(words))


class ProofScreen(ToldScreen):
    """From each sentence to the people who answered for it; the evidence is verified when it opens."""

    COMMANDS_HERE = commands.PROOF
    SECTIONS = (RowKind.HEADING, RowKind.FILE, RowKind.HUNK)
    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.PROOF]

    def __init__(self, desk: Desk, run: RunId) -> None:
        super().__init__(desk, run, lambda: proof_rows(desk.proved(run)))


class RunScreen(ToldScreen):
    """Looks for new events every second."""

    COMMANDS_HERE = commands.RUN
    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.RUN]

    def __init__(self, desk: Desk, run: RunId) -> None:
        super().__init__(desk, run, self._as_stored)
        self._seen = 0

    def on_mount(self) -> None:
        """Goes on by itself from here."""
        self.set_interval(_POLL_SECONDS, self.poll)

    def _as_stored(self) -> tuple[Row, ...]:
        self._seen = self._desk.moved(self._run, self._seen)
        return run_rows(self._desk.run(self._run))

    def poll(self) -> None:
        """Read again when something has happened. A store that cannot be read is said, and asked again."""
        try:
            moved = self._desk.moved(self._run, self._seen) != self._seen
        except HandrailError as error:
            self.say(f"! {error}")
            return
        if moved:
            self.action_refresh_items()

    def action_proof(self) -> None:
        """What proves it."""
        host(self).push_screen(ProofScreen(self._desk, self._run))

    def action_cancel_run(self) -> None:
        """Ask, then end the run."""
        lines = (f"Run {self._run}", "its sandboxes end; what is merged stays")
        screen = AskScreen("Cancel the run?", lines, "Type the word cancel:", required=True, keys=_SEND)
        host(self).push_screen(screen, self._cancel)

    def _cancel(self, words: str | None) -> None:
        if words == "cancel":
            self._order(partial(self._desk.cancel, self._run))
        elif words is not None:
            self.notify("Not cancelled: the word was another.", markup=False)

    def action_pause_run(self) -> None:
        """Ask, then let nothing more begin."""
        lines = (f"Run {self._run}", "agents that work end their attempt, nothing is lost", "handrail resume goes on")
        screen = AskScreen("Pause the run?", lines, "Enter pauses it:", required=False, keys=_SEND)
        host(self).push_screen(screen, self._pause)

    def _pause(self, words: str | None) -> None:
        if words is not None:
            self._order(partial(self._desk.pause, self._run))

    def action_steer(self) -> None:
        """A word to the step under the cursor."""
        step = self.main.row.path
        if not step:
            self.notify("No step under the cursor; . goes to the next.", markup=False)
            return
        screen = AskScreen("Tell the agent", (f"of step {step}",), "What?", required=True, keys=_SEND)
        host(self).push_screen(screen, partial(self._steer, step))

    def _steer(self, step: str, words: str | None) -> None:
        if words is not None:
            self._order(partial(self._desk.steer, self._run, step, words))

    def _order(self, order: partial[str]) -> None:
        try:
            done = order()
        except HandrailError as error:
            self.report(error)
            return
        self.notify(escape(done), markup=False)
        self.action_refresh_items()
