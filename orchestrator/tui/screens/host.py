"""The program that a screen is part of, with its type."""

from __future__ import annotations

from typing import Any, cast

from textual.app import App
from textual.screen import Screen

from orchestrator.review.view import Decided


def host(screen: Screen[Any]) -> App[tuple[Decided, ...]]:
    """``screen.app``; Textual leaves open what an app returns."""
    return cast("App[tuple[Decided, ...]]", screen.app)  # pyright: ignore[reportUnknownMemberType]  said above
