"""``handrail review`` on single hunks: accept, look at, take back, take the accepted ones, edit a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from orchestrator.cli.options import as_json, interactive, repository
from orchestrator.cli.review.options import key_options, reviews_of, tell_decided
from orchestrator.cli.telling import note, print_json

F = TypeVar("F", bound=Callable[..., Any])


def hunk_options(function: F) -> F:
    """``--hunk`` and ``--file``, each as often as wanted."""
    function = click.option("--file", "files", multiple=True, help="All hunks of a changed file. Repeatable.")(function)
    text = "A hunk, by the start of its id. Repeatable."
    return click.option("--hunk", "hunks", multiple=True, help=text)(function)


def mark(
    item: str,
    state: str,
    reason: str,
    *,
    hunks: Sequence[str],
    files: Sequence[str],
    key: Path | None,
    trust: str | None,
    repo: Path,
    json_: bool,
    all_: bool = False,
) -> None:
    """Mark hunks, or clear their marks (``state`` ''). Raises ``UsageError`` (REV042) when none is named."""
    from orchestrator.errors import UsageError
    from orchestrator.models.review import MarkState
    from orchestrator.review.marks import find_hunks

    if not (hunks or files or all_):
        raise UsageError("REV042", "No hunk is named.", "give --hunk ID, --file PATH or --all")
    with reviews_of(item, repo, key, trust) as reviews:
        view = reviews.view(item)
        found = view.hunks if all_ else find_hunks(view, hunks, files)
        if state:
            reviews.marks.put(view, found, MarkState(state), reason)
        else:
            reviews.marks.drop(view, found)
        marks = reviews.marks.of(view)
    if json_:
        print_json("marks", {"item": item, "marks": [m.model_dump(mode="json") for m in marks.values()]})
    else:
        left = len(view.hunks) - len(marks)
        note(
            f"{len(found)} hunks {state or 'cleared'}; {left} of {len(view.hunks)} have no mark. Nothing is signed yet."
        )


def _marking(function: F) -> F:
    """What every command that marks hunks is given."""
    every = click.option("--all", "all_", is_flag=True, help="Every hunk of the item.")
    return click.argument("item")(hunk_options(every(key_options(repository(as_json(function))))))


@click.command(help="Accept single hunks. This signs nothing: approve the whole, or take the accepted ones.")
@_marking
def accept(item: str, **where: Any) -> None:  # noqa: ANN401  click's own
    mark(item, "accepted", "", **where)


@click.command(help="Note that you have looked at hunks.")
@_marking
def viewed(item: str, **where: Any) -> None:  # noqa: ANN401  click's own
    mark(item, "viewed", "", **where)


@click.command(help="Take marks on hunks away.")
@_marking
def clear(item: str, **where: Any) -> None:  # noqa: ANN401  click's own
    mark(item, "", "", **where)


@click.command(help="Make the change of the accepted hunks alone. Gates and tests run on it before it can be approved.")
@click.argument("item")
@click.option("--reason", default="", help="Words beside it.")
@key_options
@repository
@as_json
def take(item: str, reason: str, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    with reviews_of(item, repo, key, trust) as reviews:
        decided = reviews.take_accepted(item, reason)
    tell_decided(decided, json_)


@click.command(help="Edit a changed file on a copy. It becomes a change of yours, which somebody else must approve.")
@click.argument("item")
@click.argument("path")
@click.option(
    "--from", "source", type=click.Path(path_type=Path), help="The edited file (default: open it in your editor)."
)
@click.option("--reason", default="", help="Words beside it.")
@key_options
@repository
@as_json
def edit(
    item: str,
    path: str,
    source: Path | None,
    reason: str,
    key: Path | None,
    trust: str | None,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.files import edit_copy, read_file
    from orchestrator.errors import UsageError

    if source is None and not interactive(no_input_asked=False):
        raise UsageError("REV021", "An editor needs a terminal.", "give the edited file with --from")
    with reviews_of(item, repo, key, trust) as reviews:
        data = read_file(source) if source else edit_copy(path, reviews.file(item, path))
        decided = reviews.edit(item, path, data, reason)
    tell_decided(decided, json_)


COMMANDS: Final = (accept, viewed, clear, take, edit)
