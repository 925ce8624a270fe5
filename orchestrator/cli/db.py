"""``handrail db``: the database of a cluster."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import repository
from orchestrator.cli.telling import say


@click.group(help="Look after a cluster's database.")
def command() -> None: ...


@command.command(help="Make the database fit for this repository, or bring it to this version.")
@repository
def upgrade(repo: Path) -> None:
    from orchestrator.app.cluster.settings import required

    required()
    from orchestrator.app.cluster.upgrading import upgrade as bring

    for sentence in bring(repo) or ("up to date",):
        say(sentence)
