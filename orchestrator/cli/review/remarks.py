"""``handrail review comment`` and ``waive``: words that go with a decision."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.review.options import key_options, reviews_of
from orchestrator.cli.telling import note, print_json


@click.command(help="Remark on an item, or on a line of its new side.")
@click.argument("item")
@click.argument("text")
@click.option("--path", default="", help="A changed file.")
@click.option("--line", type=click.IntRange(0), default=0, help="A line of it, from 1.")
@key_options
@repository
@as_json
def comment(
    item: str, text: str, path: str, line: int, key: Path | None, trust: str | None, repo: Path, json_: bool
) -> None:
    with reviews_of(item, repo, key, trust) as reviews:
        remark = reviews.comment(item, text, path, line)
    if json_:
        print_json("review-comment", remark.model_dump(mode="json"))
    else:
        note("Kept; it goes to the agent with your verdict.")


@click.command(help="Say why a finding is lifted, who answers for it and until when; your approval signs it.")
@click.argument("item")
@click.argument("finding")
@click.option("--reason", required=True)
@click.option("--owner", required=True, help="Who answers for it.")
@click.option("--expires", required=True, type=click.DateTime(["%Y-%m-%d"]), help="The last day (UTC), YYYY-MM-DD.")
@key_options
@repository
@as_json
def waive(
    item: str,
    finding: str,
    reason: str,
    owner: str,
    expires: datetime,
    key: Path | None,
    trust: str | None,
    repo: Path,
    json_: bool,
) -> None:
    from datetime import UTC, timedelta

    from orchestrator.errors import UsageError
    from orchestrator.review.marks import find_findings

    with reviews_of(item, repo, key, trust) as reviews:
        view = reviews.view(item)
        found = find_findings(view, [finding])
        if len(found) != 1:
            raise UsageError("REV022", f"A waiver is of one finding, not of {len(found)}.", "name one")
        until = expires.replace(tzinfo=UTC) + timedelta(days=1)
        waiver = reviews.marks.waive(view, found[0], reason=reason, owner=owner, expires=until)
    if json_:
        print_json("waiver", waiver.model_dump(mode="json"))
    else:
        note(f"Kept. Your approval signs it: handrail review approve {item}")


COMMANDS = (comment, waive)
