"""``handrail show RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, print_json, repository, table


@click.command(help="Show one run: its steps, and what waits for a person.")
@click.argument("run")
@repository
@as_json
def command(run: str, repo: Path, json_: bool) -> None:
    from orchestrator.app import runs
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        found = runs.one(project, run)
    if json_:
        print_json("run", {"runs": [found]})
        return
    for key in ("id", "status", "message", "spec_path", "agent", "base_commit", "branch", "target"):
        click.echo(f"{key}: {found[key]}")
    if found["steps"]:
        click.echo("")
        rows = [(s["id"], str(s["attempt"]), s["last"], s["title"], s["why"]) for s in found["steps"]]
        table(("STEP", "ATTEMPT", "LAST", "TITLE", "WHY"), rows)
    for item in found["items"]:
        click.echo(f"\nWaits for a person: {item['id']} {item['title']}\nTry: handrail review show {item['id']}")
