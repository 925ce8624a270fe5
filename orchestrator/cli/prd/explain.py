"""``handrail prd explain``."""

from __future__ import annotations

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import print_json, say, table


@click.command(help="Say what a code means, with a bad and a good example.")
@click.argument("code", required=False)
@click.option("--list", "list_", is_flag=True, help="All codes.")
@as_json
def explain(code: str | None, list_: bool, json_: bool) -> None:
    from dataclasses import asdict

    from orchestrator.errors import UsageError
    from orchestrator.specs.check import all_codes
    from orchestrator.specs.check import explain as told

    if not list_ and not code:
        raise UsageError("PRD050", "No code was named.", "handrail prd explain PRD120, or --list")
    rows = [told(name) for name in (all_codes() if list_ else [str(code)])]
    if json_:
        print_json("prd-rules", {"rules": [asdict(row) for row in rows]})
    elif list_:
        marks = [[r.code, r.severity, r.family, r.summary + ("" if r.default else " (off by default)")] for r in rows]
        table(["code", "severity", "family", "what it says"], marks)
    else:
        row = rows[0]
        say(f"{row.code} {row.summary} ({row.severity}, {row.family}{'' if row.default else ', off by default'})")
        say(f"\n{row.why}\nTry: {row.hint}")
        if row.bad:
            say(f"\nBad:\n{_indented(row.bad)}\n\nGood:\n{_indented(row.good)}")


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.rstrip().split("\n")[:24])
