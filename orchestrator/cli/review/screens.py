"""``handrail review open``: the review screens."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import digest, interactive, repository
from orchestrator.cli.review.options import key_options
from orchestrator.cli.telling import note


@click.command("open", help="Open the review screens (what `handrail review` does).")
@click.argument("item", required=False)
@key_options
@repository
def open_(item: str | None = None, key: Path | None = None, trust: str | None = None, repo: Path = Path()) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.review.desk import Desk
    from orchestrator.app.review.queue import open_reviews
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
