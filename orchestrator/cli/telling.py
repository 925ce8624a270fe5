"""What reaches the terminal: every text is made literal first, because a repository or an agent may have written it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import click

from orchestrator.errors import HandrailError
from orchestrator.review.escape import escape


def literal(text: str) -> str:
    """The text with its own line breaks, and nothing else in it that a terminal would act on."""
    return "\n".join(escape(line) for line in text.split("\n"))


def say(text: str) -> None:
    """A line of data, to stdout."""
    click.echo(literal(text))


def note(text: str) -> None:
    """Words for the person, to stderr."""
    click.echo(literal(text), err=True)


def status(text: str) -> None:
    """Words that stand at the bottom of the terminal until the next call; '' takes them away. Only for a terminal.

    What is longer than a line is cut: of two, only the lower could be taken away.
    """
    room, words = (os.get_terminal_size(sys.stderr.fileno()).columns or 80) - 1, literal(text)
    click.echo("\r\x1b[K" + (words if len(words) <= room else f"{words[: room - 1]}…"), nl=False, err=True)


def print_json(schema: str, body: dict[str, Any]) -> None:
    """One object with its schema's name and version. ASCII alone, so that no terminal acts on what is in it."""
    click.echo(json.dumps({"schema": f"handrail.{schema}/1", **body}, indent=2))


def print_log(log: dict[str, Any]) -> None:
    """An object in a format of others, such as SARIF. ASCII alone, for the same reason."""
    click.echo(json.dumps(log, indent=2))


def print_text(text: str) -> None:
    """A document in a format of others that is text; what a terminal would act on is written out."""
    click.echo(literal(text), nl=False)


def print_line(body: dict[str, Any]) -> None:
    """One object on one line."""
    click.echo(json.dumps(body, separators=(",", ":")))


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns as wide as their widest cell; plain text that a screen reader reads line by line."""
    cells = [[escape(str(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def json_asked() -> bool:
    """Whether the call says ``--json``, also when the rest of it cannot be read."""
    words = sys.argv[1:]
    return "--json" in (words[: words.index("--")] if "--" in words else words)


def tell(error: HandrailError) -> None:
    """An error: its details first, then its sentence, then what to try; with ``--json`` also as an object on stdout."""
    if json_asked():
        body = {"code": error.code, "message": error.message, "hint": error.hint, "details": list(error.details)}
        # Where nothing can be written to any more, the words on stderr are all there is.
        with suppress(OSError):
            print_json("error", {**body, "exit_code": int(error.exit_code)})
    for detail in error.details:
        note(detail)
    note(f"{error.code} {error.message}")
    if error.hint:
        note(f"Try: {error.hint}")
