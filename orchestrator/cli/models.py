"""``handrail models``: what the user's models file says, and whether its keys could be read."""

from __future__ import annotations

import sys

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import note, print_json, say, table
from orchestrator.errors import ExitCode


@click.group(help="Show and check your model endpoints.")
def command() -> None: ...


@command.command(name="list", help="List endpoints and their models, and which model each role asks.")
@as_json
def list_(json_: bool) -> None:
    from orchestrator.app.models.connections import load_connections, models_path, roles

    found = load_connections()
    if json_:
        endpoints = [e.model_dump(mode="json") for e in found.endpoints]
        print_json("models", {"path": str(models_path()), "endpoints": endpoints, "roles": dict(roles(found))})
        return
    if not found.endpoints:
        note(f"No endpoint is configured. Try: write {models_path()}, see docs/reference/models-file.md")
        return
    rows = [
        (f"{e.name}/{model}", e.protocol, e.base_url, e.credential.kind, _price(e.prices.get(model)), _where(e.local))
        for e in found.endpoints
        for model in e.models
    ]
    table(("MODEL", "PROTOCOL", "BASE URL", "KEY", "USD PER MILLION IN/OUT", "WHERE"), rows)
    for role, model in roles(found):
        say(f"{role}: {model or 'no model'}")


@command.command(help="Read the file strictly and say of each key whether it could be read; no key is read.")
@as_json
def check(json_: bool) -> None:
    from orchestrator.app.models.connections import check_sources, load_connections

    found = check_sources(load_connections())
    if json_:
        print_json("models-check", {"sources": [{n: getattr(c, n) for n in c.__slots__} for c in found]})
    else:
        for source in found:
            say(f"{'ok     ' if source.ok else 'MISSING'} {source.who}: {source.source}: {source.words}")
    sys.exit(ExitCode.DONE if all(source.ok for source in found) else ExitCode.USAGE)


def _price(price: object) -> str:
    from orchestrator.models.endpoint import Price

    return f"{price.input_usd:g} / {price.output_usd:g}" if isinstance(price, Price) else "unknown"


def _where(local: bool) -> str:
    return "yours" if local else "outside"
