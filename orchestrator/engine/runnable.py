"""What a workflow may say and this engine does not do: refused by name before anything runs, never passed over."""

from __future__ import annotations

from orchestrator.errors import WorkflowInvalid
from orchestrator.models.workflow import Channel, Node, NodeKind, Subject, Workflow

_NOT_RUN = ("argv", "instruction", "effect", "edits", "capabilities")


def ensure_runnable(workflow: Workflow) -> None:
    """Raises ``WorkflowInvalid`` WF041, with a line for each field that the engine would not heed."""
    found = [line for name, node in workflow.nodes.items() for line in _unheeded(name, node)]
    if found:
        raise WorkflowInvalid(
            "WF041", f"This version does not run {workflow.id}.", "docs/reference/workflow.md says what runs", found
        )


def _unheeded(name: str, node: Node) -> list[str]:
    said = [field for field in _NOT_RUN if getattr(node, field)]
    said += ["reviews"] if node.reviews is Subject.EFFECT else []
    said += ["channel"] if node.channel is Channel.WEBHOOK else []
    said += ["at_most"] if node.kind is NodeKind.AGENT and node.at_most else []
    return [f"{name} ({node.kind}) uses {field!r}, which this version does not run." for field in said]
