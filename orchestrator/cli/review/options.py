"""What the commands of ``handrail review`` share: whose key, which item, and how a decision is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from orchestrator.cli.options import digest
from orchestrator.cli.telling import note, print_json

if TYPE_CHECKING:
    from orchestrator.review.service import Reviews
    from orchestrator.review.view import Decided

F = TypeVar("F", bound=Callable[..., Any])


def key_options(function: F) -> F:
    """``--key`` and ``--trust``."""
    kind = click.Path(path_type=Path)
    function = click.option("--trust", help="Trust the .handrail folder with this digest (for CI).")(function)
    return click.option("--key", type=kind, help="The signing key (default: your own).")(function)


@contextmanager
def reviews_of(item: str, repo: Path, key: Path | None, trust: str | None) -> Iterator[Reviews]:
    """The queue of the item's run, as the person with this key sees it."""
    from orchestrator.app.project import open_project
    from orchestrator.app.review.queue import open_reviews

    with open_project(repo) as project:
        run = project.index.run(project.index.item(item).run)
        with open_reviews(project, run, key=key, trust=digest(trust)) as reviews:
            yield reviews


def tell_decided(decided: Decided, json_: bool) -> None:
    """A decision that is stored, and what follows."""
    if json_:
        body = {"decision": decided.decision.model_dump(mode="json"), "outcome": decided.outcome}
        print_json("decision", body)
    elif decided.outcome is None:
        note("Signed. More people have to decide.")
    else:
        note(f"Signed: {decided.outcome}. Try: handrail resume {decided.decision.run}")
