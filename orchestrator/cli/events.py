"""``handrail events RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import repository
from orchestrator.cli.telling import print_line


@click.command(help="Print what happened in a run, one JSON object a line.")
@click.argument("run")
@click.option("--after", type=int, default=0, help="Only events after this number.")
@repository
def command(run: str, after: int, repo: Path) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.models.base import RunId

    with open_project(repo) as project:
        project.index.run(RunId(run))
        for number, event in project.index.events(RunId(run), after):
            print_line({"schema": "handrail.event/1", "number": number, "event": event.model_dump(mode="json")})
