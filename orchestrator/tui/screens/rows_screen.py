"""What every screen of rows has in common: jumps, help, the way back, and how a failure is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual.screen import Screen

from orchestrator.errors import HandrailError
from orchestrator.review.diff import RowKind
from orchestrator.review.escape import escape
from orchestrator.tui.commands import Command
from orchestrator.tui.screens.help import HelpScreen
from orchestrator.tui.screens.host import host
from orchestrator.tui.widgets.diff import RowsView

Given = TypeVar("Given")


class RowsScreen(Screen[Given | None]):
    """``main`` are its rows, ``SECTIONS`` what ``]`` stops at; it ends with what it gives, or ``None``."""

    COMMANDS_HERE: Sequence[Command] = ()
    SECTIONS: ClassVar[Sequence[RowKind]] = (RowKind.HEADING, RowKind.FILE)
    main: RowsView

    def report(self, error: HandrailError) -> None:
        """Say what went wrong, literally; nothing was stored."""
        words = "\n".join(escape(line) for line in (str(error), *error.details))
        self.notify(words, severity="error", markup=False, timeout=10)

    def action_next_hunk(self) -> None:
        """Down to the next section."""
        self.main.jump(self.SECTIONS, 1)

    def action_previous_hunk(self) -> None:
        """Up to the one before."""
        self.main.jump(self.SECTIONS, -1)

    def action_next_file(self) -> None:
        """Down to the next file, step or requirement."""
        self.main.jump((RowKind.FILE,), 1)

    def action_previous_file(self) -> None:
        """Up to the one before."""
        self.main.jump((RowKind.FILE,), -1)

    def action_help(self) -> None:
        """The keys of this screen."""
        host(self).push_screen(HelpScreen(self.COMMANDS_HERE))

    def action_back(self) -> None:
        """To the screen below, with nothing."""
        self.dismiss(None)
