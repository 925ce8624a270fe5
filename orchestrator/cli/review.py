"""``handrail review``: the TUI, and every one of its actions as a plain command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orchestrator.cli.options import as_json, digest, interactive, repository
from orchestrator.cli.telling import note, print_json, say, table

if TYPE_CHECKING:
    from orchestrator.review.service import Reviews

F = TypeVar("F", bound=Callable[..., Any])


def _key(function: F) -> F:
    kind = click.Path(path_type=Path)
    function = click.option("--trust", help="Trust the .handrail folder with this digest (for CI).")(function)
    return click.option("--key", type=kind, help="The signing key (default: your own).")(function)


@click.group(invoke_without_command=True, help="Look at what waits for a person, and decide.")
@click.pass_context
def command(ctx: click.Context) -> None:
    if ctx.invoked_subcommand is None:
        ctx.invoke(open_)


@command.command("open", help="Open the review screens (what `handrail review` does).")
@click.argument("item", required=False)
@_key
@repository
def open_(item: str | None = None, key: Path | None = None, trust: str | None = None, repo: Path = Path()) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.errors import UsageError

    if not interactive(no_input_asked=False):
        raise UsageError("REV021", "The review screens need a terminal.", "handrail review list")
    from orchestrator.tui.app import HandrailApp

    with open_project(repo) as project:
        waiting = project.index.open_items()
        if not waiting:
            note("Nothing waits for a person.")
            return
    with _reviews(item or waiting[0].id, repo, key, trust) as reviews:
        HandrailApp(reviews, item).run()


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
@_key
@repository
@as_json
def show(item: str, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.review.present import describe, to_json

    with _reviews(item, repo, key, trust) as reviews:
        view = reviews.view(item)
    if json_:
        print_json("review-item", {"items": [to_json(view)]})
    else:
        say(describe(view))


@command.command(help="Approve an item with your signature.")
@click.argument("item")
@click.option(
    "--lift", "lifts", multiple=True, help="A finding that you lift, by the start of its fingerprint, or `all`."
)
@click.option("--reason", default="", help="A remark that is kept with the approval.")
@_key
@repository
@as_json
def approve(item: str, lifts: tuple[str, ...], reason: str, **where: Any) -> None:  # noqa: ANN401  click's own
    _decide(item, "approve", reason, lifts, **where)


@command.command(help="Say no. The reason goes back to the agent while the step has attempts left.")
@click.argument("item")
@click.option("--reason", required=True)
@_key
@repository
@as_json
def reject(item: str, reason: str, **where: Any) -> None:  # noqa: ANN401  click's own
    _decide(item, "reject", reason, (), **where)


@command.command("request-changes", help="Ask for another attempt. The reason and your comments go to the agent.")
@click.argument("item")
@click.option("--reason", required=True)
@_key
@repository
@as_json
def request_changes(item: str, reason: str, **where: Any) -> None:  # noqa: ANN401  click's own
    _decide(item, "request-changes", reason, (), **where)


@command.command(help="Remark on an item, or on a line of its new side.")
@click.argument("item")
@click.argument("text")
@click.option("--path", default="", help="A changed file.")
@click.option("--line", type=click.IntRange(0), default=0, help="A line of it, from 1.")
@_key
@repository
def comment(item: str, text: str, path: str, line: int, key: Path | None, trust: str | None, repo: Path) -> None:
    with _reviews(item, repo, key, trust) as reviews:
        reviews.comment(item, text, path, line)
    note("Kept; it goes to the agent with your verdict.")


@contextmanager
def _reviews(item: str, repo: Path, key: Path | None, trust: str | None) -> Iterator[Reviews]:
    from orchestrator.app.project import open_project
    from orchestrator.app.reviewing import open_reviews

    with open_project(repo) as project:
        run = project.index.run(project.index.item(item).run)
        with open_reviews(project, run, key=key, trust=digest(trust)) as reviews:
            yield reviews


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
    from orchestrator.models.decision import Verdict

    with _reviews(item, repo, key, trust) as reviews:
        named = _lifts(reviews, item, lifts)
        decided = reviews.decide(item, Verdict(verdict), reason=reason, lifts=named)
    if json_:
        body = {"decision": decided.decision.model_dump(mode="json"), "outcome": decided.outcome}
        print_json("decision", body)
        return
    if decided.outcome is None:
        note("Signed. More people have to decide.")
    else:
        run = decided.decision.run
        note(f"Signed: {decided.outcome}. Try: handrail resume {run}")


def _lifts(reviews: Reviews, item: str, names: tuple[str, ...]) -> list[Any]:
    from orchestrator.errors import UsageError

    findings = reviews.view(item).item.findings
    if "all" in names:
        return list(findings)
    out: list[Any] = []
    for name in names:
        hits = [f for f in findings if f.removeprefix("sha256:").startswith(name.removeprefix("sha256:"))]
        if len(hits) != 1:
            text = f"{name!r} names {len(hits)} of the findings that need a person."
            raise UsageError("REV022", text, f"handrail review show {item}")
        out.append(hits[0])
    return out
