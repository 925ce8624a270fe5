"""``handrail drift``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, say


@click.command(help="Say whether an agent's newest runs differ from those before.")
@click.argument("agent", default="")
@repository
@as_json
def command(agent: str, repo: Path, json_: bool) -> None:
    from orchestrator.app.drifting import drift
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        rows = drift(project, agent)
    if json_:
        print_json("drift", {"settings": rows})
    elif not rows:
        note("No run is over yet. Try: handrail run SPEC")
    else:
        for row in rows:
            _tell(row)


def _tell(row: dict[str, Any]) -> None:
    say(f"{row['agent']} {row['model'] or '(no model)'}: {row['sentence']}")
    for dimension, values in row["novel"].items():
        for value in values:
            say(f"  new {dimension}: {value}")
    for shift in row["shifts"]:
        say(
            f"  {shift['dimension']}: divergence {shift['divergence']:.3f} bits, p {shift['p']:.3f}, q {shift['q']:.3f}"
        )
