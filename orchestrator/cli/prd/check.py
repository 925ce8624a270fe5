"""``handrail prd check``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.prd.rows import as_format, body, rows, spec_format
from orchestrator.cli.telling import note, print_json, print_log

if TYPE_CHECKING:
    from orchestrator.models.spec import Problem
    from orchestrator.specs.check import Checked

_MAX_LINE = 160


@click.command(help="Say every problem of specs with its place. No model is asked. Exit 6 when one cannot be planned.")
@click.argument("specs", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--strict", is_flag=True, help="Exit 6 for warnings too.")
@click.option("--select", multiple=True, metavar="CODE", help="Also a rule that is off by default.")
@click.option("--ignore", multiple=True, metavar="CODE", help="Not this rule.")
@click.option("--fix", is_flag=True, help="Mend what can be mended mechanically, in the file.")
@click.option("--write", is_flag=True, help="Keep the ids in spec.lock.json beside the spec.")
@spec_format
@click.option("--format", "format_", type=click.Choice(["text", "sarif"]), default="text", show_default=True)
@as_json
def check(
    specs: tuple[Path, ...],
    strict: bool,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    write: bool,
    spec_format: str | None,
    format_: str,
    json_: bool,
) -> None:
    from orchestrator.app.specs.checking import check_file

    found = [
        check_file(path, as_format(spec_format), select=select, ignore=ignore, fix=fix, write=write, say=note)
        for path in specs
    ]
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
    first: dict[str, object] = body(specs[0]) if len(found) == 1 and specs else {}
    found_rows = [row for spec in specs for row in rows(spec)]
    print_json("prd", {**first, "requirements": found_rows, "problems": [p.model_dump(mode="json") for p in problems]})
