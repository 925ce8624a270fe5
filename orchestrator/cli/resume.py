"""``handrail resume RUN``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from orchestrator.cli import batching
from orchestrator.cli.options import as_json, no_input, repository
from orchestrator.cli.running import advance, owner_options


@click.command(help="Go on with a run, or a whole batch, that waits for a person or was interrupted.")
@click.argument("run")
@batching.telling_options
@owner_options
@repository
@no_input
@as_json
def command(run: str, repo: Path, events: str | None, junit: Path | None, sarif: Path | None, **owner: Any) -> None:  # noqa: ANN401  click's own
    from orchestrator.app.batches import book
    from orchestrator.app.project import open_project
    from orchestrator.models.base import RunId

    if book.is_batch(run):
        telling = {"events": events, "junit": junit, "sarif": sarif}
        batching.conduct(book.load(run), key=owner["key"], trust=owner["trust"], telling=telling, json_=owner["json_"])
    with open_project(repo) as project:
        advance(project, project.index.run(RunId(run)), **owner)
