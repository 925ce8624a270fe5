"""A small edit of a real file: a known defect, or a harmless twin that looks as much like one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

APART_LINES = 14
"""At least so many lines lie between two edits of a file: each is a hunk of its own."""


class DefectKind(StrEnum):
    """What is wrong. ``HARMLESS`` is nothing: who refuses it was wrong."""

    SECURITY = "security"
    LOGIC = "logic"
    TEST = "test"
    HARMLESS = "harmless"


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines ``first`` to ``last`` of a file (from 1, both included) become ``new``; ``what`` was done, in words."""

    first: int
    last: int
    new: tuple[str, ...]
    kind: DefectKind
    what: str


def applied(text: str, edits: Sequence[Edit]) -> str:
    """The text with all edits, which do not overlap."""
    lines = text.split("\n")
    for edit in sorted(edits, key=lambda e: -e.first):
        lines[edit.first - 1 : edit.last] = edit.new
    return "\n".join(lines)


def far(edit: Edit, taken: Sequence[Edit]) -> bool:
    """Whether an edit is far enough from all others of its file."""
    return all(edit.first > t.last + APART_LINES or t.first > edit.last + APART_LINES for t in taken)
