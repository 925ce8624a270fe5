"""``handrail review``: the TUI, and what waits, its verdicts and remarks as plain commands."""

from __future__ import annotations

import click

from orchestrator.cli.review import assist, deciding, drill, gates, hunks, narrow, reading, remarks, remote
from orchestrator.cli.review.screens import open_


@click.group(invoke_without_command=True, help="Look at what waits for a person, and decide.")
@click.pass_context
def command(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        ctx.invoke(open_)


command.add_command(open_)
for module in (reading, deciding, remarks, assist, drill, gates, hunks, narrow, remote):
    for part in module.COMMANDS:
        command.add_command(part)
