"""``handrail halt``: stop, list, lift."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, say
from orchestrator.errors import UsageError


@click.command(help="Stop at once what works with an agent, a model, a key or a workflow in this repository.")
@click.option("--agent", help="NAME or NAME@VERSION.")
@click.option("--model", help="ENDPOINT/MODEL.")
@click.option("--for-key", help="Runs whose evidence this key signs: its id, or how that begins.")
@click.option("--workflow", help="Runs of this workflow.")
@click.option("--all", "all_", is_flag=True, help="Every run.")
@click.option("--lift", "order", help="Take this order back: its digest, or how that begins.")
@click.option("--list", "list_", is_flag=True, help="Print the orders that stand.")
@click.option("--key", type=click.Path(path_type=Path), help="The signing key (default: your own).")
@repository
@as_json
def command(
    agent: str | None,
    model: str | None,
    for_key: str | None,
    workflow: str | None,
    all_: bool,
    order: str | None,
    list_: bool,
    key: Path | None,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.landing import halting
    from orchestrator.app.project import open_project
    from orchestrator.models.halt import HaltScope

    named = {"agent": agent, "model": model, "key": for_key, "workflow": workflow, "all": "" if all_ else None}
    said = [(scope, value) for scope, value in named.items() if value is not None]
    if len(said) + (order is not None) + list_ != 1:
        raise UsageError("HALT003", "Say one thing to stop, or --lift, or --list.", "handrail halt --help")
    with open_project(repo) as project:
        if order is not None:
            note("Lifted." if halting.lift(project, order, key) else "Signed; the order stands until more lift it.")
        elif said:
            made = halting.halt(project, HaltScope(said[0][0]), said[0][1], key)
            note(f"Every run that this is about stops now, and none begins until: handrail halt --lift {made[7:23]}")
        _list(halting.orders(project), json_=json_)


def _list(orders: list[dict[str, str]], *, json_: bool) -> None:
    if json_:
        print_json("halt", {"orders": orders})
        return
    for row in orders:
        say(f"{row['digest']} {row['what']} by {row['by'] or 'nobody known'} {row['at']}".rstrip())
