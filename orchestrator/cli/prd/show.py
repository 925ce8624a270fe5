"""``handrail prd show``."""

from __future__ import annotations

import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.prd.rows import as_format, body, spec_format
from orchestrator.cli.telling import note, print_json, say

if TYPE_CHECKING:
    from orchestrator.models.spec import Spec


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
    _print(found)


def _print(found: Spec) -> None:
    """For people: each requirement, then what holds for all of them, what is left out, and what is to be looked at."""
    counts = f"{len(found.requirements)} requirements, {len(found.non_goals)} left out"
    say(f"{found.title}\n  {found.format}, {counts}, {found.source_digest[:19]}")
    for requirement in found.requirements:
        marks = ", ".join(m for m in (requirement.kind, requirement.priority, requirement.delta or "") if m)
        place = f"line {requirement.span.line}, {marks}{', provisional' if requirement.provisional else ''}"
        say(f"\n{requirement.id} ({place}) {requirement.title}".rstrip())
        _lines("  ", requirement.statement)
        if requirement.acceptance:
            say("  Accepted when:")
        for criterion in requirement.acceptance:
            _lines("  - ", criterion.text)
        for name, values in (("where", requirement.where), ("verify by", requirement.verify_by)):
            if values:
                say(f"  {name}: " + ", ".join(v.value for v in values))
    for left_out in found.non_goals:
        say("")
        _lines("", f"{left_out.id} (line {left_out.span.line}, left out) {left_out.statement}")
    if found.criteria:
        say("\nOf the whole spec, and of no step:")
    for criterion in found.criteria:
        _lines("  - ", criterion.text)
    for problem in found.warnings:
        note(str(problem))


def _lines(begin: str, text: str) -> None:
    """Lines that hang below their beginning; cut to the width of a terminal, where one reads."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    for i, line in enumerate(text.split("\n")):
        lead = begin if not i else " " * len(begin)
        say(
            textwrap.fill(line, width, initial_indent=lead, subsequent_indent=" " * len(begin))
            if width
            else lead + line
        )
