"""``handrail cancel RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import repository
from orchestrator.cli.telling import note


@click.command(
    help="End a run, or every run of a batch. Its owner stops within a second; nothing that is merged is undone."
)
@click.argument("run")
@repository
def command(run: str, repo: Path) -> None:
    from orchestrator.app.batches import book
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.cancel import cancel

    if book.is_batch(run):
        from orchestrator.app.batches.listing import cancel_all

        for words in cancel_all(run):
            note(words)
        return
    with open_project(repo) as project:
        note(cancel(project, run))
