"""``handrail review approve``, ``reject``, ``request-changes``, ``undo``, and drafts of what could not be signed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.review.hunks import hunk_options, mark
from orchestrator.cli.review.options import key_options, reviews_of, tell_decided
from orchestrator.cli.telling import note, print_json, table


@click.command(help="Approve an item with your signature.")
@click.argument("item")
@click.option(
    "--lift", "lifts", multiple=True, help="A finding that you lift, by the start of its fingerprint, or `all`."
)
@click.option("--reason", default="", help="A remark that is kept with the approval.")
@key_options
@repository
@as_json
def approve(item: str, lifts: tuple[str, ...], reason: str, **where: Any) -> None:  # noqa: ANN401  click's own
    _decide(item, "approve", reason, lifts, **where)


@click.command(help="Say no, to the whole item or to single hunks of it. The reason goes back to the agent.")
@click.argument("item")
@click.option("--reason", required=True)
@hunk_options
@key_options
@repository
@as_json
def reject(item: str, reason: str, hunks: tuple[str, ...], files: tuple[str, ...], **where: Any) -> None:  # noqa: ANN401  click's own
    if hunks or files:
        mark(item, "rejected", reason, hunks=hunks, files=files, **where)
    else:
        _decide(item, "reject", reason, (), **where)


@click.command("request-changes", help="Ask for another attempt. The reason and your comments go to the agent.")
@click.argument("item")
@click.option("--reason", required=True)
@key_options
@repository
@as_json
def request_changes(item: str, reason: str, **where: Any) -> None:  # noqa: ANN401  click's own
    _decide(item, "request-changes", reason, (), **where)


@click.command(help="Take your own decision back, as long as no run has gone on with it.")
@click.argument("item")
@key_options
@repository
@as_json
def undo(item: str, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.review.queue import undo as take_back

    with open_project(repo) as project:
        take_back(project, item, key=key, trust=digest(trust))
    if json_:
        print_json("review-undo", {"item": item, "taken_back": True})
    else:
        note(f"Taken back; {item} waits again.")


@click.command(help="List decisions that could not be signed or stored, or forget one.")
@click.option("--drop", "item", help="Forget the draft on this item.")
@repository
@as_json
def drafts(item: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.review import drafting

    if item is not None:
        drafting.dropped(repo, item)
    kept = drafting.listed(repo)
    if json_:
        print_json("review-drafts", {"drafts": [draft.model_dump(mode="json") for draft in kept]})
    elif kept:
        table(
            ("ITEM", "VERDICT", "AT", "REASON"), [(d.item, d.verdict, f"{d.at:%Y-%m-%d %H:%M}", d.reason) for d in kept]
        )
    else:
        note("There are no drafts.")


@click.command(help="Sign and store a decision that was kept as a draft.")
@click.argument("item")
@key_options
@repository
@as_json
def send(item: str, repo: Path, **where: Any) -> None:  # noqa: ANN401  click's own
    from orchestrator.app.review import drafting

    kept = drafting.drafts(repo).of(item)
    _decide(item, kept.verdict, kept.reason, kept.lifts, repo=repo, **where)


def _decide(
    item: str,
    verdict: str,
    reason: str,
    lifts: tuple[str, ...],
    key: Path | None,
    trust: str | None,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.review import drafting
    from orchestrator.models.decision import Verdict

    said, where = Verdict(verdict), drafting.drafts(repo)
    with (
        drafting.kept_otherwise(where, item, said, reason=reason, lifts=lifts),
        reviews_of(item, repo, key, trust) as reviews,
    ):
        decided = drafting.decide(reviews, item, said, reason=reason, lifts=lifts)
    tell_decided(decided, json_)


COMMANDS = (approve, reject, request_changes, undo, drafts, send)
