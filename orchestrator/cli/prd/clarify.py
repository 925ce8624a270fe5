"""``handrail prd clarify``."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import interactive, no_input
from orchestrator.cli.prd.rows import as_format, spec_format
from orchestrator.cli.telling import literal, note, print_json

if TYPE_CHECKING:
    from orchestrator.specs.elicit import Answer, Question


@click.command(help="Ask the at most five questions that matter, and write the answers into the spec.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--answer", "given", multiple=True, metavar="ID=TEXT", help="An answer. Repeatable.")
@click.option("--assume", is_flag=True, help="Take what is recommended for the others, and record it as assumed.")
@spec_format
@no_input
def clarify(spec: Path, given: tuple[str, ...], assume: bool, spec_format: str | None, no_input: bool) -> None:
    from orchestrator.app.specs.eliciting import questions_about, write_answers
    from orchestrator.errors import ExitCode

    asked = questions_about(spec, as_format(spec_format))
    answers = _given(asked, given, assume)
    left = [q for q in asked if q.id not in {a.question.id for a in answers}]
    if left and interactive(no_input):
        answers += [_ask(q) for q in left]
        left = []
    if answers:
        write_answers(spec, answers, datetime.now(UTC).date())
        note(f"Answers in {spec} now: {len(answers)}. Try: handrail prd check {spec}")
    if left:
        print_json("prd-questions", {"spec": str(spec), "questions": [asdict(q) for q in left]})
        note(f"Open questions: {len(left)}. Try: handrail prd clarify {spec} --answer {left[0].id}=TEXT")
        sys.exit(ExitCode.WAITING)
    if not asked:
        note("There is nothing to ask.")


def _given(asked: tuple[Question, ...], given: tuple[str, ...], assume: bool) -> list[Answer]:
    from orchestrator.errors import UsageError
    from orchestrator.specs.elicit import Answer

    known = {q.id: q for q in asked}
    found: dict[str, Answer] = {}
    for word in given:
        name, sign, text = word.partition("=")
        if name not in known or not sign or not text.strip() or "\n" in text or "\r" in text:
            raise UsageError(
                "PRD074", f"{word!r} answers no open question on one line.", "ID=TEXT, with an id as listed"
            )
        found[name] = Answer(known[name], text.strip(), assumed=False)
    if assume:
        found |= {q.id: Answer(q, q.recommended, assumed=True) for q in asked if q.id not in found}
    return list(found.values())


def _ask(question: Question) -> Answer:
    from orchestrator.specs.elicit import Answer

    note(f"\n{question.ask}\n  why: {question.why}\n  recommended: {question.recommended}")
    text: str = click.prompt(
        literal("Answer (empty takes what is recommended)"), default="", show_default=False, err=True
    )
    return Answer(question, text.strip() or question.recommended, assumed=not text.strip())
