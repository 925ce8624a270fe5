"""``handrail doctor``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestrator.cli.options import as_json, print_json, repository
from orchestrator.errors import ExitCode


@click.command(help="Say what is missing or unsafe on this machine, and what to do about it.")
@click.option(
    "--project", is_flag=True, help="Run the project's own tests in the sandbox instead: green, or what lacks?"
)
@repository
@as_json
def command(repo: Path, project: bool, json_: bool) -> None:
    from orchestrator.app.doctor import examine
    from orchestrator.app.project_check import ProjectCheck, examine_project

    def say(words: str) -> None:
        click.echo(words, err=True)

    found = examine_project(repo, say) if project else ProjectCheck(tuple(examine(repo)))
    if json_:
        print_json("doctor", {"checks": [c.__dict__ for c in found.checks], "output": found.output})
    else:
        for line in found.output:
            click.echo(f"        | {_printable(line)}")
        for check in found.checks:
            click.echo(f"{'ok     ' if check.ok else 'MISSING'} {check.name}: {check.words}")
            if check.hint:
                click.echo(f"        Try: {check.hint}")
    sys.exit(ExitCode.DONE if all(c.ok for c in found.checks) else ExitCode.SANDBOX)


def _printable(line: str) -> str:
    """What a sandbox printed, without anything that steers a terminal."""
    return "".join(char if char.isprintable() else "?" for char in line)
