"""A Workflow as a drawing: lines for a terminal, Mermaid, and an SVG that needs nothing beside it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from html import escape

from orchestrator.models.workflow import Node, NodeKind, Workflow

_WIDTH, _ROW, _LEFT, _LANE = 460, 64, 24, 16


def terminal(workflow: Workflow) -> str:
    """One line a node, its outcomes below it with an arrow, up (^) or down (v)."""
    order = {name: number for number, name in enumerate(workflow.nodes, 1)}
    return "\n".join(_lines(workflow, order)) + "\n"


def _lines(workflow: Workflow, order: dict[str, int]) -> Iterator[str]:
    yield f"{workflow.title} ({workflow.id})"
    for name, node in workflow.nodes.items():
        depth = "  " * (node.inside.count("/") if node.inside else 0)
        who = f" [{node.role}{f' x{node.approvals}' if node.approvals > 1 else ''}]" if node.role else ""
        yield f"{depth}{order[name]:>3} {node.kind} {name}{who}: {node.title}"
        for outcome, target in node.on.items():
            arrow = "^" if order[target] <= order[name] else "v"
            bound = f" (at most {node.at_most[outcome]})" if outcome in node.at_most else ""
            yield f"{depth}      {outcome}{bound} {arrow} {order[target]} {target}"


def mermaid(workflow: Workflow) -> str:
    """A flowchart in Mermaid's language. Texts are quoted, and what would end a quotation is a character reference."""
    order = {name: f"n{number}" for number, name in enumerate(workflow.nodes, 1)}
    lines = ["flowchart TD"]
    for name, node in workflow.nodes.items():
        opening, closing = _SHAPES.get(node.kind, ("[", "]"))
        lines.append(f'    {order[name]}{opening}"{_quoted(node.title or name)}"{closing}')
    for name, node in workflow.nodes.items():
        lines += [f'    {order[name]} -->|"{_quoted(outcome)}"| {order[to]}' for outcome, to in node.on.items()]
    return "\n".join(lines) + "\n"


_SHAPES = {
    NodeKind.DECIDE: ("{", "}"),
    NodeKind.REVIEW: ("{{", "}}"),
    NodeKind.END: ("([", "])"),
    NodeKind.PARALLEL: ("[/", "/]"),
    NodeKind.JOIN: ("[\\", "\\]"),
}


def _quoted(text: str) -> str:
    return "".join(c if c.isalnum() or c in " .,:()/-_" else f"#{ord(c)};" for c in text)


def svg(workflow: Workflow) -> str:
    """Nodes one below the other; passages to the next node straight, all others at the side. No script, no link."""
    names = list(workflow.nodes)
    row = {name: number for number, name in enumerate(names)}
    passages = [(a, outcome, b) for a, node in workflow.nodes.items() for outcome, b in node.on.items()]
    width = _LEFT + _WIDTH + _LANE * (len(passages) + 2) + 160
    height = _ROW * len(names) + 2 * _LEFT
    body = [*(_box(row[n], n, workflow.nodes[n]) for n in names), *_arrows(passages, row)]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="sans-serif" font-size="12"><title>{escape(workflow.title)}</title>'
        '<defs><marker id="a" markerWidth="8" markerHeight="8" refX="7" refY="4" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#555"/></marker></defs><rect width="100%" height="100%" fill="#fff"/>'
    )
    return "\n".join([head, *body, "</svg>"]) + "\n"


def _box(row: int, name: str, node: Node) -> str:
    top = _LEFT + row * _ROW
    fill = _FILLS.get(node.kind, "#f4f4f4")
    title = textwrap.shorten(node.title or name, 68, placeholder=" ...")
    who = f"{node.kind}{f', {node.role}' if node.role else ''}"
    place = f" line {node.span.line}" if node.span else ""
    return (
        f'<g><title>{escape(node.title)}{place}</title><rect x="{_LEFT}" y="{top}" width="{_WIDTH}" height="40" rx="6" '
        f'fill="{fill}" stroke="#555"/><text x="{_LEFT + 10}" y="{top + 17}">{escape(title)}</text>'
        f'<text x="{_LEFT + 10}" y="{top + 33}" fill="#444" font-size="10">{escape(who)} · {escape(name)}</text></g>'
    )


_FILLS = {
    NodeKind.REVIEW: "#fff3d6",
    NodeKind.ASK: "#fff3d6",
    NodeKind.TASK: "#fff3d6",
    NodeKind.AGENT: "#e3ecff",
    NodeKind.GATE: "#e5f6e5",
    NodeKind.COMMAND: "#e5f6e5",
    NodeKind.MERGE: "#ffe0e0",
    NodeKind.END: "#ffffff",
}


def _arrows(passages: list[tuple[str, str, str]], row: dict[str, int]) -> Iterator[str]:
    lane = 0
    for before, outcome, after in passages:
        start, end = _LEFT + row[before] * _ROW, _LEFT + row[after] * _ROW
        if row[after] == row[before] + 1:
            x = _LEFT + 30
            yield f'<path d="M{x},{start + 40} V{end}" stroke="#555" fill="none" marker-end="url(#a)"/>'
            yield f'<text x="{x + 6}" y="{start + 56}" fill="#555" font-size="10">{escape(outcome)}</text>'
            continue
        lane += 1
        right, side = _LEFT + _WIDTH, _LEFT + _WIDTH + _LANE * (lane + 1)
        y = start + 8 + (lane * 5) % 26
        yield (
            f'<path d="M{right},{y} H{side} V{end + 20} H{right}" stroke="#888" fill="none" marker-end="url(#a)"/>'
            f'<text x="{side + 3}" y="{y + 4}" fill="#555" font-size="10">{escape(outcome)}</text>'
        )
