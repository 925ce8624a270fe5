"""``handrail review``: the TUI, and what waits, its verdicts and remarks as plain commands."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from orchestrator.cli import review_assist, review_drill, review_gates, review_hunks, review_narrow, review_remote
from orchestrator.cli.options import as_json, digest, interactive, repository
from orchestrator.cli.reviewing import key_options, reviews_of, tell_decided
from orchestrator.cli.telling import note, print_json, print_text, say, table


@click.group(invoke_without_command=True, help="Look at what waits for a person, and decide.")
@click.pass_context
def command(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        ctx.invoke(open_)


@command.command("open", help="Open the review screens (what `handrail review` does).")
@click.argument("item", required=False)
@key_options
@repository
def open_(item: str | None = None, key: Path | None = None, trust: str | None = None, repo: Path = Path()) -> None:
    from orchestrator.app.desk import Desk
    from orchestrator.app.project import open_project
    from orchestrator.app.reviewing import open_reviews
    from orchestrator.errors import UsageError

    if not interactive(no_input_asked=False):
        raise UsageError("REV021", "The review screens need a terminal.", "handrail review list")
    from orchestrator.tui.app import HandrailApp

    with open_project(repo) as project:
        waiting = project.index.open_items()
        if not waiting:
            note("Nothing waits for a person.")
            return
        found = project.index.run(project.index.item(item or waiting[0].id).run)
        with open_reviews(project, found, key=key, trust=digest(trust)) as reviews:
            HandrailApp(reviews, item, desk=Desk(project)).run()


@command.command("list", help="List what waits.")
@repository
@as_json
def list_(repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        items = project.index.open_item_rows()
    if json_:
        print_json("review-list", {"items": items})
    elif items:
        rows = [(i["id"], i["run"], i["kind"], i["step"] or "-", i["role"], i["title"]) for i in items]
        table(("ITEM", "RUN", "KIND", "STEP", "ROLE", "TITLE"), rows)
    else:
        note("Nothing waits for a person.")


@command.command(help="Show one item: what is asked, the requirement, findings, tests and the difference.")
@click.argument("item")
@click.option("--since-decision", "since", is_flag=True, help="Only what is different since somebody decided on it.")
@key_options
@repository
@as_json
def show(item: str, since: bool, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.review.present import describe, to_json

    if since:
        _show_since(item, repo, key, trust, json_=json_)
        return
    with reviews_of(item, repo, key, trust) as reviews:
        view = reviews.view(item)
        marks = reviews.marks.of(view)
    if json_:
        print_json("review-item", {"items": to_json(view, marks)["items"]})
    else:
        say(describe(view, marks=marks))


def _show_since(item: str, repo: Path, key: Path | None, trust: str | None, *, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.since import since_decision
    from orchestrator.review.present import changed_lines

    with open_project(repo) as project, reviews_of(item, repo, key, trust) as reviews:
        found = since_decision(project, reviews, item)
    said = [{"reviewer": s.decision.reviewer, "verdict": s.decision.verdict} for s in found.then.decisions]
    if json_:
        text = found.text.decode("utf-8", "backslashreplace")
        body = {"item": item, "since": found.then.item.id, "decisions": said, "tip_moved": found.tip_moved}
        print_json("review-since", {**body, "diff": text})
        return
    told = ", ".join(f"{s['reviewer']} said {s['verdict']}" for s in said)
    moved = " The line has moved since." if found.tip_moved else ""
    lines = changed_lines(found.rows) or ["Nothing that was shown is different."]
    say("\n".join([f"Since {found.then.item.id}, on which {told}.{moved}", *lines]))


@command.command(help="Approve an item with your signature.")
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


@command.command(help="Say no, to the whole item or to single hunks of it. The reason goes back to the agent.")
@click.argument("item")
@click.option("--reason", required=True)
@review_hunks.hunk_options
@key_options
@repository
@as_json
def reject(item: str, reason: str, hunks: tuple[str, ...], files: tuple[str, ...], **where: Any) -> None:  # noqa: ANN401  click's own
    if hunks or files:
        review_hunks.mark(item, "rejected", reason, hunks=hunks, files=files, **where)
    else:
        _decide(item, "reject", reason, (), **where)


@command.command("request-changes", help="Ask for another attempt. The reason and your comments go to the agent.")
@click.argument("item")
@click.option("--reason", required=True)
@key_options
@repository
@as_json
def request_changes(item: str, reason: str, **where: Any) -> None:  # noqa: ANN401  click's own
    _decide(item, "request-changes", reason, (), **where)


@command.command(help="Remark on an item, or on a line of its new side.")
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


@command.command(help="Say why a finding is lifted, who answers for it and until when; your approval signs it.")
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


@command.command(help="Take your own decision back, as long as no run has gone on with it.")
@click.argument("item")
@key_options
@repository
@as_json
def undo(item: str, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.reviewing import undo as take_back

    with open_project(repo) as project:
        take_back(project, item, key=key, trust=digest(trust))
    if json_:
        print_json("review-undo", {"item": item, "taken_back": True})
    else:
        note(f"Taken back; {item} waits again.")


@command.command(help="Print the signed decisions on an item, one a line: what `handrail gate --decisions` takes.")
@click.argument("item")
@repository
@as_json
def decisions(item: str, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        found = project.index.decisions(project.index.item(item).id)
    if json_:
        print_json("review-decisions", {"item": item, "decisions": [json.loads(line) for line in found]})
    else:
        print_text(b"".join(found).decode())
    note(f"{len(found)} decisions on {item}")


@command.command(help="Write an item as one HTML page that needs nothing else.")
@click.argument("item")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@key_options
@repository
@as_json
def export(item: str, output: Path, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.files import write_new
    from orchestrator.app.review_page import page
    from orchestrator.models.ids import sha256

    with reviews_of(item, repo, key, trust) as reviews:
        view = reviews.view(item)
        text = page(view, reviews.marks.of(view))
    write_new(output, text.encode())
    if json_:
        print_json("review-export", {"item": item, "output": str(output), "digest": sha256(text.encode())})
    else:
        note(f"Written: {output}")


@command.command(help="List decisions that could not be signed or stored, or forget one.")
@click.option("--drop", "item", help="Forget the draft on this item.")
@repository
@as_json
def drafts(item: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app import drafting

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


@command.command(help="Sign and store a decision that was kept as a draft.")
@click.argument("item")
@key_options
@repository
@as_json
def send(item: str, repo: Path, **where: Any) -> None:  # noqa: ANN401  click's own
    from orchestrator.app import drafting

    kept = drafting.drafts(repo).of(item)
    _decide(item, kept.verdict, kept.reason, kept.lifts, repo=repo, **where)


_MORE = (review_assist, review_drill, review_gates, review_hunks, review_narrow, review_remote)
for _more in (found for module in _MORE for found in module.COMMANDS):
    command.add_command(_more)


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
    from orchestrator.app import drafting
    from orchestrator.models.decision import Verdict

    said, where = Verdict(verdict), drafting.drafts(repo)
    with (
        drafting.kept_otherwise(where, item, said, reason=reason, lifts=lifts),
        reviews_of(item, repo, key, trust) as reviews,
    ):
        decided = drafting.decide(reviews, item, said, reason=reason, lifts=lifts)
    tell_decided(decided, json_)
