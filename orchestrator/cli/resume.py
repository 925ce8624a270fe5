"""``handrail resume RUN``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from orchestrator.cli import batching
from orchestrator.cli.options import as_json, digest, no_input, repository
from orchestrator.cli.running import advance, owner_options, risk_option


@click.command(help="Go on with a run, or a whole batch, that waits for a person or was interrupted.")
@click.argument("run")
@batching.telling_options
@risk_option
@owner_options
@repository
@no_input
@as_json
def command(
    run: str,
    repo: Path,
    accept_risk: tuple[str, ...],
    events: str | None,
    junit: Path | None,
    sarif: Path | None,
    **owner: Any,  # noqa: ANN401  click's own
) -> None:
    from orchestrator.app.batches import book
    from orchestrator.app.batches.beginning import accepting
    from orchestrator.app.project import open_project
    from orchestrator.app.risks import accept
    from orchestrator.models.base import RunId

    if book.is_batch(run):
        telling = {"events": events, "junit": junit, "sarif": sarif}
        batch = accepting(book.load(run), accept_risk, digest(owner["trust"]))
        batching.conduct(batch, key=owner["key"], trust=owner["trust"], telling=telling, json_=owner["json_"])
    with open_project(repo) as project:
        advance(project, accept(project, project.index.run(RunId(run)), accept_risk, digest(owner["trust"])), **owner)
