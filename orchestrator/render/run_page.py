"""The page of a run, for people who were not there: a manager first, then whoever wants to check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from orchestrator.render import drawing
from orchestrator.render.data import capped
from orchestrator.render.html import page

DIFF_CHARACTERS = 20_000
_ALL_DIFFS_CHARACTERS = 1_500_000
_LEAST_DIFF_CHARACTERS = 400
_EVENTS = 2_000
_MARKS = {"+": "a", "-": "d", "@": "h"}


def run_page(body: Mapping[str, Any]) -> str:
    """``body`` as ``report --json`` prints it.

    What is long is cut in the middle, and how much is said: a diff at 20,000 characters, less in a run of more than
    75 steps; of the events the last 2,000 are shown.
    """
    steps = body["steps"]
    room = max(_LEAST_DIFF_CHARACTERS, min(DIFF_CHARACTERS, _ALL_DIFFS_CHARACTERS // max(len(steps), 1)))
    spans = {s["id"]: _span(s) for s in steps if s["began"]}
    values = {
        "b": body,
        "summary": summary(body),
        "graph": drawing.graph({s["id"]: s["depends_on"] for s in steps}),
        "box_width": drawing.BOX_WIDTH,
        "box_height": drawing.BOX_HEIGHT,
        "statuses": {s["id"]: s["status"] for s in steps},
        "findings": {s["id"]: sum(len(g["findings"]) for g in s["gates"]) for s in steps},
        "bars": drawing.bars(spans),
        "diffs": {s["id"]: _lines(s["diff"], room) for s in steps if s["diff"] is not None},
        "events": body["timeline"][-_EVENTS:],
        "events_left": max(len(body["timeline"]) - _EVENTS, 0),
    }
    return page("run_report.html.j2", values)


def _span(step: Mapping[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(step["began"]), datetime.fromisoformat(step["ended"])


def _lines(diff: str, room: int) -> list[tuple[str, str]]:
    """Neighbouring lines of one class (added, removed, place, or '') together: a page of few marks is quick to read."""
    shown = capped(diff, room).split("\n")
    return [(mark, "\n".join(lines)) for mark, lines in groupby(shown, key=lambda line: _MARKS.get(line[:1], ""))]


def summary(body: Mapping[str, Any]) -> list[str]:
    """The run in a few sentences, for somebody who reads nothing else: what was built, who let it in, what is odd."""
    asked, steps, totals = body["requirements"], body["steps"], body["totals"]
    built = [q for q in asked if q["merged"]]
    shown = [q for q in built if q["demonstrated"]]
    again = [s for s in steps if s["attempts"] > 1]
    said = (
        [f"{len(built)} of {_number(asked, 'requirement')} {_be(built)} built" + _shown(built, shown) + "."]
        if asked
        else []
    )
    said += [f"{len(again)} of {_number(steps, 'step')} took more than one attempt."] if again else []
    people = sorted({d["reviewer"] for d in body["decisions"] if d["verdict"] == "approve" and d["reviewer"]})
    said.append(f"Approved by {', '.join(people)}." if people else "Nobody has approved anything yet.")
    said.append(_spent(totals))
    denied = totals["denials"]
    said += [f"What was not granted was refused {denied} time{'' if denied == 1 else 's'}."] if denied else []
    said += [f"{_number(body['violations'], 'violation')} stopped it."] if body["violations"] else []
    drift = body["drift"]
    odd = drift["novel"] or any(shift["shifted"] for shift in drift["shifts"])
    return [*said, drift["sentence"]] if odd else said


def _number(many: Sequence[object], noun: str) -> str:
    return f"{len(many)} {noun}" + ("" if len(many) == 1 else "s")


def _be(many: Sequence[object]) -> str:
    return "is" if len(many) == 1 else "are"


def _shown(built: Sequence[object], shown: Sequence[object]) -> str:
    if not built:
        return ""
    if len(built) == len(shown):
        return ", each shown by a command that failed before and passes now"
    return f", {len(shown)} of them shown by a command that failed before and passes now"


def _spent(totals: Mapping[str, Any]) -> str:
    if not totals["tokens"]:
        return "No model was asked."
    cost = "at a price that nobody named" if totals["cost_usd"] is None else f"for {totals['cost_usd']:.2f} USD"
    return f"Models read and wrote {totals['tokens']} tokens {cost}."
