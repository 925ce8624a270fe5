"""The program that a screen is part of, with its type."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from textual.app import App
from textual.screen import Screen

from orchestrator.app.review.desk import Desk
from orchestrator.review.view import Decided
from orchestrator.tui.commands import Command
from orchestrator.tui.keymap import Keymap, applied


class Host(App[tuple[Decided, ...]]):
    """``key_choices`` are the person's own keys; without a ``desk`` there are no runs and no drafts."""

    key_choices: Keymap
    desk: Desk | None


def host(screen: Screen[Any]) -> Host:
    """``screen.app``; Textual leaves open what an app returns."""
    return cast("Host", screen.app)  # pyright: ignore[reportUnknownMemberType]  said above


def keys_of(screen: Screen[Any], here: Sequence[Command]) -> tuple[Command, ...]:
    """The commands with the person's own keys."""
    return applied(here, host(screen).key_choices)
