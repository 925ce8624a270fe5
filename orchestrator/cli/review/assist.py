"""``handrail review assist``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.review.options import key_options
from orchestrator.cli.telling import note, print_json, say


@click.command(
    "assist", help="Have a model point out what to look at with care. It decides nothing, and nothing of it is kept."
)
@click.argument("item")
@click.option("--model", default="", help="ENDPOINT/MODEL (default: the role reviewer-assistant).")
@key_options
@repository
@as_json
def assist(item: str, model: str, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.review.assisting import assist as ask
    from orchestrator.cli.review.options import reviews_of
    from orchestrator.render.data import line

    with open_project(repo) as project, reviews_of(item, repo, key, trust) as reviews:
        found = ask(project, reviews.view(item), model)
    if json_:
        print_json(
            "review-assist", {"item": item, "model": found.model, "places": [p.model_dump() for p in found.places]}
        )
        return
    note(f"{line(found.model)} points out {len(found.places)} places. It decides nothing: read the change yourself.")
    for place in found.places:
        at = f"{line(place.path)}:{place.line}" if place.line else line(place.path)
        say(f"{at or 'the whole'}: {line(place.text, 600)}")


COMMANDS = (assist,)
