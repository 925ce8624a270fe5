"""``handrail revert RUN [STEP]``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from orchestrator.cli.options import as_json, digest, no_input, repository
from orchestrator.cli.running import advance, owner_options
from orchestrator.errors import UsageError


@click.command(help="Take merged work of a run, or of one step, back from its branch: as a run, gated and reviewed.")
@click.argument("run", required=False)
@click.argument("step", required=False)
@click.option("--where", metavar="agent=A@V,model=M,key=K", help="Instead of a run: all that landed by these.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="With --where: only what was made from this day on.")
@click.option("--target", help="The branch it is taken back from (default: the one checked out).")
@owner_options
@repository
@no_input
@as_json
def command(
    run: str | None,
    step: str | None,
    where: str | None,
    since: datetime | None,
    target: str | None,
    key: Path | None,
    trust: str | None,
    approve_plan: bool,
    repo: Path,
    no_input: bool,
    json_: bool,
) -> None:
    from orchestrator.app.landing.recalling import read_where
    from orchestrator.app.landing.undoing import Whose, undo, undo_where
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.start import start

    if (run is None) == (where is None) or (since and where is None):
        raise UsageError("UNDO006", "Say a run, or --where.", "handrail revert RUN [STEP]")
    whose = Whose(target, key, digest(trust))
    with open_project(repo) as project:
        wanted = read_where(where, since) if where else None
        request = undo_where(project, wanted, whose) if wanted else undo(project, run or "", step, whose)
        new = start(project, request)
        advance(project, new, key=key, trust=trust, approve_plan=approve_plan, no_input=no_input, json_=json_)
