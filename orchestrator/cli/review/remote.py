"""``handrail review`` through the git remote that the team already has."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.review.options import key_options
from orchestrator.cli.telling import note, print_json, table

if TYPE_CHECKING:
    from orchestrator.app.remotes.arriving import Brought
    from orchestrator.app.remotes.post import Asked

REMOTE = "origin"


def tell_refused(brought: Brought) -> None:
    """What lies on the remote and is not taken, by name."""
    for one in brought.refused:
        note(f"{one.ref}: {one.code} {one.message}" + (f" Try: {one.hint}" if one.hint else ""))


@click.command(
    help="Send a waiting run, or a batch's, to the remote for others to review, or your decisions on one from there."
)
@click.argument("run")
@click.option("--remote", default=REMOTE, show_default=True, help="A remote of this repository, by its name.")
@key_options
@repository
@as_json
def push(run: str, remote: str, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.batches import book
    from orchestrator.app.project import open_project
    from orchestrator.app.remotes import travel
    from orchestrator.app.remotes.post import Asked
    from orchestrator.models.ids import RunId

    asked = Asked(remote, key, digest(trust))
    if book.is_batch(run):
        _push_batch(run, asked, json_=json_)
    with open_project(repo) as project:
        sent = travel.push(project, project.index.run(RunId(run)), asked)
    if json_:
        print_json("review-push", {"run": run, "remote": remote, "sent": sent.what, "refs": list(sent.refs)})
    elif sent.what == "run":
        note(f"Sent. Reviewers type: handrail review inbox. Then: handrail resume {run}")
    else:
        note(f"Sent: {len(sent.refs)} of your decisions. Whoever advances the run types: handrail resume {run}")


def _push_batch(name: str, asked: Asked, *, json_: bool) -> NoReturn:
    """Every run that can be sent; the exit code is that of the first one that could not."""
    from orchestrator.app.batches import book
    from orchestrator.app.batches.travelling import Posted, push_all
    from orchestrator.errors import ExitCode

    posted = list[Posted]()
    for one in push_all(book.load(name), asked):
        posted.append(one)
        if not json_:
            note(f"{one.run}: {one.problem or 'sent'}")
    if json_:
        rows = [
            {"run": one.run, "refs": list(one.sent.refs) if one.sent else [], "problem": str(one.problem or "")}
            for one in posted
        ]
        print_json("review-push", {"run": name, "remote": asked.remote, "sent": "batch", "runs": rows})
    else:
        note(f"Sent: {sum(one.sent is not None for one in posted)} runs. Reviewers type: handrail review inbox")
    problems = [one.problem for one in posted if one.problem]
    sys.exit(problems[0].exit_code if problems else ExitCode.DONE)


@click.command(help="Bring the runs that wait on the remote and what was decided there; list what waits for you.")
@click.option("--remote", default=REMOTE, show_default=True, help="A remote of this repository, by its name.")
@click.option("--all", "all_", is_flag=True, help="Also what waits for others.")
@key_options
@repository
@as_json
def inbox(remote: str, all_: bool, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.remotes import arriving
    from orchestrator.app.remotes.post import Asked
    from orchestrator.app.remotes.waiting import waiting
    from orchestrator.errors import ExitCode

    asked = Asked(remote, key, digest(trust))
    with open_project(repo) as project:
        brought = arriving.inbox(project, asked)
        items = [row for row in waiting(project, asked) if all_ or row["mine"]]
    if json_:
        _print(items, brought)
    elif items:
        rows = [(i["id"], i["run"], i["kind"], i["step"] or "-", i["role"], i["title"]) for i in items]
        table(("ITEM", "RUN", "KIND", "STEP", "ROLE", "TITLE"), rows)
        note(f"Try: handrail review show {items[0]['id']}, decide, then: handrail review push {items[0]['run']}")
    else:
        note("Nothing waits for you.")
    tell_refused(brought)
    if any(not one.late for one in brought.refused):
        sys.exit(ExitCode.EVIDENCE)


def _print(items: list[dict[str, Any]], brought: Brought) -> None:
    refused = [{"ref": one.ref, "code": one.code, "message": one.message, "late": one.late} for one in brought.refused]
    body = {"runs": brought.runs, "decisions": brought.decisions, "items": items, "refused": refused}
    print_json("review-inbox", body)


COMMANDS: Final = (push, inbox)
