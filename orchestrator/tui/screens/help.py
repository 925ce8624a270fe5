"""The keys of the screen below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from orchestrator.tui.commands import MOVES, Command
from orchestrator.tui.screens.host import keys_of


class HelpScreen(ModalScreen[None]):
    """Every command with its key, its name for keys.yaml, and what it does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "dismiss(None)", "Back", id="help.leave")
    ]

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__()
        self._commands = (*commands, *MOVES)

    def compose(self) -> ComposeResult:
        """One line each."""
        lines = [f"{c.label:>5} {c.name:<15} {c.description}" for c in keys_of(self, self._commands)]
        with VerticalScroll(id="help"):
            yield Static("Keys, the names that keys.yaml knows, what they do", id="help-title", markup=False)
            yield Static("\n".join([*lines, "", "  esc Back"]), markup=False)
