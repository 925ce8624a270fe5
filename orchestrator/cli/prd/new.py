"""``handrail prd new``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import interactive, no_input
from orchestrator.cli.telling import literal, note, print_json

if TYPE_CHECKING:
    from orchestrator.models.questions import Asked


@click.command(help="Write a new spec from a template. Exit 4 with the open questions where nobody can be asked.")
@click.option("--template", "name", default="feature", show_default=True, help="Which one; an unknown name lists them.")
@click.option("--answers", type=click.Path(path_type=Path), help="A YAML file with answers by their keys.")
@click.option("-o", "output", type=click.Path(path_type=Path), default=Path("prd.md"), show_default=True)
@no_input
def new(name: str, answers: Path | None, output: Path, no_input: bool) -> None:
    from orchestrator.app.specs.checking import replace_file
    from orchestrator.app.specs.eliciting import ask_all, open_questions, read_answers, template, write_new
    from orchestrator.errors import ExitCode, UsageError

    questions, _ = template(name)
    given = read_answers(answers) if answers else {}
    if output.exists():
        raise UsageError("PRD073", f"{output} is there already.", "choose another name with -o")
    if interactive(no_input):
        given = ask_all(questions.questions, given, _ask)
    elif left := open_questions(questions.questions, given):
        print_json("prd-questions", {"template": name, "questions": left})
        note(f"Open questions: {len(left)}. Try: handrail prd new --template {name} --answers FILE")
        sys.exit(ExitCode.WAITING)
    replace_file(output, write_new(name, given))
    note(f"Saved {output}. Try: handrail prd check {output}")


def _ask(question: Asked, before: str) -> str:
    head = f"[{before}] " if before else ""
    if question.help:
        note(question.help)
    while True:
        answer: str = click.prompt(literal(f"{head}{question.ask}"), default="", show_default=False, err=True)
        if answer.strip() or not question.required:
            return answer.strip()
