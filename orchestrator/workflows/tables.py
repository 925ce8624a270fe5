"""Tables whose rows are steps: ``Step | Who | Action | Deadline``. Every other table is not read, and is reported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from orchestrator.workflows import instruct, words

_NUMBER: Final = frozenset(["#", "no", "nr", "number", "step", "step no", "step number", "order"])
_WHO: Final = frozenset([
    "who", "role", "owner", "responsible", "responsible role", "actor", "by", "done by", "performed by", "person", "assignee",
])  # fmt: skip
_WHAT: Final = frozenset(
    ["action", "activity", "task", "what", "what to do", "step", "instruction", "instructions", "description"]
)
_WHEN: Final = frozenset(["deadline", "time limit", "within", "due"])
_TIME: Final = re.compile(rf"(?:within )?(?P<time>{words.DURATION})", re.IGNORECASE)
_NOTHING: Final = frozenset(["", "-", "\u2013", "\u2014"])


class Row(NamedTuple):
    """One row as a step. ``number`` '' where none is written."""

    number: str
    text: str


def steps(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Row] | None:
    """The rows as sentences; ``None`` for a table with a column or a time that says something else."""
    columns = _columns([name.strip(" .:").lower() for name in head], rows)
    if columns is None or not rows:
        return None
    made = [_row(dict(zip(columns, row, strict=True))) for row in rows]
    found = [row for row in made if row is not None]
    return found if len(found) == len(made) else None


def _columns(names: list[str], rows: Sequence[Sequence[str]]) -> list[str] | None:
    """What each column means; ``None`` when one means nothing here, or two mean the same."""
    found: list[str] = []
    for place, name in enumerate(names):
        counted = name in _NUMBER and all(re.fullmatch(r"[\d.]*", row[place].strip()) for row in rows)
        known = [kind for kind, all_ in (("who", _WHO), ("what", _WHAT), ("when", _WHEN)) if name in all_]
        found.append("number" if counted else known[0] if known else "")
    return found if "" not in found and len(set(found)) == len(found) and {"who", "what"} <= set(found) else None


def _row(cells: dict[str, str]) -> Row | None:
    who, what, when = (cells.get(name, "").strip().rstrip(".") for name in ("who", "what", "when"))
    time = None if when in _NOTHING else _TIME.fullmatch(when)
    if not what or (time is None and when not in _NOTHING):
        return None
    return Row(cells.get("number", "").strip(" ."), _said(who, what) + (f" within {time['time']}" if time else ""))


def _said(who: str, what: str) -> str:
    """``clerk`` and ``Fill in the form``, or ``Fills in the form``, as a sentence."""
    if who in _NOTHING:
        return what
    the = who if re.match(r"(?:the|a|an|our) ", who, re.IGNORECASE) else f"The {who}"
    asked = instruct.clause(what)
    first, _, rest = what.partition(" ")
    if asked is None and first.lower() != words.base_verb(first):
        asked = f"{first.lower()} {rest}" if words.base_verb(first) else None
    return f"{the} {asked}" if asked else f"{who}: {what}"
