"""``handrail review gates``: what gates found and tests showed, of one item."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.review.options import key_options, reviews_of
from orchestrator.cli.telling import print_json, say

if TYPE_CHECKING:
    from orchestrator.review.service import Reviews
    from orchestrator.review.view import ItemView


@click.command(help="Show what gates found on an item and what its tests printed. `review waive` lifts a finding.")
@click.argument("item")
@key_options
@repository
@as_json
def gates(item: str, key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.review.checks import Lifts, checked
    from orchestrator.review.present import changed_lines

    with reviews_of(item, repo, key, trust) as reviews:
        view = reviews.view(item)
        waivers = reviews.marks.waivers(view)
        rows = checked(view, reviews.output, Lifts(frozenset(waivers), waivers)).rows
        body = _body(reviews, view) if json_ else {}
    if json_:
        print_json("review-gates", body)
    else:
        say("\n".join(changed_lines(rows)))


def _body(reviews: Reviews, view: ItemView) -> dict[str, Any]:
    return {
        "item": view.item.id,
        "gates": [report.model_dump(mode="json") for report in view.reports],
        "tests": [
            {**run.model_dump(mode="json"), "output_text": reviews.output(run.output)} for run in view.acceptance
        ],
        "to_lift": [finding.model_dump(mode="json") for finding in view.to_lift],
        "waivers": [waiver.model_dump(mode="json") for waiver in reviews.marks.waivers(view).values()],
    }


COMMANDS: Final = (gates,)
