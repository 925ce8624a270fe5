"""``handrail runs``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, table


@click.command(help="List the runs of this repository, newest first.")
@repository
@as_json
def command(repo: Path, json_: bool) -> None:
    from orchestrator.app import runs
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        rows = runs.rows(project)
    if json_:
        print_json("runs", {"runs": rows})
    elif rows:
        table(
            ("RUN", "STATUS", "SPEC", "MESSAGE"), [(r["id"], r["status"], r["spec_path"], r["message"]) for r in rows]
        )
    else:
        note("No runs yet. Try: handrail run SPEC")
