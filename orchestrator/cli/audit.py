"""``handrail audit``: a whole history, commit by commit."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, say
from orchestrator.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from orchestrator.app.gates.auditing import Audit

_DECIDING = ("deny", "agent", "person")


@click.command(
    help="Judge every commit of RANGE (BASE..HEAD, or HEAD for all): who introduced what, what still stands."
)
@click.argument("range_", metavar="[RANGE]", default="HEAD")
@click.option("--gate", "gates", multiple=True, help="Only these gates.")
@click.option("--notes", is_flag=True, help="List notes as well.")
@click.option("--html", type=click.Path(path_type=Path), help="Write a page that needs no other file.")
@repository
@as_json
def command(range_: str, gates: tuple[str, ...], notes: bool, html: Path | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.gates.auditing import audit, result_of
    from orchestrator.app.project import open_project
    from orchestrator.app.room import room

    base, dots, head = range_.rpartition("..")
    with room("ask again; it goes on where it was"), open_project(repo) as project:
        found = audit(project, base=base if dots else "", head=head or "HEAD", gates=gates, say=note)
    if html is not None:
        _write(html, found)
    if json_:
        print_json("audit", body(found))
    else:
        _tell(found, notes=notes)
    exits = {"PASSED": ExitCode.DONE, "NEEDS_PERSON": ExitCode.WAITING, "FAILED": ExitCode.GATE_REFUSED}
    sys.exit(exits.get(result_of(found).value, ExitCode.FAILED))


def body(found: Audit) -> dict[str, Any]:
    from orchestrator.app.gates.auditing import result_of, secrets_of

    return {
        "result": result_of(found).value,
        "base": found.base,
        "head": found.head,
        "gates": list(found.gates),
        "commits": found.commits,
        "resumed": found.resumed,
        "cut": sorted(found.cut),
        "findings": found.findings,
        "secrets": [f["fingerprint"] for f in secrets_of(found)],
        "broken": found.broken,
    }


def _write(path: Path, found: Audit) -> None:
    from orchestrator.render.audit_page import audit_page

    try:
        path.write_text(audit_page(body(found)), encoding="utf-8")
    except OSError as error:
        raise UsageError("GATE014", f"{path} cannot be written: {error.strerror}.", "name another file") from error


def _tell(found: Audit, *, notes: bool) -> None:
    from orchestrator.app.gates.auditing import result_of, secrets_of
    from orchestrator.gates.changes.differential import visible

    shown = [f for f in found.findings if notes or f["disposition"] in _DECIDING]
    for row in shown:
        by = row["introduced"]
        who = f"{by['commit'][:12]} {by['date'][:10]} {visible(by['author'])}" if by else "before the range"
        who = (
            f"{by['commit'][:12]} or before it, where this clone is cut off"
            if by and by["commit"] in found.cut
            else who
        )
        end = "stands" if row["stands"] else f"mended in {row['fixed']['commit'][:12]}" if row["fixed"] else "gone"
        place = f"{visible(row['path'])}:{row['line']}:1 {row['rule']} [{row['disposition']}]"
        say(f"{place} {end}; {who}: {row['message']}")
    if any(row["introduced"] and row["introduced"]["commit"] in found.cut for row in shown):
        note("This clone is shallow, so nobody can be named for what its oldest commits hold: git fetch --unshallow")
    for row in found.broken:
        note(f"{row['commit'][:12]} has no verdict: {row['reason']}")
    standing = sum(f["stands"] for f in shown)
    note(f"{result_of(found)}: {found.commits} commits ({found.resumed} judged earlier), {len(shown)} findings,")
    note(f"{standing} stand at {found.head[:12]}, {len(secrets_of(found))} of secrets ever committed")
