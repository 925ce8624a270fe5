"""``handrail review drill``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.review.options import key_options
from orchestrator.cli.telling import note, print_json, say, table
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.app.drills.ending import Ended


@click.command(help="Plant known defects in a throw-away change, have it reviewed as any, and see what was found.")
@click.option("--defects", type=click.IntRange(1, 9), default=3, show_default=True, help="How many are planted.")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(["security", "logic", "test"]), help="Only these; repeatable."
)
@click.option("--seed", type=click.IntRange(0), help="Plant the same again on the same commit.")
@click.option("--end", "end_", is_flag=True, help="Tell what was planted, count what was found, take the drill away.")
@click.option("--results", is_flag=True, help="Print what all drills here came to: of a team, never of a person.")
@key_options
@repository
@as_json
def command(
    defects: int,
    kinds: tuple[str, ...],
    seed: int | None,
    end_: bool,
    results: bool,
    key: Path | None,
    trust: str | None,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.drills import beginning, ending
    from orchestrator.app.drills.planting import DEFECTS, Wanted
    from orchestrator.app.project import open_project
    from orchestrator.review.drill.defect import DefectKind

    if end_ and results:
        raise UsageError("DRILL007", "Say --end or --results.", "handrail review drill --help")
    with open_project(repo) as project:
        if results:
            _results(ending.results(project), json_=json_)
            return
        if end_:
            _ended(ending.end(project, key), json_=json_)
            return
        wanted = Wanted(defects, tuple(DefectKind(kind) for kind in kinds) or DEFECTS, seed)
        item = beginning.begin(project, wanted, digest(trust))
    if json_:
        print_json("drill", {"run": item.run, "item": item.id, "role": item.role})
    else:
        note(f"A change waits for a {item.role}: {item.title}")
        note(f"Try: handrail review show {item.id}, decide on it, then: handrail review drill --end")


def _ended(told: Ended, *, json_: bool) -> None:
    rows: list[dict[str, Any]] = [
        {**one.model_dump(mode="json"), "found": None if told.found is None else one.hunk in told.found}
        for one in told.planted
    ]
    if json_:
        print_json("drill-end", {"verdict": told.verdict, "planted": rows})
        return
    said = {None: "", True: "found", False: "not found"}
    table(
        ("KIND", "PLACE", "WHAT", "FOUND"),
        [(r["kind"], f"{r['path']}:{r['line']}", r["what"], said[r["found"]]) for r in rows],
    )
    if told.verdict is None:
        note("Nobody had decided; nothing is counted. The drill is taken away.")
    else:
        note(f"The verdict was {told.verdict}. It is counted without a name; the drill is taken away.")
        if told.found is None:
            note("What was found is told to who decided.")


def _results(body: dict[str, Any], *, json_: bool) -> None:
    if json_:
        print_json("drill-results", body)
        return
    say(f"{body['drills']} drills, {body['approved']} of them approved as they were.")
    shown = [(r["kind"], str(r["planted"]), str(r["found"]), _share(r)) for r in body["kinds"]]
    table(("KIND", "PLANTED", "FOUND", "SHARE (95 %)"), shown)
    note("Of harmless edits the share is of false alarms.")


def _share(row: dict[str, Any]) -> str:
    return "-" if row["share"] is None else f"{row['share']:.2f} ({row['low']:.2f} to {row['high']:.2f})"


command.name = "drill"
COMMANDS = (command,)
