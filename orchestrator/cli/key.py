"""``handrail key``: make, show, rotate and revoke signing keys."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, say

if TYPE_CHECKING:
    from orchestrator.app.trust.policies import Amended

_PATH = click.Path(path_type=Path)


@click.group(help="Make, show, rotate and revoke signing keys.")
def command() -> None: ...


@command.command(help="Make a key (ed25519, readable by you alone).")
@click.argument("path", required=False, type=_PATH)
@click.option("--name", help="A name to write beside it (default: your user name).")
@as_json
def init(path: Path | None, name: str | None, json_: bool) -> None:
    _make(path, name, json_=json_)


@command.command(help="The same as init.")
@click.argument("path", required=False, type=_PATH)
@click.option("--name", help="A name to write beside it (default: your user name).")
@as_json
def new(path: Path | None, name: str | None, json_: bool) -> None:
    _make(path, name, json_=json_)


def _make(path: Path | None, name: str | None, *, json_: bool) -> None:
    from orchestrator.app.trust.keys import default_path
    from orchestrator.provenance.signing.keys import generate_key

    where = path or default_path()
    made = generate_key(where, name or getpass.getuser())
    if json_:
        print_json("key", {"path": str(where), "keyid": made.keyid, "public_key": made.public_key})
    else:
        say(f"{made.keyid}  {where}")


@command.command(help="Show the key that signs here; with --ssh as a line for OpenSSH.")
@click.argument("path", required=False, type=_PATH)
@click.option("--ssh", is_flag=True, help="As an OpenSSH public key, for allowed_signers or a forge.")
@as_json
def show(path: Path | None, ssh: bool, json_: bool) -> None:
    from orchestrator.app.trust.keys import default_path, signer
    from orchestrator.provenance.signing import sshkey

    found = signer(path)
    if json_:
        body = {"path": str(path or default_path()), "keyid": found.keyid, "public_key": found.public_key}
        print_json("key", {**body, "ssh": sshkey.line_of(found.public_key)})
    else:
        say(sshkey.line_of(found.public_key) if ssh else f"{found.keyid}  {path or default_path()}")


@command.command("list", help="List the keys of the policy, of your files and of ssh-agent.")
@repository
@as_json
def list_(repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.keyring import listed
    from orchestrator.errors import RepositoryError

    try:
        with open_project(repo) as project:
            found = listed(project)
    except RepositoryError:
        found = listed(None)
    if json_:
        names = ("keyid", "public_key", "name", "roles", "custody", "human", "where")
        rows = [{n: getattr(k, n) for n in names} for k in found]
        gone = [k.revoked.isoformat() if k.revoked else None for k in found]
        print_json("keys", {"keys": [{**row, "revoked": g} for row, g in zip(rows, gone, strict=True)]})
        return
    for k in found:
        roles = f"{', '.join(k.roles)} ({k.custody})" if k.roles else "no role"
        state = f"revoked since {k.revoked:%Y-%m-%d}" if k.revoked else roles
        say(f"{k.keyid[:16]}  {k.name or '-'}  {state}  {'; '.join(k.where) or 'not here'}")


@command.command(help="Give somebody in the policy another key (a .pub file); the old one ends now.")
@click.argument("name")
@click.argument("public", type=_PATH)
@click.option("--key", type=_PATH, help="A root key (default: your own).")
@click.option("-o", "output", type=_PATH, default=Path("policy-next.json"), show_default=True, help="The draft.")
@click.option("--commit", is_flag=True, help="Commit the policy version when it is complete.")
@repository
@as_json
def rotate(name: str, public: Path, key: Path | None, output: Path, commit: bool, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.keyring import rotate as rotate_key

    with open_project(repo) as project:
        _tell(rotate_key(project, name, public, key=key, output=output, commit=commit), json_=json_)


@command.command(help="Take a key out of every role, and believe nothing that it states from a time on.")
@click.argument("who", metavar="NAME|KEYID")
@click.option("--since", help="ISO 8601 time in UTC from which it is not believed (default: now).")
@click.option("--reason", default="", help="A word for those who read the policy.")
@click.option("--key", type=_PATH, help="A root key (default: your own).")
@click.option("-o", "output", type=_PATH, default=Path("policy-next.json"), show_default=True, help="The draft.")
@click.option("--commit", is_flag=True, help="Commit the policy version when it is complete.")
@repository
@as_json
def revoke(
    who: str,
    since: str | None,
    reason: str,
    key: Path | None,
    output: Path,
    commit: bool,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.keyring import revoke as revoke_key

    when = _time(since)
    with open_project(repo) as project:
        _tell(revoke_key(project, who, when, reason, key=key, output=output, commit=commit), json_=json_)


def _time(text: str | None) -> datetime:
    from orchestrator.errors import UsageError

    try:
        found = datetime.fromisoformat(text) if text else datetime.now(UTC)
    except ValueError:
        raise UsageError("CFG019", f"{text!r} is no time.", "write 2026-11-22T12:00:00Z") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _tell(done: Amended, *, json_: bool) -> None:
    if json_:
        body = {"version": done.version, "missing": done.missing, "written": done.written, "committed": done.committed}
        print_json("policy-change", body)
        return
    say(f"{done.written}: policy version {done.version}")
    if done.missing:
        note(f"Try: have {done.missing} more sign it: handrail policy sign {done.written}")
    elif not done.committed:
        note("Try: git add .handrail && git commit, then handrail trust")
