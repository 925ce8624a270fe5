"""``handrail gc``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import print_json, say


@click.command(help="Erase stored texts for good. Their evidence still verifies, and says `text withheld`.")
@click.option("--erase", multiple=True, help="A text, by the digest that its statement carries (sha256:…).")
@click.option("--erase-run", multiple=True, metavar="RUN", help="Every text that the statements of a run name.")
@repository
@as_json
def command(erase: tuple[str, ...], erase_run: tuple[str, ...], repo: Path, json_: bool) -> None:
    from orchestrator.app.evidence.carrying import erase as erase_texts
    from orchestrator.app.evidence.carrying import texts_of_run
    from orchestrator.app.project import open_project
    from orchestrator.errors import UsageError

    if not erase and not erase_run:
        raise UsageError("CLI004", "Nothing is named to erase.", "handrail gc --erase sha256:…, or --erase-run RUN")
    wanted = [d for text in erase if (d := digest(text)) is not None]
    with open_project(repo) as project:
        wanted += [d for run in erase_run for d in texts_of_run(project, run)]
        count = erase_texts(project, list(dict.fromkeys(wanted)))
    if json_:
        print_json("gc", {"erased": count})
    else:
        say(f"{count} texts erased")
