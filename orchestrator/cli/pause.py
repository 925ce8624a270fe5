"""``handrail pause RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import repository
from orchestrator.cli.telling import note


@click.command(
    help="Let a run or a batch come to rest: agents end the attempt that they are in, no more begins. `resume` goes on."
)
@click.argument("run")
@repository
def command(run: str, repo: Path) -> None:
    from orchestrator.app.batches import book
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.pausing import pause

    if book.is_batch(run):
        from orchestrator.app.batches.listing import pause_all

        for words in pause_all(run):
            note(words)
        return
    with open_project(repo) as project:
        note(pause(project, run))
