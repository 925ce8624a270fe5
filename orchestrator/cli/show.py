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
    from orchestrator.app.batches.book import is_batch
    from orchestrator.app.project import open_project
    from orchestrator.app.runs import listing

    if is_batch(run):
        _batch(run, json_=json_)
        return
    with open_project(repo) as project:
        found = listing.one(project, run)
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


def _batch(name: str, *, json_: bool) -> None:
    from orchestrator.app.batches.listing import one

    found = one(name)
    if json_:
        print_json("batch", found)
        return
    say(f"batch: {found['batch']}, merge: {found['merge']}")
    table(
        ("RUN", "STANDING", "SPEC", "MESSAGE"),
        [(r["run"], r["standing"], r["spec"], r["message"]) for r in found["runs"]],
    )
