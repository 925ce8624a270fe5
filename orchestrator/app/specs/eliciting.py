"""New documents from templates, and questions about those that there are. No model is asked."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from orchestrator.app.files import read_file
from orchestrator.app.specs.checking import replace_file
from orchestrator.app.specs.files import gather
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.models.questions import Asked, Questions
    from orchestrator.models.spec import SpecFormat
    from orchestrator.specs.elicit import Answer, Question

Ask = Callable[["Asked", str], str]
"""Asks one question, with the words before it; an empty answer is none."""
_MOST_REPEATS = 50


def template_ids() -> tuple[str, ...]:
    """The bundled templates, sorted."""
    from orchestrator.assets.find import data_folder

    return tuple(sorted(p.parent.name for p in data_folder("prd_templates").glob("*/questions.yaml")))


def template(name: str) -> tuple[Questions, str]:
    """Questions and source of a template. Raises ``UsageError`` PRD070 for one that is not there or is broken."""
    from orchestrator.assets.find import data_folder
    from orchestrator.models.questions import Questions
    from orchestrator.models.strict_yaml import validate

    if name not in template_ids():
        raise UsageError("PRD070", f"There is no template {name!r}.", f"one of: {', '.join(template_ids())}")
    folder = data_folder("prd_templates") / name
    found, problems = validate(read_file(folder / "questions.yaml"), Questions, "questions.yaml", "PRD070")
    if found is None:
        raise UsageError("PRD070", f"The template {name} is broken.", "reinstall Handrail", [str(p) for p in problems])
    return found, read_file(folder / found.template).decode()


def open_questions(asked: Sequence[Asked], answers: Mapping[str, Any], before: str = "") -> list[dict[str, Any]]:
    """What is required and not answered, or answered in another form, as plain data."""
    left: list[dict[str, Any]] = []
    for question in asked:
        value = answers.get(question.key)
        name = f"{before}{question.key}"
        if question.each and _rows(value):
            for n, inner in enumerate(_rows(value), 1):
                left += open_questions(question.questions, inner, f"{name}.{n}.")
        elif not _fits(question, value):
            row: dict[str, Any] = {
                "id": name,
                "ask": question.ask or f"Name each {question.each}.",
                "help": question.help,
            }
            row |= {"many": question.many or bool(question.each)}
            row |= {"questions": [q.model_dump(mode="json") for q in question.questions]} if question.each else {}
            left.append(row)
    return left


def _rows(value: object) -> list[dict[str, Any]]:
    """The entries of a list; one that is no mapping answers nothing."""
    if not isinstance(value, list):
        return []
    entries = cast("list[object]", value)
    return [cast("dict[str, Any]", entry) if isinstance(entry, dict) else {} for entry in entries]


def _fits(question: Asked, value: object) -> bool:
    """An absent answer fits a question that may stay open."""
    if value in (None, "", []):
        return not question.required
    if question.each:
        return False
    if question.many:
        rows = cast("list[object]", value) if isinstance(value, list) else [None]
        return all(isinstance(row, str) and row.strip() for row in rows)
    return isinstance(value, str) and (not question.pattern or re.fullmatch(question.pattern, value) is not None)


def ask_all(asked: Sequence[Asked], answers: Mapping[str, Any], ask: Ask, before: str = "") -> dict[str, Any]:
    """The answers, with those that were missing asked for, one at a time."""
    found = dict(answers)
    for question in asked:
        if question.key in found:
            continue
        found[question.key] = _ask_one(question, ask, before)
    return found


def _ask_one(question: Asked, ask: Ask, before: str) -> object:
    if question.each:
        made: list[dict[str, Any]] = []
        while len(made) < _MOST_REPEATS:
            head = f"{question.each} {len(made) + 1}"
            first, *rest = question.questions
            name = ask(first.model_copy(update={"required": first.required and not made}), head)
            if not name:
                break
            made.append(ask_all(rest, {first.key: name}, ask, head))
        return made
    if question.many:
        rows: list[str] = []
        while len(rows) < _MOST_REPEATS and (row := ask(_again(question, rows), before)):
            rows.append(row)
        return rows
    while True:
        value = ask(question, before)
        if _fits(question, value):
            return value


def _again(question: Asked, rows: Sequence[str]) -> Asked:
    return question.model_copy(update={"required": question.required and not rows})


def write_new(name: str, answers: Mapping[str, Any]) -> bytes:
    """The document. Raises ``UsageError`` PRD071 when an answer is missing or of another form."""
    from orchestrator.render.spec_page import document

    questions, source = template(name)
    left = open_questions(questions.questions, answers)
    unknown = sorted(set(answers) - {q.key for q in questions.questions})
    if left or unknown:
        what = f"{left[0]['id']} is not answered" if left else f"nobody asked for {unknown[0]!r}"
        raise UsageError("PRD071", f"The document cannot be written: {what}.", "answer it in the file of --answers")
    filled = _filled(questions.questions, answers)
    return document(source, filled).encode()


def _filled(asked: Sequence[Asked], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Every key has a value, so that the template's strictness finds only its own mistakes."""
    made: dict[str, Any] = {}
    for question in asked:
        value = answers.get(question.key)
        if question.each:
            made[question.key] = [_filled(question.questions, one) for one in value or ()]
        else:
            made[question.key] = value or ([] if question.many else "")
    return made


def read_answers(path: Path) -> dict[str, Any]:
    """A YAML mapping. Raises ``UsageError`` PRD072 for anything else."""
    from orchestrator.models.strict_yaml import YamlProblem, parse

    try:
        data = parse(read_file(path)).data
    except YamlProblem as problem:
        text = f"{path}:{problem.line}:{problem.column} {problem.message}"
        raise UsageError("PRD072", text, "write `key: answer` lines") from problem
    if not isinstance(data, dict):
        raise UsageError("PRD072", f"{path} is no mapping of answers.", "write `key: answer` lines")
    return {str(key): value for key, value in cast("dict[object, Any]", data).items()}


def questions_about(path: Path, chosen: SpecFormat | None = None) -> tuple[Question, ...]:
    """At most five, the weightiest first. Raises as reading does."""
    from orchestrator.specs.check import check_spec
    from orchestrator.specs.elicit import questions

    files = gather(path)
    return questions(check_spec(files.data, str(files.path), chosen, files.beside))


def write_answers(path: Path, answers: Sequence[Answer], day: date) -> None:
    """Put answers into the document; its line ends become those of its first line. Raises SPEC003."""
    from orchestrator.specs.elicit import answered

    data = read_file(path)
    text = data.decode("utf-8-sig")
    end = "\r\n" if "\r\n" in text else "\n"
    made = answered(text.replace("\r\n", "\n").replace("\r", "\n"), answers, day)
    replace_file(path, made.replace("\n", end).encode())
