"""Options that several commands share, and how data is printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

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


def print_json(schema: str, body: dict[str, Any]) -> None:
    """One object with its schema's name and version."""
    click.echo(json.dumps({"schema": f"handrail.{schema}/1", **body}, ensure_ascii=False, indent=2))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; plain text that a screen reader reads line by line."""
    widths = [max(len(str(row[i])) for row in (head, *rows)) for i in range(len(head))]
    for row in (head, *rows):
        click.echo("  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
