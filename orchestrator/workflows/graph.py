"""A Workflow as a drawing in text: lines for a terminal, and Mermaid."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.models.workflow import NodeKind, Workflow


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
