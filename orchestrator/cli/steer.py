"""``handrail steer RUN STEP TEXT``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import repository
from orchestrator.cli.telling import note


@click.command(help="Say something to a step that is under way. It is data for the agent, recorded with the run.")
@click.argument("run")
@click.argument("step")
@click.argument("text")
@repository
def command(run: str, step: str, text: str, repo: Path) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.steering import steer

    with open_project(repo) as project:
        note(steer(project, run, step, text))
