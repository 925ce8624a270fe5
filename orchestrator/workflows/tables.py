"""Tables whose rows are steps (``Step | Who | Action | Deadline``), or say who is there for what. Every other is reported."""

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
_DUTY: Final = frozenset([
    "responsibility", "responsibilities", "duty", "duties", "responsible for", "is responsible for", "in charge of", "does",
])  # fmt: skip
_RACI: Final = re.compile(r"(?:[RACI](?:[/,& ]*[RACI])*|[-\u2013\u2014]?)")
_PAIR: Final = 2
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


def duties(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Row] | None:
    """The rows of ``Role | Responsibilities``, or of who is responsible, accountable, consulted, informed, as sentences."""
    names = [name.strip(" .:").lower() for name in head]
    if len(names) == _PAIR and names[0] in _WHO and names[1] in _DUTY:
        found = [_is_for(row[0], "responsible", row[1]) if row[0].strip() else "" for row in rows]
    elif len(names) > _PAIR and all(_RACI.fullmatch(cell.strip()) for row in rows for cell in row[1:]):
        found = [_lettered(head, row) for row in rows]
    else:
        found = []
    return [Row("", text) for text in found] if found and all(found) else None


def _lettered(head: Sequence[str], row: Sequence[str]) -> str:
    """Whoever is consulted or informed is named behind the ones who are responsible or accountable."""
    of = {letter: [n.strip() for n, c in zip(head[1:], row[1:], strict=True) if letter in c] for letter in "RACI"}
    beside = "; ".join(f"{said}: {', '.join(of[c])}" for c, said in (("C", "consulted"), ("I", "informed")) if of[c])
    what = row[0] + (f" ({beside})" if beside else "")
    said = (("R", "responsible"), ("A", "accountable"))
    return ". ".join(_is_for(name, how, what) for letter, how in said for name in of[letter])


def _is_for(who: str, how: str, what: str) -> str:
    return f"{_the(who)} is {how} for: {re.sub(r'[.!?] +', '; ', what.strip()).rstrip('.')}" if what.strip() else ""


def _the(role: str) -> str:
    said = role.strip()
    return said if re.match(r"(?:the|a|an|our) ", said, re.IGNORECASE) else f"The {said}"


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
    asked = instruct.clause(what)
    first, _, rest = what.partition(" ")
    if asked is None and first.lower() != words.base_verb(first):
        asked = f"{first.lower()} {rest}" if words.base_verb(first) else None
    return f"{_the(who)} {asked}" if asked else f"{who}: {what}"
