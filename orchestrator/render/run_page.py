"""The page of a run, for people who were not there: a manager first, then whoever wants to check."""

from __future__ import annotations

from collections.abc import Mapping
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
        "graph": drawing.graph({s["id"]: s["depends_on"] for s in steps}),
        "box_width": drawing.BOX_WIDTH,
        "box_height": drawing.BOX_HEIGHT,
        "statuses": {s["id"]: s["status"] for s in steps},
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
