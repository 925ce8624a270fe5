"""``handrail doctor``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import print_json, say
from orchestrator.errors import ExitCode


@click.command(help="Say what is missing or unsafe on this machine, and what to do about it.")
@repository
@as_json
def command(repo: Path, json_: bool) -> None:
    from orchestrator.app.doctor import examine

    checks = examine(repo)
    if json_:
        print_json("doctor", {"checks": [c.__dict__ for c in checks]})
    else:
        for check in checks:
            say(f"{'ok     ' if check.ok else 'MISSING'} {check.name}: {check.words}")
            if check.hint:
                say(f"        Try: {check.hint}")
    missing = {check.name for check in checks if not check.ok}
    sys.exit(ExitCode.SANDBOX if "sandbox" in missing else ExitCode.USAGE if missing else ExitCode.DONE)
