"""``handrail prd``: check, explain and show specs."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import note, print_json, print_log, say, table

if TYPE_CHECKING:
    from orchestrator.models.spec import Problem, Spec
    from orchestrator.specs.check import Checked

_MAX_LINE = 160


@click.group(help="Check, explain and show specs.")
def command() -> None: ...


@command.command(
    help="Say every problem of specs with its place. No model is asked. Exit 6 when one cannot be planned."
)
@click.argument("specs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit 6 for warnings too.")
@click.option("--select", multiple=True, metavar="CODE", help="Also a rule that is off by default.")
@click.option("--ignore", multiple=True, metavar="CODE", help="Not this rule.")
@click.option("--fix", is_flag=True, help="Mend what can be mended mechanically, in the file.")
@click.option("--format", "format_", type=click.Choice(["text", "sarif"]), default="text", show_default=True)
@as_json
def check(
    specs: tuple[Path, ...],
    strict: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    format_: str,
    json_: bool,
) -> None:
    from orchestrator.app.specs import check_file

    found = [check_file(path, select=select, ignore=ignore, fix=fix, say=note) for path in specs]
    problems = [p for checked in found for p in checked.problems]
    if json_:
        _print_checked(found, problems)
    elif format_ == "sarif":
        from orchestrator import __version__
        from orchestrator.specs.sarif import to_sarif

        print_log(to_sarif(problems, __version__))
    else:
        for path, checked in zip(specs, found, strict=True):
            _tell(path, checked)
    _leave(specs, found, strict=strict, quiet=json_ or format_ != "text")


@command.command(help="Say what a code means, with a bad and a good example.")
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


def _tell(path: Path, checked: Checked) -> None:
    for problem in checked.problems:
        note(str(problem))
        if 0 < problem.line <= len(checked.lines) and checked.lines[problem.line - 1].strip():
            line, column = _window(checked.lines[problem.line - 1], problem.column)
            note(f"    {line}")
            note(f"    {' ' * (column - 1)}{'^' * max(1, min(checked.length(problem), len(line) - column + 1))}")
    if checked.spec is not None:
        remarks = "1 remark" if len(checked.problems) == 1 else f"{len(checked.problems)} remarks"
        note(f"{path}: {len(checked.spec.requirements)} requirements, {remarks}. Try: handrail plan {path}")


def _window(line: str, column: int) -> tuple[str, int]:
    """A long line is cut around the place; tabs count as one column."""
    text = line.replace("\t", " ")
    start = max(0, column - _MAX_LINE // 2) if len(text) > _MAX_LINE else 0
    return text[start : start + _MAX_LINE], column - start


def _leave(paths: tuple[Path, ...], found: list[Checked], *, strict: bool, quiet: bool) -> None:
    from orchestrator.errors import ExitCode, SpecInvalid

    refused = [str(path) for path, c in zip(paths, found, strict=True) if c.spec is None]
    warned = [str(path) for path, c in zip(paths, found, strict=True) if strict and c.warnings]
    if (refused or warned) and quiet:
        sys.exit(ExitCode.INVALID)
    if refused:
        raise SpecInvalid("PRD000", f"{', '.join(refused)} cannot be planned.", "mend the lines named")
    if warned:
        raise SpecInvalid(
            "PRD051", f"{', '.join(warned)} has warnings, and --strict allows none.", "handrail prd explain CODE"
        )


def _print_checked(found: list[Checked], problems: list[Problem]) -> None:
    specs = [c.spec for c in found if c.spec is not None]
    first: dict[str, object] = _body(specs[0]) if len(found) == 1 and specs else {}
    rows = [row for spec in specs for row in _rows(spec)]
    print_json("prd", {**first, "requirements": rows, "problems": [p.model_dump(mode="json") for p in problems]})


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.rstrip().split("\n")[:24])


def _body(spec: Spec) -> dict[str, object]:
    return {"namespace": spec.namespace, "format": spec.format, "title": spec.title, "requirements": _rows(spec)}


def _rows(spec: Spec) -> list[dict[str, object]]:
    return [
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
