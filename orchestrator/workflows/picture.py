"""A Workflow as an SVG that needs nothing beside it: nodes one below the other, passages to the next one straight.

All other passages leave at the right, each on a line of its own beside its label, and run in one lane for each node that
they lead to; those that lead back are dashed. Units are SVG user units, one CSS pixel each.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Final

from orchestrator.models.workflow import Node, NodeKind, Workflow

_WIDTH: Final = 460
_LEFT: Final = 24
_INDENT: Final = 24
"""Of each parallel node around a node."""
_GAP: Final = 28
_LINE: Final = 15
_LABELS: Final = 180
"""Room for the names of outcomes, right of the boxes."""
_LANE: Final = 14
_CHARACTERS: Final = 62
"""Of a title on one line, where nothing is around the node."""
_COLOURS: Final = ("#3b5b92", "#8a4b08", "#2e7d4f", "#7b3f8c", "#a33a3a", "#4a6b6b")

Lane = tuple[str, bool]
"""The node that it leads to, and whether back to it."""


@dataclass(frozen=True, slots=True)
class _Box:
    """``aside`` are the passages that leave at the right: label and lane. ``straight`` is what leads to the next box."""

    name: str
    node: Node
    top: int
    left: int
    lines: tuple[str, ...]
    straight: str
    aside: tuple[tuple[str, Lane], ...]

    @property
    def height(self) -> int:
        return max(_LINE * (len(self.lines) + 1) + 12, _LINE * (len(self.aside) + 1))

    @property
    def right(self) -> int:
        return _LEFT + _WIDTH

    @property
    def entry(self) -> int:
        """Where lanes come to it."""
        return self.top + self.height - 7


@dataclass(slots=True)
class _Lanes:
    """Which lane lies where, from the left."""

    numbers: dict[Lane, int] = field(default_factory=dict[Lane, int])

    def x(self, lane: Lane) -> int:
        return _LEFT + _WIDTH + _LABELS + _LANE * self.numbers.setdefault(lane, len(self.numbers))

    def colour(self, lane: Lane) -> int:
        self.x(lane)
        return self.numbers[lane] % len(_COLOURS)


def svg(workflow: Workflow) -> str:
    """The drawing. No script, no link, no font of its own."""
    boxes, lanes = _boxes(workflow), _Lanes()
    by_name = {box.name: box for box in boxes}
    body = [part for box in boxes for part in (_box(box), *_straight(box), *_leaving(box, lanes))]
    body += [_lane(lane, boxes, by_name, lanes) for lane in list(lanes.numbers)]
    width = _LEFT * 2 + _WIDTH + _LABELS + _LANE * len(lanes.numbers)
    height = boxes[-1].top + boxes[-1].height + _LEFT
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="sans-serif" font-size="12"><title>{escape(workflow.title)}</title>'
        f"<defs>{''.join(_marker(n, c) for n, c in enumerate(('#555', *_COLOURS)))}</defs>"
        '<rect width="100%" height="100%" fill="#fff"/>'
    )
    return "\n".join([head, *body, "</svg>"]) + "\n"


def _marker(number: int, colour: str) -> str:
    return (
        f'<marker id="a{number}" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        f'<path d="M0,0 L8,4 L0,8 z" fill="{colour}"/></marker>'
    )


def _boxes(workflow: Workflow) -> list[_Box]:
    names, found, top = list(workflow.nodes), list[_Box](), _LEFT
    rows = {name: number for number, name in enumerate(names)}
    for name, node in workflow.nodes.items():
        following = names[rows[name] + 1] if rows[name] + 1 < len(names) else ""
        depth = _depth(workflow, node)
        said = {outcome: _label(node, outcome) for outcome in node.on}
        straight = ", ".join(said[outcome] for outcome, target in node.on.items() if target == following)
        aside = tuple(
            (said[outcome], (target, rows[target] <= rows[name]))
            for outcome, target in node.on.items()
            if target != following
        )
        lines = textwrap.wrap(node.title or name, _CHARACTERS - 4 * depth) or [name]
        found.append(_Box(name, node, top, _LEFT + _INDENT * depth, tuple(lines), straight, aside))
        top += found[-1].height + _GAP
    return found


def _depth(workflow: Workflow, node: Node) -> int:
    depth, inside = 0, node.inside
    while inside and depth < len(workflow.nodes):
        depth, inside = depth + 1, workflow.nodes[inside.partition("/")[0]].inside
    return depth


def _label(node: Node, outcome: str) -> str:
    return f"{outcome} (at most {node.at_most[outcome]})" if outcome in node.at_most else outcome


def _box(box: _Box) -> str:
    node = box.node
    who = f"{node.kind}{f', {node.role}' if node.role else ''}{f' x{node.approvals}' if node.approvals > 1 else ''}"
    place = f" line {node.span.line}" if node.span else ""
    texts = "".join(
        f'<text x="{box.left + 10}" y="{box.top + 17 + _LINE * n}">{escape(line)}</text>'
        for n, line in enumerate(box.lines)
    )
    last = box.top + 16 + _LINE * len(box.lines)
    return (
        f'<g><title>{escape(node.title)}{place}</title><rect x="{box.left}" y="{box.top}" '
        f'width="{box.right - box.left}" height="{box.height}" rx="6" fill="{_FILLS.get(node.kind, "#f4f4f4")}" '
        f'stroke="#555"/>{texts}<text x="{box.left + 10}" y="{last}" fill="#444" font-size="10">'
        f"{escape(who)} · {escape(box.name)}</text></g>"
    )


_FILLS: Final = {
    NodeKind.REVIEW: "#fff3d6",
    NodeKind.ASK: "#fff3d6",
    NodeKind.TASK: "#fff3d6",
    NodeKind.AGENT: "#e3ecff",
    NodeKind.GATE: "#e5f6e5",
    NodeKind.COMMAND: "#e5f6e5",
    NodeKind.MERGE: "#ffe0e0",
    NodeKind.END: "#ffffff",
}


def _straight(box: _Box) -> Iterator[str]:
    """The arrow to the next box, where anything leads there."""
    if box.straight:
        x, y = _LEFT + _INDENT * 3, box.top + box.height
        yield f'<path d="M{x},{y} V{y + _GAP}" stroke="#555" fill="none" marker-end="url(#a0)"/>'
        yield f'<text x="{x + 7}" y="{y + 18}" fill="#555" font-size="10">{escape(box.straight)}</text>'


def _leaving(box: _Box, lanes: _Lanes) -> Iterator[str]:
    """What leaves at the right: a line to its lane, the label on it."""
    for number, (label, lane) in enumerate(box.aside):
        y, colour = box.top + 11 + _LINE * number, lanes.colour(lane)
        dashed = ' stroke-dasharray="5 3"' if lane[1] else ""
        yield (
            f'<path d="M{box.right},{y} H{lanes.x(lane)}" stroke="{_COLOURS[colour]}" fill="none"{dashed}/>'
            f'<text x="{box.right + 8}" y="{y + 4}" fill="{_COLOURS[colour]}" font-size="10" stroke="#fff" '
            f'stroke-width="4" paint-order="stroke">{escape(label)}</text>'
        )


def _lane(lane: Lane, boxes: list[_Box], by_name: dict[str, _Box], lanes: _Lanes) -> str:
    """The upright line that gathers what leads to one node, and its arrow."""
    entry, x, colour = by_name[lane[0]].entry, lanes.x(lane), lanes.colour(lane)
    heights = [box.top + 11 + _LINE * n for box in boxes for n, (_, its) in enumerate(box.aside) if its == lane]
    far = max(heights) if lane[1] else min(heights)
    dashed = ' stroke-dasharray="5 3"' if lane[1] else ""
    return (
        f'<path d="M{x},{far} V{entry} H{_LEFT + _WIDTH + 1}" stroke="{_COLOURS[colour]}" fill="none"{dashed} '
        f'marker-end="url(#a{colour + 1})"/>'
    )
