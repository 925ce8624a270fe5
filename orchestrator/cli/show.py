"""``handrail show RUN``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import print_json, say, table


@click.command(
    help="Show one run (the newest by default): steps, why some were sent back, what was done and decided, what waits."
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
    for done in found["outside"]:
        say(f"\n{done['at']} {done['title'] or done['node']}: {done['outcome']}{_why(done)}")
    if found["decisions"]:
        say("")
        table(("DECIDED", "VERDICT", "BY", "TITLE", "SAID"), [_decided(row) for row in found["decisions"]])
    for item in found["items"]:
        say(f"\nWaits for a person: {item['id']} {item['title']}\nTry: handrail review show {item['id']}")


def _decided(row: dict[str, Any]) -> tuple[str, ...]:
    by = f"{row['reviewer']} ({row['role']})" if row["reviewer"] else ""
    return row["decided_at"][:19], row["verdict"], by, row["title"], row["comment"]


def _why(done: dict[str, Any]) -> str:
    """What is known of one that failed, a line each of what it printed last, marked so that none passes for ours."""
    printed = "".join(f"\n| {line}" for line in done["printed"].splitlines())
    return f" ({done['why']}){printed}" if done["why"] else printed


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
