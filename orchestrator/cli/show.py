"""``handrail show RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import print_json, say, table


@click.command(
    help="Show one run (the newest by default): its steps, why attempts were sent back, and what waits for a person."
)
@click.argument("run", default="")
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
        say(f"{key}: {found[key]}")
    if found["steps"]:
        say("")
        rows = [(s["id"], str(s["attempt"]), s["last"], s["title"]) for s in found["steps"]]
        table(("STEP", "ATTEMPT", "LAST", "TITLE"), rows)
    for step in found["steps"]:
        for reason in step["reasons"]:
            say(f"\n{step['id']} attempt {reason['attempt']} was sent back:\n{reason['text'].rstrip()}")
    for item in found["items"]:
        say(f"\nWaits for a person: {item['id']} {item['title']}\nTry: handrail review show {item['id']}")
