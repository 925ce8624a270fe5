"""``handrail prd show``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.prd.rows import as_format, body, spec_format
from orchestrator.cli.telling import note, print_json, say


@click.command(help="Show the requirements of a spec as Handrail understands them, here or as one page for others.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--html", type=click.Path(path_type=Path), help="Write one self-contained page to this file.")
@click.option(
    "--plan", type=click.Path(path_type=Path), help="With --html: a saved plan, to show which step builds what."
)
@spec_format
@as_json
def show(spec: Path, html: Path | None, plan: Path | None, spec_format: str | None, json_: bool) -> None:
    from orchestrator.app.specs.files import read_spec

    if html is not None:
        from orchestrator.app.specs.page import write_page

        write_page(spec, as_format(spec_format), html, plan)
        note(f"Saved {html}.")
        return
    found, _ = read_spec(spec, None, as_format(spec_format))
    if json_:
        print_json("prd", {**body(found), "problems": [p.model_dump(mode="json") for p in found.warnings]})
        return
    say(f"{found.title} ({found.format}, {found.source_digest})")
    for requirement in found.requirements:
        marks = ", ".join(m for m in (requirement.kind, requirement.priority, requirement.delta or "") if m)
        place = f"line {requirement.span.line}, {marks}{', provisional' if requirement.provisional else ''}"
        say(f"\n{requirement.id} ({place}) {requirement.title}\n  {requirement.statement}")
        for criterion in requirement.acceptance:
            say(f"  - {criterion.text}")
        for name, values in (("where", requirement.where), ("verify by", requirement.verify_by)):
            if values:
                say(f"  {name}: " + ", ".join(v.value for v in values))
    for left_out in found.non_goals:
        say(f"\n{left_out.id} (line {left_out.span.line}, left out) {left_out.statement}")
