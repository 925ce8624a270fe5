"""``handrail prd``: check and show specs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import note, print_json, say

if TYPE_CHECKING:
    from orchestrator.models.spec import Spec


@click.group(help="Check and show specs.")
def command() -> None: ...


@command.command(help="Parse a spec and say every problem with its place. No model is asked.")
@click.argument("spec", type=click.Path(path_type=Path))
@as_json
def check(spec: Path, json_: bool) -> None:
    from orchestrator.app.start import read_file
    from orchestrator.errors import ExitCode, SpecInvalid
    from orchestrator.specs.parse import check_spec

    found, problems = check_spec(read_file(spec), str(spec))
    if json_:
        body: dict[str, object] = _body(found) if found else {"requirements": []}
        print_json("prd", {**body, "problems": [p.model_dump(mode="json") for p in problems]})
    else:
        for problem in problems:
            note(str(problem))
    if found is None:
        if json_:
            sys.exit(ExitCode.INVALID)
        raise SpecInvalid("PRD000", f"{spec} cannot be planned.", "mend the lines named")
    if not json_:
        note(f"{spec}: {len(found.requirements)} requirements, {len(problems)} remarks. Try: handrail plan {spec}")


@command.command(help="Show the requirements of a spec as Handrail understands them.")
@click.argument("spec", type=click.Path(path_type=Path))
@as_json
def show(spec: Path, json_: bool) -> None:
    from orchestrator.app.start import read_spec

    found, _ = read_spec(spec)
    if json_:
        print_json("prd", {**_body(found), "problems": [p.model_dump(mode="json") for p in found.warnings]})
        return
    say(f"{found.title} ({found.format}, {found.source_digest})")
    for requirement in found.requirements:
        say(f"\n{requirement.id} (line {requirement.span.line}) {requirement.title}\n  {requirement.statement}")
        for criterion in requirement.acceptance:
            say(f"  - {criterion.text}")
        for name, values in (("where", requirement.where), ("verify by", requirement.verify_by)):
            if values:
                say(f"  {name}: " + ", ".join(v.value for v in values))


def _body(spec: Spec) -> dict[str, object]:
    rows = [
        {
            "id": r.id,
            "aliases": r.aliases,
            "title": r.title,
            "statement": r.statement,
            "acceptance": [c.text for c in r.acceptance],
            "line": r.span.line,
            "digest": r.text_digest,
        }
        for r in spec.requirements
    ]
    return {"namespace": spec.namespace, "format": spec.format, "title": spec.title, "requirements": rows}
