"""Tables of requirements: which column says what, by the words in its head.

Paths and commands count where a cell holds nothing else, as after a label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.models.spec import Criterion, Declared
from orchestrator.specs.body import Body, one_line
from orchestrator.specs.draft import Draft
from orchestrator.specs.kinds import priority_of
from orchestrator.specs.labels import commands_in, names_in, paths_in
from orchestrator.specs.markdown import Block

_ID = re.compile(r"[A-Za-z]{1,8}(?:[-_.][A-Za-z]{1,8}){0,2}[-_. ]?[0-9]{1,6}(?:\.[0-9]{1,4}){0,3}[a-z]?")
_NAMES = {
    "id": frozenset({"id", "#", "no", "no.", "nr", "ref", "req id", "requirement id", "req", "key", "number"}),
    "statement": frozenset(
        {"requirement", "description", "statement", "user story", "story", "what", "need", "requirements"}
        | {"functional requirement", "requirement description", "details", "capability", "the system must"}
    ),
    "title": frozenset({"title", "name", "feature", "summary", "area", "topic"}),
    "priority": frozenset({"priority", "prio", "moscow", "importance", "p"}),
    "accept": frozenset({"acceptance", "acceptance criteria", "acceptance criterion", "criteria", "done when"}),
    "where": frozenset({"where", "files", "file", "affected files", "files to change", "touches"}),
    "verify": frozenset({"verify by", "verified by", "verification", "test", "tests", "test command"}),
    "depends": frozenset({"depends on", "depends", "dependencies", "blocked by"}),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """The index of each column, -1 where there is none."""

    id: int
    statement: int
    title: int
    priority: int
    accept: int
    where: int
    verify: int
    depends: int


def read_table(head: Block) -> Columns | None:
    """``None`` for a table whose head names no requirements."""
    names = [one_line(text).strip("*:").casefold() for _, text in head.cells]
    at = {kind: next((i for i, n in enumerate(names) if n in words), -1) for kind, words in _NAMES.items()}
    if at["statement"] < 0 and at["title"] >= 0 and (at["priority"] >= 0 or at["accept"] >= 0):
        at["statement"], at["title"] = at["title"], -1
    return Columns(**at) if at["statement"] >= 0 else None


def read_row(row: Block, columns: Columns) -> Draft | None:
    """One requirement, or ``None`` when its statement is empty."""
    cells = [one_line(text) for _, text in row.cells]

    def cell(index: int) -> str:
        return cells[index] if 0 <= index < len(cells) else ""

    statement = cell(columns.statement)
    if not statement:
        return None
    body = Body()
    accept = cell(columns.accept)
    if accept:
        body.acceptance.append(Criterion(text=accept, span=row.span))
        body.ordinals.append(None)
    body.where += _declared(paths_in(cell(columns.where)), row)
    body.verify_by += _declared((*commands_in(accept), *commands_in(cell(columns.verify))), row)
    body.depends += _declared(names_in(cell(columns.depends)), row)
    key = cell(columns.id).strip("`*[]")
    draft = Draft(key if _ID.fullmatch(key) else "", cell(columns.title), statement, body, row.span)
    draft.key = draft.key.replace(" ", "-")
    draft.priority = priority_of(cell(columns.priority))
    return draft


def _declared(values: Iterable[str], row: Block) -> list[Declared]:
    return [Declared(value=value, span=row.span) for value in values]
