"""``handrail gate worker``: the process that answers ``handrail gate`` without a start of its own."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import note, print_json
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from orchestrator.cli.resident.control import Standing


@click.command(help="Start, stop or show the process that answers `handrail gate` without a start of its own.")
@click.argument("action", type=click.Choice(("start", "stop", "status")))
@click.option(
    "--idle",
    "idle_minutes",
    type=click.IntRange(1, 24 * 60),
    default=15,
    show_default=True,
    metavar="MINUTES",
    help="With start: it ends when nobody asked for so long.",
)
@as_json
def command(action: str, idle_minutes: int, json_: bool) -> None:
    from orchestrator.cli.resident import control

    if action == "stop":
        pid = control.stop()
        found, words = None, "There was none." if pid is None else f"Stopped {pid}."
    elif action == "start":
        found, new = control.start(idle_minutes * 60.0)
        words = "Started" if new else "Runs already"
    else:
        found = control.standing()
        words = "Runs" if found else "None runs."
    _tell(found, words, json_=json_)
    if action == "status" and found is None:
        sys.exit(ExitCode.FAILED)


def _tell(found: Standing | None, words: str, *, json_: bool) -> None:
    if json_:
        print_json("gate-worker", {"running": found is not None, **(asdict(found) if found else {})})
    elif found is None:
        note(words)
    else:
        note(f"{words}: process {found.pid}, {found.memory_mib:.0f} MiB, calls answered: {found.answered}")
