"""``handrail resume RUN``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from orchestrator.cli.options import as_json, no_input, repository
from orchestrator.cli.running import advance, owner_options


@click.command(help="Go on with a run that waits for a person or was interrupted.")
@click.argument("run")
@owner_options
@repository
@no_input
@as_json
def command(run: str, repo: Path, **owner: Any) -> None:  # noqa: ANN401  click's own
    from orchestrator.app.project import open_project
    from orchestrator.models.base import RunId

    with open_project(repo) as project:
        advance(project, project.index.run(RunId(run)), **owner)
