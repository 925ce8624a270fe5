"""``handrail answer RUN [NAME=VALUE…]``, or a change that a process waits for."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import digest, repository
from orchestrator.cli.telling import note
from orchestrator.errors import UsageError


@click.command(
    help="Answer the questions at which a run waits, with your signature. Answers that are not of their types are "
    "saved nowhere."
)
@click.argument("run")
@click.argument("answers", nargs=-1, metavar="[NAME=VALUE]…")
@click.option("--file", "file", type=click.Path(path_type=Path), help="A JSON object of the answers instead.")
@click.option("--change", "revision", metavar="REVISION", help="Your commit, where the process waits for your edit.")
@click.option("--note", "words", default="", help="What to say with it.")
@click.option("--key", type=click.Path(path_type=Path), help="The signing key (default: your own).")
@click.option("--trust", help="Trust the .handrail folder with this digest (for CI).")
@repository
def command(
    run: str,
    answers: tuple[str, ...],
    file: Path | None,
    revision: str | None,
    words: str,
    key: Path | None,
    trust: str | None,
    repo: Path,
) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.answering import answer
    from orchestrator.app.runs.handing import hand_in

    if revision is not None and (answers or file):
        raise UsageError(
            "ANS003", "Answers and a change are handed in one by one.", f"handrail answer {run} --change R"
        )
    with open_project(repo) as project:
        if revision is not None:
            item = hand_in(project, run, revision, words, key=key, trust=digest(trust))
        else:
            item = answer(project, run, answers, file, key=key, trust=digest(trust))
        note(f"{item} is answered. Try: handrail resume {run}")
