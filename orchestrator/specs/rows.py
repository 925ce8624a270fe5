"""Tables of requirements: which column says what, by the words in its head."""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.models.spec import Criterion
from orchestrator.specs.body import Body, one_line
from orchestrator.specs.draft import Draft
from orchestrator.specs.kinds import priority_of
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
}


@dataclass(frozen=True, slots=True)
class Columns:
    """The index of each column, -1 where there is none."""

    id: int
    statement: int
    title: int
    priority: int
    accept: int


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
    if cell(columns.accept):
        body.acceptance.append(Criterion(text=cell(columns.accept), span=row.span))
        body.ordinals.append(None)
    key = cell(columns.id).strip("`*[]")
    draft = Draft(key if _ID.fullmatch(key) else "", cell(columns.title), statement, body, row.span)
    draft.key = draft.key.replace(" ", "-")
    draft.priority = priority_of(cell(columns.priority))
    return draft
