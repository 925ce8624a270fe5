"""``handrail trust``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, say


@click.command(help="Show a repository's .handrail folder, or record that you trust it (with its digest).")
@click.argument("digest", required=False)
@click.option("--rev", default="HEAD", show_default=True)
@repository
@as_json
def command(digest: str | None, rev: str, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.setup import trust

    with open_project(repo) as project:
        actual, files, trusted = trust(project, digest, rev)
    if json_:
        print_json("trust", {"digest": actual, "files": files, "trusted": trusted})
        return
    for path in files:
        say(path)
    say(f"{actual} {'is trusted here' if trusted else 'is not trusted here'}")
    if not trusted:
        note(f"Try: git show {rev}:PATH to read it, then: handrail trust {actual}")
