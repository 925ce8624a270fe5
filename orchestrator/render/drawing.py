"""Where the parts of a report's pictures stand, in SVG user units (one is one CSS pixel)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

BOX_WIDTH, BOX_HEIGHT = 132, 30
_GAP_X, _GAP_Y, _MARGIN = 44, 10, 8
_ROWS = 14
"""Boxes in one column; more at the same depth stand in the next one."""


@dataclass(frozen=True, slots=True)
class Box:
    """One step."""

    id: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Graph:
    """``edges`` are the ends of the lines: from the right side of one box to the left side of another."""

    boxes: tuple[Box, ...]
    edges: tuple[tuple[int, int, int, int], ...]
    width: int
    height: int


def graph(depends: Mapping[str, Sequence[str]]) -> Graph:
    """Each step right of all that it depends on. A circle, or a step that is not there, is left out of the count."""
    columns: list[list[str]] = []
    by_depth: dict[int, list[str]] = {}
    for step, depth in _depths(depends).items():
        by_depth.setdefault(depth, []).append(step)
    for depth in sorted(by_depth):
        steps = by_depth[depth]
        columns += [steps[n : n + _ROWS] for n in range(0, len(steps), _ROWS)]
    boxes = {
        step: Box(step, _MARGIN + x * (BOX_WIDTH + _GAP_X), _MARGIN + y * (BOX_HEIGHT + _GAP_Y))
        for x, column in enumerate(columns)
        for y, step in enumerate(column)
    }
    middle = BOX_HEIGHT // 2
    edges = tuple(
        (boxes[d].x + BOX_WIDTH, boxes[d].y + middle, boxes[step].x, boxes[step].y + middle)
        for step, before in depends.items()
        for d in before
        if d in boxes
    )
    width = 2 * _MARGIN + len(columns) * (BOX_WIDTH + _GAP_X)
    height = 2 * _MARGIN + max((len(c) for c in columns), default=0) * (BOX_HEIGHT + _GAP_Y)
    return Graph(tuple(boxes.values()), edges, width, height)


def _depths(depends: Mapping[str, Sequence[str]]) -> dict[str, int]:
    depths = dict.fromkeys(depends, 0)
    for _ in range(len(depends)):
        deeper = {s: max((depths[d] + 1 for d in before if d in depths), default=0) for s, before in depends.items()}
        if deeper == depths:
            break
        depths = deeper
    return depths


@dataclass(frozen=True, slots=True)
class Bar:
    """From when to when something was worked on, as shares of the whole width (0 to 1)."""

    label: str
    start: float
    length: float
    seconds: float


def bars(spans: Mapping[str, tuple[datetime, datetime]]) -> tuple[Bar, ...]:
    """One bar a span, all on one scale."""
    if not spans:
        return ()
    first = min(start for start, _ in spans.values())
    whole = max((end - first).total_seconds() for _, end in spans.values()) or 1.0
    return tuple(
        Bar(label, (start - first).total_seconds() / whole, (end - start).total_seconds() / whole, _seconds(start, end))
        for label, (start, end) in spans.items()
    )


def _seconds(start: datetime, end: datetime) -> float:
    return round((end - start).total_seconds(), 1)
