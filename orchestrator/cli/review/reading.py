"""``handrail review list``, ``show``, ``decisions`` and ``export``: nothing is decided here."""

from __future__ import annotations

import json
from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.review.options import key_options, reviews_of
from orchestrator.cli.telling import note, print_json, print_text, say, table


@click.command("list", help="List what waits.")
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


@click.command(help="Show one item: what is asked, the requirement, findings, tests and the difference.")
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
    from orchestrator.app.review.since import since_decision
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


@click.command(help="Print the signed decisions on an item, one a line: what `handrail gate --decisions` takes.")
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


@click.command(help="Write an item as one HTML page that needs nothing else.")
@click.argument("item")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@key_options
@repository
@as_json
def export(item: str, output: Path, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.files import write_new
    from orchestrator.app.review.page import page
    from orchestrator.models.ids import sha256

    with reviews_of(item, repo, key, trust) as reviews:
        view = reviews.view(item)
        text = page(view, reviews.marks.of(view))
    write_new(output, text.encode())
    if json_:
        print_json("review-export", {"item": item, "output": str(output), "digest": sha256(text.encode())})
    else:
        note(f"Written: {output}")


COMMANDS = (list_, show, decisions, export)
