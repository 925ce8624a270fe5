"""``handrail revert RUN [STEP]``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, digest, no_input, repository
from orchestrator.cli.running import advance, owner_options


@click.command(
    help="Take merged work of a run, or of one step, back from its branch: as a run that is gated and reviewed."
)
@click.argument("run")
@click.argument("step", required=False)
@click.option("--target", help="The branch it is taken back from (default: the one checked out).")
@owner_options
@repository
@no_input
@as_json
def command(
    run: str,
    step: str | None,
    target: str | None,
    key: Path | None,
    trust: str | None,
    approve_plan: bool,
    repo: Path,
    no_input: bool,
    json_: bool,
) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.start import start
    from orchestrator.app.undoing import undo

    with open_project(repo) as project:
        request = undo(project, run, step, target=target, key=key, trust=digest(trust))
        new = start(project, request)
        advance(project, new, key=key, trust=trust, approve_plan=approve_plan, no_input=no_input, json_=json_)
