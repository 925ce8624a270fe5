"""``handrail gate``: the same gates on any difference, and what each code means."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.app.gates.ahead import staged_index
from orchestrator.app.gates.asked import Asked, read_decisions
from orchestrator.cli.gate_worker import command as worker_command
from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import note, print_json, print_log, print_text, say
from orchestrator.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from orchestrator.app.gates.gating import Judged
    from orchestrator.models.found import Finding

FORMATS = ("text", "json", "sarif", "junit", "github", "md", "cyclonedx")
_COLUMNS = 160
_PATCH_BYTES = 64 * 1024 * 1024 + 1


@click.group(
    invoke_without_command=True,
    help="Run the gates on what HEAD introduces over BASE, on what is staged, or on a patch. "
    "Exit 0 passed, 3 failed, 4 needs a person, 1 broken.",
)
@click.option("--base", default="", help="Where the change began (default: where it left its upstream).")
@click.option("--head", default="HEAD", show_default=True)
@click.option("--staged", is_flag=True, help="Judge what `git commit` would commit now.")
@click.option("--patch", is_flag=True, help="Judge a patch from stdin on BASE (default: HEAD).")
@click.option("--gate", "gates", multiple=True, help="Only these gates.")
@click.option("--policy", is_flag=True, help="By the base's policy: its gates as well, its protected paths.")
@click.option("--osv", metavar="FILE", help="An OSV export (zip or folder) with known vulnerabilities.")
@click.option("--decisions", type=click.Path(path_type=Path), help="Signed decisions that lift findings by name.")
@click.option("--trust", help="Digest of the .handrail folder whose policy says who may lift.")
@click.option("--format", "format_", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("--report", "written", multiple=True, metavar="FORMAT=FILE", help="Write this format to a file as well.")
@click.option("--no-cache", is_flag=True, help="Neither read nor keep results of earlier calls.")
@click.option("--no-worker", is_flag=True, help="Do the work in this process, also where a worker would answer.")
@repository
@as_json
@click.pass_context
def command(
    ctx: click.Context,
    base: str,
    head: str,
    staged: bool,
    patch: bool,
    gates: tuple[str, ...],
    policy: bool,
    osv: str | None,
    decisions: Path | None,
    trust: str | None,
    format_: str,
    written: tuple[str, ...],
    no_cache: bool,
    no_worker: bool,
    repo: Path,
    json_: bool,
) -> None:
    # Who reads this is the only one at work: the call began by asking the worker, or by not asking it.
    del no_worker
    if ctx.invoked_subcommand:
        return
    if staged and patch:
        raise UsageError("GATE013", "Either what is staged is judged or a patch, not both.", "give one of the two")
    files = [_report(text) for text in written]
    formats = {"json" if json_ else format_, *(name for name, _ in files)}
    asked = Asked(
        base=base,
        head=head,
        staged=staged,
        index=staged_index(repo) if staged else None,
        patch=sys.stdin.buffer.read(_PATCH_BYTES) if patch else None,
        gates=gates,
        decisions=read_decisions(decisions) if decisions else (),
        identified="sarif" in formats,
        sbom="cyclonedx" in formats,
        policy=policy,
        osv=osv,
        trust=digest(trust),
    )
    judged = _judged(repo, asked, keep=not no_cache)
    for name, path in files:
        _write(path, _document(name, judged))
    _print("json" if json_ else format_, judged, asked)
    sys.exit(_exit(judged))


def _judged(repo: Path, asked: Asked, *, keep: bool) -> Judged:
    """The scanners start first: they load, and begin with what is seen at once, while everything else is read."""
    from orchestrator.app.gates import ahead
    from orchestrator.app.gates.scanners import gate_worker
    from orchestrator.app.room import room

    reading = ahead.BEGUN.pop() if ahead.BEGUN else None
    found = reading.found if reading is not None and reading.found.folder == repo else ahead.Found(repo)
    with room("ask again"), gate_worker(found, keep=keep, reading=reading) as worker:
        from orchestrator.app.gates.gating import gate
        from orchestrator.app.ground import ground

        here = ground(found())
        if not (asked.policy or asked.decisions or here.is_known):
            gc.freeze()
            gc.enable()
            return gate(here, asked, worker=worker, say=note)
        from orchestrator.app.project import open_project

        gc.freeze()
        gc.enable()
        with open_project(here.repository) as project:
            return gate(project, asked, project=project, worker=worker, say=note)


command.add_command(worker_command, "worker")


@command.command(help="Say what a finding's code means and what to do about it.")
@click.argument("code", required=False)
@click.option("--list", "list_", is_flag=True, help="Every code of ours.")
@as_json
def explain(code: str | None, list_: bool, json_: bool) -> None:
    from orchestrator.gates.reports import explain as explaining

    if list_:
        print_json("gate-codes", {"codes": explaining.codes()}) if json_ else say("\n".join(explaining.codes()))
        return
    if code is None:
        raise UsageError("GATE011", "No code was named.", "handrail gate explain B602, or --list")
    text = explaining.explain(code)
    print_json("gate-explain", {"code": code, "text": text}) if json_ else say(text)


def _exit(judged: Judged) -> ExitCode:
    from orchestrator.models.found import Result

    return {
        Result.PASSED: ExitCode.DONE,
        Result.NEEDS_PERSON: ExitCode.WAITING,
        Result.FAILED: ExitCode.GATE_REFUSED,
        Result.ERROR: ExitCode.FAILED,
    }[judged.result]


def _report(text: str) -> tuple[str, Path]:
    name, _, path = text.partition("=")
    if name not in FORMATS[1:] or not path:
        raise UsageError(
            "GATE014", f"{text!r} is no report.", f"write FORMAT=FILE with one of {', '.join(FORMATS[1:])}"
        )
    return name, Path(path)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError("GATE014", f"{path} cannot be written: {error.strerror}.", "name another file") from error


def _document(name: str, judged: Judged) -> str:
    import json

    from orchestrator.gates.reports import annotations, junit, sarif

    if name == "sarif":
        return json.dumps(sarif.to_sarif(judged.reports, judged.lifted), indent=2) + "\n"
    if name == "junit":
        return junit.to_junit(judged.reports)
    if name == "cyclonedx":
        return json.dumps(judged.sbom, indent=2) + "\n"
    if name == "github":
        return annotations.to_github(judged.reports)
    if name == "md":
        return annotations.to_markdown(judged.result, judged.reports)
    return json.dumps({"schema": "handrail.gate/1", **_body(judged)}, indent=2) + "\n"


def _print(name: str, judged: Judged, asked: Asked) -> None:
    if name == "json":
        print_json("gate", _body(judged))
    elif name == "text":
        _tell(judged, asked)
    elif name == "sarif":
        from orchestrator.gates.reports.sarif import to_sarif

        print_log(to_sarif(judged.reports, judged.lifted))
    else:
        print_text(_document(name, judged))


def _body(judged: Judged) -> dict[str, object]:
    from orchestrator.gates.reports.explain import remedy

    return {
        "result": judged.result.value,
        "base": judged.base,
        "findings": [{**f.model_dump(mode="json"), "hint": remedy(f)} for f in judged.findings],
        "accounted": [{"gate": r.gate, **a.model_dump(mode="json")} for r in judged.reports for a in r.accounted],
        "lifted": sorted(judged.lifted),
        "errors": [f"{r.gate}: {r.reason}" for r in judged.reports if r.reason],
    }


def _tell(judged: Judged, asked: Asked) -> None:
    for finding in judged.findings:
        _tell_finding(finding, judged)
    for report in judged.reports:
        note(f"{report.gate}: {report.result}" + (f" ({report.reason})" if report.reason else ""))
    what = "what is staged" if asked.staged else "the patch" if asked.patch is not None else asked.head
    note(f"{judged.result}: {what} against {judged.base[:12]}, findings: {len(judged.findings)}")


def _tell_finding(finding: Finding, judged: Judged) -> None:
    from orchestrator.gates.changes.differential import visible
    from orchestrator.gates.reports.explain import remedy

    lifted = ", lifted" if finding.fingerprint in judged.lifted else ""
    cwe = f" CWE-{finding.cwe}" if finding.cwe else ""
    where = f"{visible(finding.path)}:{finding.line}:1"
    say(f"{where} {finding.rule} [{finding.disposition}{lifted}]{cwe} {finding.message} Try: {remedy(finding)}")
    lines = judged.sources.get(finding.path, ())
    if 0 < finding.line <= len(lines) and lines[finding.line - 1].strip():
        text = lines[finding.line - 1].replace("\t", " ").rstrip()[:_COLUMNS]
        start = len(text) - len(text.lstrip())
        say(f"{finding.line:>6} | {text}")
        say(f"       | {' ' * start}{'^' * max(len(text) - start, 1)}")
