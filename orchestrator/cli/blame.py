"""``handrail blame``."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import print_json, say

if TYPE_CHECKING:
    from orchestrator.provenance.blame import Blamed


@click.command(help="Say of each line which sentence asked for it, who wrote it, what was checked, who approved.")
@click.argument("place", metavar="FILE[:L1[-L2]]")
@click.option("--rev", default="HEAD", show_default=True, help="The commit whose file is read.")
@repository
@as_json
def command(place: str, rev: str, repo: Path, json_: bool) -> None:
    from orchestrator.app.blaming import blame_file
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        path, rows = blame_file(project, place, rev)
    if json_:
        print_json("blame", {"path": path, "lines": [r.model_dump(mode="json") for r in rows]})
        return
    for _, group in groupby(rows, key=lambda r: (r.commit, r.path, r.contributor)):
        _tell(list(group))


def _tell(rows: list[Blamed]) -> None:
    first = rows[0]
    say(f"{first.commit[:12]} {first.standing}" + ("" if first.evidence else f"  by {first.author}"))
    if (found := first.evidence) is not None:
        who = f"{found.agent}{f' ({found.model})' if found.model else ''}"
        kind = f"written by: {first.contributor}" if first.contributor else "line not stated"
        for asked in first.asked:
            say(f"  {asked.id}: {asked.sentence or 'text withheld'}")
        gates = " ".join(f"{name}={result}" for name, result in sorted(found.gates.items()))
        say(f"  {found.step}, attempt {found.attempt}, {who}; {kind}; {gates}")
        say(f"  approved by {', '.join(found.reviewers) or 'nobody'}" + ("" if found.human else " (not a person)"))
    for problem in first.problems:
        say(f"  {problem.code} {problem.message}")
    for row in rows:
        say(f"{row.number:>6}  {row.text}")
