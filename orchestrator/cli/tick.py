"""``handrail tick``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import digest, repository
from orchestrator.cli.telling import note, tell


@click.command(
    help="Fire the timers that are due, and go on with the runs that waited for them. For a cron line or a systemd "
    "timer."
)
@click.option("--key", type=click.Path(path_type=Path), help="The signing key (default: your own).")
@click.option("--trust", help="Trust the .handrail folder with this digest (for CI).")
@repository
def command(key: Path | None, trust: str | None, repo: Path) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.ticking import tick

    with open_project(repo) as project:
        for run, ended in tick(project, key=key, trust=digest(trust)):
            if ended is None:
                note(f"Run {run} went on.")
            else:
                tell(ended)
