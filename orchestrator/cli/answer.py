"""``handrail answer RUN [NAME=VALUE…]``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import digest, repository
from orchestrator.cli.telling import note


@click.command(
    help="Answer the questions at which a run waits, with your signature. Answers that are not of their types are "
    "saved nowhere."
)
@click.argument("run")
@click.argument("answers", nargs=-1, metavar="[NAME=VALUE]…")
@click.option("--file", "file", type=click.Path(path_type=Path), help="A JSON object of the answers instead.")
@click.option("--key", type=click.Path(path_type=Path), help="The signing key (default: your own).")
@click.option("--trust", help="Trust the .handrail folder with this digest (for CI).")
@repository
def command(
    run: str, answers: tuple[str, ...], file: Path | None, key: Path | None, trust: str | None, repo: Path
) -> None:
    from orchestrator.app.answering import answer
    from orchestrator.app.project import open_project

    with open_project(repo) as project:
        item = answer(project, run, answers, file, key=key, trust=digest(trust))
        note(f"{item} is answered. Try: handrail resume {run}")
