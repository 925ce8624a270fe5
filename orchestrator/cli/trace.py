"""``handrail trace``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, say
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from orchestrator.app.specs.tracing import Trace, Traced

_SHORT = 12


@click.command(
    help="Follow each requirement of a spec to step, commit, test and approver. Says what is missing, and which code"
    " has changed since a person approved it. --accurate signs that requirement and code agree as they are."
)
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--rev", default="HEAD", show_default=True, help="The commit whose code is looked at.")
@click.option("--strict", is_flag=True, help="Exit 1 when something is missing or has drifted.")
@click.option("--accurate", multiple=True, metavar="ID", help="Sign that this requirement and its code agree at REV.")
@click.option("--file", "files", multiple=True, metavar="PATH", help="With --accurate: the files that were read.")
@click.option("--key", type=click.Path(path_type=Path), help="The key that signs (default: yours).")
@repository
@as_json
def command(
    spec: Path,
    rev: str,
    strict: bool,
    accurate: tuple[str, ...],
    files: tuple[str, ...],
    key: Path | None,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.specs.tracing import as_body, keep_accurate, trace

    with open_project(repo) as project:
        if accurate:
            for one in keep_accurate(project, spec, accurate, files, rev=rev, key=key):
                note(f"{one.requirement}: accurate at {one.commit[:_SHORT]}, signed by {one.reviewer}.")
        found = trace(project, spec, rev)
    if json_:
        print_json("trace", as_body(found))
    else:
        _tell(found)
    if strict and not all(row.complete for row in found.rows):
        sys.exit(ExitCode.FAILED)


def _tell(found: Trace) -> None:
    for row in found.rows:
        _tell_one(row)
    whole = sum(row.complete for row in found.rows)
    note(f"{whole} of {len(found.rows)} requirements are complete.")
    for line in found.broken:
        note(f"Line {line} of the signed words beside {found.spec.path} does not hold, and is not counted.")


def _tell_one(row: Traced) -> None:
    title = row.requirement.title or row.requirement.statement.split("\n")[0][:60]
    say(f"{row.requirement.id}  {title}")
    for step in row.steps:
        commit = step.commit[:_SHORT] if step.commit else "no commit"
        people = ", ".join(step.approvers) or "nobody"
        say(f"  {step.run} {step.step}: {step.status}, {commit}, approved by {people}")
        for test, shows in step.tests:
            say(f"    {test}: {shows}")
    if row.accurate is not None:
        say(f"  accurate at {row.accurate.commit[:_SHORT]}, says {row.accurate.reviewer}")
    if row.missing:
        say(f"  missing: {', '.join(row.missing)}")
    if row.text_changed:
        say("  drift: the requirement says something else than then")
    for one in row.drift:
        say(f"  drift: {one.path} {'is gone' if one.gone else 'has changed'} since {one.since[:_SHORT]}")
