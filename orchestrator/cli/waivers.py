"""``handrail waivers``: what persons let pass in this repository, and which of it is over."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, say
from orchestrator.errors import ExitCode

if TYPE_CHECKING:
    from datetime import datetime

    from orchestrator.app.gates.waivers import Lift


@click.command(help="List findings that a person lifted: why, who answers, until when. Exit 4 when one is overdue.")
@click.option("--at", "rev", default="HEAD", show_default=True, help="Where to look whether they still stand.")
@repository
@as_json
def command(rev: str, repo: Path, json_: bool) -> None:
    from orchestrator.app.gates.ahead import Found
    from orchestrator.app.gates.scanners import gate_worker
    from orchestrator.app.gates.waivers import ledger
    from orchestrator.app.project import open_project
    from orchestrator.app.trees import open_trees

    found = Found(repo)
    with gate_worker(found, keep=True) as worker, open_project(found()) as project, open_trees(project) as trees:
        lifts = ledger(project, trees, trees.tree_of(trees.resolve(rev)), worker)
        now = project.clock.now()
    if json_:
        print_json("waivers", {"waivers": [_row(lift, now) for lift in lifts]})
    else:
        for lift in lifts:
            _tell(lift, now)
    overdue = sum(lift.overdue(now) for lift in lifts)
    note(f"{len(lifts)} findings were lifted, {overdue} of them are overdue")
    sys.exit(ExitCode.WAITING if overdue else ExitCode.DONE)


def _state(lift: Lift, now: datetime) -> str:
    if not lift.place and lift.looked:
        return "gone"
    return "overdue" if lift.ended(now) else "in force"


def _row(lift: Lift, now: datetime) -> dict[str, object]:
    return {
        "finding": lift.finding,
        "gate": lift.gate,
        "rule": lift.rule,
        "message": lift.message,
        "path": lift.place or lift.path,
        "line": lift.line,
        "reason": lift.reason,
        "owner": lift.owner,
        "approver": lift.approver,
        "lifted_at": lift.lifted_at.isoformat(),
        "expires": lift.expires.isoformat() if lift.expires else None,
        "run": lift.run,
        "item": lift.item,
        "state": _state(lift, now),
    }


def _tell(lift: Lift, now: datetime) -> None:
    from orchestrator.gates.changes.differential import visible

    until = f"until {lift.expires:%Y-%m-%d}" if lift.expires else "without an end"
    where = f"{visible(lift.place or lift.path)}:{lift.line}:1"
    why = visible(lift.reason) or "no reason was given"
    people = f"owner {visible(lift.owner)}, approved by {visible(lift.approver)}"
    say(f"{where} {lift.rule} {_state(lift, now)}, {until}: {why} ({people})")
