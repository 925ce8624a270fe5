"""The review screens as one program."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from textual.app import SystemCommand
from textual.screen import Screen

from orchestrator.app.review.desk import Desk
from orchestrator.review.service import Reviews
from orchestrator.review.view import Decided
from orchestrator.store.layout import config_home
from orchestrator.tui.commands import Command
from orchestrator.tui.keymap import FILE, read_keymap
from orchestrator.tui.screens.host import Host, keys_of
from orchestrator.tui.screens.inbox import InboxScreen
from orchestrator.tui.screens.rows_screen import RowsScreen


class HandrailApp(Host):
    """``run()`` gives the decisions made, in their order; they are stored already.

    ``item`` opens one item at once and raises what :meth:`Reviews.view` raises,
    before the terminal is touched; with ``only`` the program ends with that item.
    The person's own keys are read here; raises ``UsageError`` (CFG022) for a list that cannot be used.
    Without a ``desk`` runs cannot be opened.
    ``NO_COLOR`` and ``TEXTUAL_ANIMATIONS=none`` are respected.
    """

    CSS_PATH = Path(__file__).with_name("handrail.tcss")
    TITLE = "Handrail"
    NOTIFICATION_TIMEOUT: ClassVar[float] = 5.0

    def __init__(
        self, reviews: Reviews, item: str | None = None, *, only: bool = False, desk: Desk | None = None
    ) -> None:
        super().__init__()
        self.key_choices = read_keymap(config_home() / FILE)
        self.set_keymap(dict(self.key_choices))
        self._reviews = reviews
        self._decided: list[Decided] = []
        self._only = only
        self.desk = desk
        self._first = None if item is None else reviews.view(item)

    def get_default_screen(self) -> Screen[None]:
        """The inbox lies below everything."""
        return InboxScreen(self._reviews, self._first, self._decided, only=self._only)

    async def action_quit(self) -> None:
        """Leave from anywhere, with what was decided."""
        self.exit(tuple(self._decided))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The palette offers each command of the screen by its name."""
        if isinstance(screen, InboxScreen | RowsScreen):
            for command in keys_of(screen, screen.COMMANDS_HERE):
                yield SystemCommand(command.description, f"{command.name} ({command.label})", self._runner(command))
        yield from super().get_system_commands(screen)  # pyright: ignore[reportUnknownMemberType]  Textual leaves it open

    def _runner(self, command: Command) -> partial[None]:
        return partial(self._run_named, command.action)

    def _run_named(self, action: str) -> None:
        self.call_later(self.screen.run_action, action)
