"""``handrail run SPEC``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from orchestrator.cli.options import as_json, digest, no_input, repository
from orchestrator.cli.running import advance, owner_options


@click.command(help="Plan a spec, build it step by step, have it reviewed, and merge it to the run's branch.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--agent", default="", help="The coding agent that implements the steps.")
@click.option("--script", type=click.Path(path_type=Path), help="The scripted agent's file of actions.")
@click.option("--workflow", default="prd-to-code", show_default=True)
@click.option("--review", type=click.Choice(["each-step", "end-of-run"]), default="each-step", show_default=True)
@click.option(
    "--max-parallel", type=click.IntRange(1, 64), default=2, show_default=True, help="Steps worked on at once."
)
@click.option("--target", help="The branch that the changes are for (default: the one checked out).")
@click.option("--image", default="", help="A sandbox image by its id (default: the one that `sandbox build` made).")
@click.option("--runtime", default="", help="A container runtime that the engine has, such as runsc.")
@click.option(
    "--wheelhouse",
    type=click.Path(path_type=Path),
    help="A folder of packages instead of any index: for the environment, and read-only for the steps.",
)
@owner_options
@repository
@no_input
@as_json
def command(spec: Path, repo: Path, script: Path | None, review: str, key: Path | None, **rest: Any) -> None:  # noqa: ANN401  click's own
    from orchestrator.app.project import open_project
    from orchestrator.app.start import RunRequest, start
    from orchestrator.models.plan import ReviewMode

    owner = {name: rest.pop(name) for name in ("approve_plan", "no_input", "json_")}
    trust = rest.pop("trust")
    request = RunRequest(spec, agent_input=script, review=ReviewMode(review), key=key, trust=digest(trust), **rest)
    with open_project(repo) as project:
        advance(project, start(project, request), key=key, trust=trust, **owner)
