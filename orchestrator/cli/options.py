"""Options that several commands share."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from orchestrator.errors import UsageError
from orchestrator.models.ids import Digest

F = TypeVar("F", bound=Callable[..., Any])


def repository(function: F) -> F:
    """``--repo``: the repository, by default the one that the current folder lies in."""
    kind = click.Path(path_type=Path)
    return click.option("--repo", "repo", type=kind, default=Path(), help="The repository (default: here).")(function)


def as_json(function: F) -> F:
    """``--json``: one object on stdout."""
    return click.option("--json", "json_", is_flag=True, help="Print one JSON object.")(function)


def no_input(function: F) -> F:
    """``--no-input``: never ask, even at a terminal."""
    return click.option("--no-input", is_flag=True, help="Never ask; exit 4 where a person is needed.")(function)


def interactive(no_input_asked: bool) -> bool:
    """Whether a person sits at both ends."""
    return not no_input_asked and sys.stdin.isatty() and sys.stdout.isatty()


def digest(text: str | None) -> Digest | None:
    """A digest given by flag. Raises ``UsageError`` (CFG016) for what is none."""
    if text is None or re.fullmatch(r"sha256:[0-9a-f]{64}", text):
        return Digest(text) if text else None
    raise UsageError("CFG016", f"{text!r} is no digest.", "write sha256: and 64 hex digits")
