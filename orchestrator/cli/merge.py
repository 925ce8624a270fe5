"""``handrail merge RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import print_json, say


@click.command(help="Bring a finished run to its target branch. A branch that is checked out is yours to move.")
@click.argument("run")
@click.option("--into", help="Another branch than the one that the run was for.")
@click.option("--root", help="The root of trust, from outside the repository (sha256:…).")
@repository
@as_json
def command(run: str, into: str | None, root: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.merging import merge
    from orchestrator.app.project import open_project
    from orchestrator.models.base import RunId

    with open_project(repo) as project:
        done = merge(project, project.index.run(RunId(run)), into, digest(root))
    if json_:
        print_json("merge", done)
    else:
        say(done["message"])
