"""``handrail merge RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, print_json, repository


@click.command(help="Bring a finished run to its target branch. A branch that is checked out is yours to move.")
@click.argument("run")
@click.option("--into", help="Another branch than the one that the run was for.")
@click.option("--trust", help="Trust the .handrail folder with this digest (for CI).")
@repository
@as_json
def command(run: str, into: str | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.merging import merge
    from orchestrator.app.project import open_project
    from orchestrator.models.base import Digest, RunId

    with open_project(repo) as project:
        done = merge(project, project.index.run(RunId(run)), into, Digest(trust) if trust else None)
    if json_:
        print_json("merge", done)
    else:
        click.echo(done["message"])
