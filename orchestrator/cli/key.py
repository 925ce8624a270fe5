"""``handrail key``: make and show signing keys."""

from __future__ import annotations

import getpass
from pathlib import Path

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import print_json, say


@click.group(help="Make and show signing keys.")
def command() -> None: ...


@command.command(help="Make a key (ed25519, readable by you alone).")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="A name to write beside it (default: your user name).")
@as_json
def new(path: Path | None, name: str | None, json_: bool) -> None:
    from orchestrator.app.keys import default_path
    from orchestrator.provenance.keys import generate_key

    where = path or default_path()
    made = generate_key(where, name or getpass.getuser())
    if json_:
        print_json("key", {"path": str(where), "keyid": made.keyid, "public_key": made.public_key})
    else:
        say(f"{made.keyid}  {where}")


@command.command(help="Show the key that signs here.")
@click.argument("path", required=False, type=click.Path(path_type=Path))
@as_json
def show(path: Path | None, json_: bool) -> None:
    from orchestrator.app.keys import default_path, signer

    found = signer(path)
    if json_:
        body = {"path": str(path or default_path()), "keyid": found.keyid, "public_key": found.public_key}
        print_json("key", body)
    else:
        say(f"{found.keyid}  {path or default_path()}")
