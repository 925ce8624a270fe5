"""``handrail drift``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, say


@click.command(help="Say whether an agent's newest runs differ from those before, and what it is granted in vain.")
@click.argument("agent", default="")
@click.option(
    "--narrow",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write a ceiling without what the agent's runs never used to FILE, and print the difference as a patch.",
)
@click.option(
    "--runs", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many runs --narrow reads."
)
@repository
@as_json
def command(agent: str, narrow: Path | None, runs: int, repo: Path, json_: bool) -> None:
    from orchestrator.app.observe.drifting import drift
    from orchestrator.app.project import open_project

    if narrow is not None:
        _narrow(agent, narrow, runs, repo, json_=json_)
        return
    with open_project(repo) as project:
        rows = drift(project, agent)
    if json_:
        print_json("drift", {"settings": rows})
    elif not rows:
        note("No run is over yet. Try: handrail run SPEC")
    else:
        for row in rows:
            _tell(row)


def _narrow(agent: str, path: Path, runs: int, repo: Path, *, json_: bool) -> None:
    from orchestrator.app.observe.tightening import narrower, write
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        found = narrower(project, agent, runs)
    if found.patch:
        write(found, path)
    if json_:
        written = str(path) if found.patch else None
        print_json("drift-narrow", {"agent": agent, "runs": found.runs, "patch": found.patch, "written": written})
        return
    if not found.patch:
        note(f"{found.runs} runs of {agent} used all that the policy's ceiling grants.")
        return
    say(found.patch.rstrip("\n"))
    note(f"Not used in {found.runs} runs. To accept it: handrail policy change --ceiling {path} --commit")


def _tell(row: dict[str, Any]) -> None:
    say(f"{row['agent']} {row['model'] or '(no model)'}: {row['sentence']}")
    for dimension, values in row["novel"].items():
        for value in values:
            say(f"  new {dimension}: {value}")
    for shift in row["shifts"]:
        say(
            f"  {shift['dimension']}: divergence {shift['divergence']:.3f} bits, p {shift['p']:.3f}, q {shift['q']:.3f}"
        )
