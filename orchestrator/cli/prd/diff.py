"""``handrail prd diff OLD NEW``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import note, print_json, say

if TYPE_CHECKING:
    from orchestrator.specs.diff import Row


@click.command(
    help="Compare two versions of a spec by requirement. With --base, exit 6 for what both changed in different ways."
)
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--base", type=click.Path(path_type=Path), help="The version that both come from: show conflicts only.")
@as_json
def diff(old: Path, new: Path, base: Path | None, json_: bool) -> None:
    from orchestrator.app.specs.checking import diff_files
    from orchestrator.errors import ExitCode

    rows = diff_files(old, new, base)
    if json_:
        print_json("prd-diff", {"rows": [_data(row) for row in rows]})
    else:
        for row in rows:
            _tell(row)
        note("Nothing differs." if not rows else f"{len(rows)} requirements.")
    if base is not None and rows:
        sys.exit(ExitCode.INVALID)


def _data(row: Row) -> dict[str, object]:
    sides = {"old": row.old, "new": row.new}
    whole = {name: r.model_dump(mode="json") if r else None for name, r in sides.items()}
    return {"change": row.change, "id": row.id, "fields": list(row.fields), **whole}


def _tell(row: Row) -> None:
    fields = f" ({', '.join(row.fields)})" if row.fields else ""
    say(f"{row.change:9} {row.id}{fields}")
    for mark, requirement in (("-", row.old), ("+", row.new)):
        if requirement is not None and row.fields:
            say(f"  {mark} {' '.join([requirement.title, *requirement.statement.split()]).strip()}")
