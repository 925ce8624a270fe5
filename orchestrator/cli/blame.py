"""``handrail blame``."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, interactive, repository
from orchestrator.cli.telling import note, print_json, say

if TYPE_CHECKING:
    from orchestrator.provenance.verification.blame import Blamed


@click.command(help="Say of each line which sentence asked for it, who wrote it, what was checked, who approved.")
@click.argument("place", metavar="FILE[:L1[-L2]]", required=False)
@click.option("--where", metavar="agent=A@V,model=M,key=K", help="Instead of a file: all commits that landed by these.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="With --where: only what was made from this day on.")
@click.option("--rev", default="HEAD", show_default=True, help="The commit whose file is read.")
@click.option("--html", type=click.Path(path_type=Path), help="Write one page, without script, to this file.")
@click.option("--tui", is_flag=True, help="Open a screen: the lines, and what stands behind the one under the cursor.")
@repository
@as_json
def command(
    place: str | None,
    where: str | None,
    since: datetime | None,
    rev: str,
    html: Path | None,
    tui: bool,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.evidence.blaming import blame_file, write_page
    from orchestrator.app.project import open_project
    from orchestrator.errors import UsageError

    if tui and (json_ or not interactive(no_input_asked=False)):
        raise UsageError("CLI011", "The screen needs a terminal.", "handrail blame FILE, --html FILE or --json")
    if (place is None) == (where is None) or (since and where is None):
        raise UsageError("UNDO006", "Say a file, or --where.", "handrail blame FILE")
    if where is not None:
        _landed(where, since, rev, repo, json_=json_)
        return
    with open_project(repo) as project:
        path, rows = blame_file(project, str(place), rev)
    if html is not None:
        write_page(html, path, rev, rows)
        note(f"{html}: {len(rows)} lines.")
    if tui:
        from orchestrator.tui.screens.blame import BlameApp

        BlameApp(path, rows).run()
        return
    if json_:
        print_json("blame", {"path": path, "lines": [r.model_dump(mode="json") for r in rows]})
        return
    if html is not None:
        return
    for _, group in groupby(rows, key=lambda r: (r.commit, r.path, r.contributor)):
        _tell(list(group))


def _landed(where: str, since: datetime | None, rev: str, repo: Path, *, json_: bool) -> None:
    from orchestrator.app.landing.recalling import landed, read_where
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        found = landed(project, rev, read_where(where, since))
    if json_:
        print_json("landed", {"where": where, "commits": [one.model_dump(mode="json") for one in found]})
        return
    for one in found:
        who = f"{one.agent}{f' ({one.model})' if one.model else ''}"
        by = ", ".join(one.reviewers) or "nobody"
        asked = ", ".join(one.requirements)
        say(f"{one.commit[:12]} {one.at:%Y-%m-%d} {one.run} {one.step} {asked}: {who}; approved by {by}")
    note(f"{len(found)} commits.")


def _tell(rows: list[Blamed]) -> None:
    first = rows[0]
    say(f"{first.commit[:12]} {first.standing}" + ("" if first.evidence else f"  by {first.author}"))
    if (found := first.evidence) is not None:
        who = f"{found.agent}{f' ({found.model})' if found.model else ''}"
        kind = f"written by: {first.contributor}" if first.contributor else "line not stated"
        for asked in first.asked:
            say(f"  {asked.id}: {asked.sentence or 'text withheld'}")
        say(f"  {found.step}, attempt {found.attempt}, {who}; {kind}; {found.gates_in_words()}")
        say(f"  approved by {', '.join(found.reviewers) or 'nobody'}" + ("" if found.human else " (not a person)"))
    for problem in first.problems:
        say(f"  {problem.code} {problem.message}")
    for row in rows:
        say(f"{row.number:>6}  {row.text}")
