"""``handrail merge RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import print_json, say


@click.command(help="Bring a finished run to its target branch. A branch that is checked out is yours to move.")
@click.argument("run")
@click.option("--into", help="Another branch than the one that the run was for.")
@click.option("--push", "how", flag_value="push", help="Move the branch on the remote instead, with the evidence.")
@click.option("--pr", "how", flag_value="pr", help="Open a pull request instead, with gh or glab.")
@click.option("--remote", default="origin", show_default=True, help="The remote of --push and --pr, by its name.")
@click.option("--root", help="The root of trust, from outside the repository (sha256:…).")
@repository
@as_json
def command(
    run: str, into: str | None, how: str | None, remote: str, root: str | None, repo: Path, json_: bool
) -> None:
    from orchestrator.app.landing import merging
    from orchestrator.app.project import open_project
    from orchestrator.models.ids import RunId

    with open_project(repo) as project:
        found, trusted = project.index.run(RunId(run)), digest(root)
        if how is None:
            done = merging.merge(project, found, into, trusted)
        else:
            act = merging.push if how == "push" else merging.request
            done = act(project, found, remote, into=into, root=trusted)
    if json_:
        print_json("merge", done)
    else:
        say(done["message"])
