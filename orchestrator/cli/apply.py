"""``handrail apply PLAN``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from orchestrator.cli.options import as_json, digest, no_input, repository
from orchestrator.cli.running import advance, owner_options, risk_option, work_options


@click.command(help="Run a plan that was saved with plan -o. Refuses when the base commit or the spec has changed.")
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--spec", type=click.Path(path_type=Path), help="The spec, when it does not lie where the plan says.")
@work_options
@risk_option
@owner_options
@repository
@no_input
@as_json
def command(plan: Path, spec: Path | None, repo: Path, script: Path | None, key: Path | None, **rest: Any) -> None:  # noqa: ANN401  click's own
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.start import RunRequest, start
    from orchestrator.app.specs.planning import planned_spec, read_plan

    owner = {name: rest.pop(name) for name in ("trust", "approve_plan", "no_input", "json_")}
    found = read_plan(plan)
    with open_project(repo) as project:
        request = RunRequest(
            spec or planned_spec(project, found),
            agent_input=script,
            key=key,
            target=found.target_ref,
            trust=digest(owner["trust"]),
            **rest,
        )
        advance(project, start(project, request, found), key=key, **owner)
