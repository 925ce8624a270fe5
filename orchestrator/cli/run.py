"""``handrail run SPEC``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import as_json, digest, no_input, repository
from orchestrator.cli.running import advance, owner_options, work_options
from orchestrator.cli.telling import table

if TYPE_CHECKING:
    from orchestrator.app.project import Project
    from orchestrator.app.start import RunRequest


@click.command(help="Plan a spec, build it step by step, have it reviewed, and merge it to the run's branch.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--workflow", default="prd-to-code", show_default=True)
@click.option("--review", type=click.Choice(["each-step", "end-of-run"]), help="When people look (default: each-step).")
@click.option("--target", help="The branch that the changes are for (default: the one checked out).")
@click.option("--explain-config", is_flag=True, help="Print each preference with its source, and run nothing.")
@work_options
@owner_options
@repository
@no_input
@as_json
def command(spec: Path, repo: Path, script: Path | None, key: Path | None, explain_config: bool, **rest: Any) -> None:  # noqa: ANN401  click's own
    from orchestrator.app.project import open_project
    from orchestrator.app.start import RunRequest, start

    owner = {name: rest.pop(name) for name in ("approve_plan", "no_input", "json_")}
    trust = rest.pop("trust")
    request = RunRequest(spec, agent_input=script, key=key, trust=digest(trust), **rest)
    with open_project(repo) as project:
        if explain_config:
            _explain(project, request)
            return
        advance(project, start(project, request), key=key, trust=trust, **owner)


def _explain(project: Project, request: RunRequest) -> None:
    from dataclasses import asdict

    from orchestrator.app.preferences import explain, preferences

    table(("NAME", "VALUE", "SOURCE"), explain(preferences(project, asdict(request), request.trust)))
