"""``handrail policy``: show the signed policy."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import print_json, say


@click.group(help="Show the signed policy.")
def command() -> None: ...


@command.command(help="Show the policy in force at a commit, and the digest of its root.")
@click.option("--rev", default="HEAD", show_default=True)
@repository
@as_json
def show(rev: str, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.setup import policy_at

    with open_project(repo) as project:
        chain = policy_at(project, rev)
    policy = chain.current
    if json_:
        print_json("policy", {"root": chain.root_digest, **policy.model_dump(mode="json")})
        return
    say(f"version {policy.version}, expires {policy.expires:%Y-%m-%d}, root {chain.root_digest}")
    for name, role in sorted(policy.roles.items()):
        say(f"{name}: {role.threshold} of {', '.join(role.principals)}")
    for who in policy.principals:
        kind = "a person" if who.human else "not a person"
        say(f"{who.name}: {kind}, key {who.keyid[:16]} ({who.custody})")
