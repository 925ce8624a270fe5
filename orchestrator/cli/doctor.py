"""``handrail doctor``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, say
from orchestrator.errors import ExitCode

_IN_SANDBOX = {"sandbox", "project tests"}
"""Checks that need the engine."""


@click.command(help="Say what is missing or unsafe on this machine, and what to do about it.")
@click.option(
    "--project", is_flag=True, help="Run the project's own tests in the sandbox instead: green, or what lacks?"
)
@click.option(
    "--wheelhouse",
    type=click.Path(path_type=Path),
    help="A folder of packages instead of any index: for the environment, and read-only for the steps.",
)
@repository
@as_json
def command(repo: Path, project: bool, wheelhouse: Path | None, json_: bool) -> None:
    from orchestrator.app.machine.doctor import examine
    from orchestrator.app.specs.project_check import ProjectCheck, examine_project

    found = examine_project(repo, note, wheelhouse=wheelhouse) if project else ProjectCheck(tuple(examine(repo)))
    if json_:
        print_json("doctor", {"checks": [c.__dict__ for c in found.checks], "output": found.output})
    else:
        for line in found.output:
            say(f"        | {line}")
        for check in found.checks:
            say(f"{'ok     ' if check.ok else 'MISSING'} {check.name}: {check.words}")
            if check.hint:
                say(f"        Try: {check.hint}")
    missing = {check.name for check in found.checks if not check.ok}
    sys.exit(ExitCode.SANDBOX if missing & _IN_SANDBOX else ExitCode.USAGE if missing else ExitCode.DONE)
