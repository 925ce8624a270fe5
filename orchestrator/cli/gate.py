"""``handrail gate``: the same gates on any difference."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, print_log, say
from orchestrator.errors import ExitCode
from orchestrator.models.gate import Result

_EXITS = {
    Result.PASSED: ExitCode.DONE,
    Result.NEEDS_PERSON: ExitCode.WAITING,
    Result.FAILED: ExitCode.GATE_REFUSED,
    Result.ERROR: ExitCode.FAILED,
}


@click.command(
    help="Run the gates on what HEAD introduces over BASE. Exit 0 passed, 3 failed, 4 needs a person, 1 broken."
)
@click.option("--base", default="HEAD~1", show_default=True)
@click.option("--head", default="HEAD", show_default=True)
@click.option("--gate", "gates", multiple=True, help="Only these gates.")
@click.option("--format", "format_", type=click.Choice(["text", "sarif"]), default="text", show_default=True)
@repository
@as_json
def command(base: str, head: str, gates: tuple[str, ...], format_: str, repo: Path, json_: bool) -> None:
    from orchestrator.app.gating import gate_range
    from orchestrator.app.project import open_project
    from orchestrator.gates.sarif import to_sarif

    with open_project(repo) as project:
        result, reports = gate_range(project, base, head, gates)
    findings = [f for r in reports for f in r.findings]
    if json_:
        accounted = [{"gate": r.gate, **a.model_dump(mode="json")} for r in reports for a in r.accounted]
        body = {"result": result, "findings": [f.model_dump(mode="json") for f in findings], "accounted": accounted}
        print_json("gate", {**body, "errors": [f"{r.gate}: {r.reason}" for r in reports if r.reason]})
    elif format_ == "sarif":
        print_log(to_sarif(reports))
    else:
        for finding in findings:
            hint = f" Try: {finding.hint}" if finding.hint else ""
            say(f"{finding.path}:{finding.line}:1 {finding.rule} [{finding.disposition}] {finding.message}{hint}")
        for report in reports:
            note(f"{report.gate}: {report.result}" + (f" ({report.reason})" if report.reason else ""))
    sys.exit(_EXITS[result])
