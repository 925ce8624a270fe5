"""``handrail review narrow``: take grants away from a step before its plan is approved."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.review.options import key_options, reviews_of, tell_decided
from orchestrator.cli.telling import note

F = TypeVar("F", bound=Callable[..., Any])

_GRANTS = ("write", "read", "egress", "models", "secrets")
_OPTIONS = (
    click.option("--step", required=True, help="The step, such as S01."),
    click.option("--write", multiple=True, help="A path that it may still write. Repeatable."),
    click.option("--read", multiple=True, help="A path that it may still read. Repeatable."),
    click.option("--egress", multiple=True, help="A host that it may still reach. Repeatable."),
    click.option("--model", "models", multiple=True, help="A model that it may still ask. Repeatable."),
    click.option("--secret", "secrets", multiple=True, help="A secret that it may still use. Repeatable."),
    click.option(
        "--no", "none", multiple=True, type=click.Choice(_GRANTS[2:]), help="Take all of a grant. Repeatable."
    ),
    click.option("--limit", "limits", multiple=True, help="A lower ceiling, such as tokens=100000. Repeatable."),
    click.option("--attempts", type=click.IntRange(1), help="Fewer attempts."),
    click.option("--seconds", type=click.IntRange(1), help="Less time over all attempts."),
)


def _options(function: F) -> F:
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


@click.command(
    help="Take grants away from a step of a plan; nothing can be added. The narrower plan waits as a new item."
)
@click.argument("item")
@_options
@click.option("--reason", default="", help="Words beside it.")
@key_options
@repository
@as_json
def narrow(item: str, reason: str, key: Path | None, trust: str | None, repo: Path, json_: bool, **said: Any) -> None:  # noqa: ANN401  click's own
    from orchestrator.app.runs.choosing import read_limits
    from orchestrator.models.ids import StepId
    from orchestrator.policy.narrowing import Narrowing

    kept = {name: tuple(said[name]) for name in _GRANTS if said[name]} | dict.fromkeys(said["none"], ())
    what = Narrowing(
        step=StepId(said["step"]),
        limits=read_limits(said["limits"]),
        attempts=said["attempts"],
        budget_seconds=said["seconds"],
        **kept,
    )
    with reviews_of(item, repo, key, trust) as reviews:
        decided = reviews.narrow(item, what, reason)
    tell_decided(decided, json_)
    if not json_:
        note("The narrower plan is then shown as a new item, and nothing runs before somebody approves it.")


COMMANDS: Final = (narrow,)
