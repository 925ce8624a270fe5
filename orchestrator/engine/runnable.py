"""What a workflow may say and this engine does not do: refused by name before anything runs, never passed over."""

from __future__ import annotations

from orchestrator.errors import WorkflowInvalid
from orchestrator.models.workflow import Node, Subject, Workflow

_NOT_RUN = ("within_seconds", "at_most", "argv", "instruction", "effect", "repeat", "other_than", "capabilities")


def ensure_runnable(workflow: Workflow) -> None:
    """Raises ``WorkflowInvalid`` WF041, with a line for each field that the engine would not heed."""
    found = [line for name, node in workflow.nodes.items() for line in _unheeded(name, node)]
    if found:
        raise WorkflowInvalid("WF041", f"This version does not run {workflow.id}.", "", found)


def _unheeded(name: str, node: Node) -> list[str]:
    said = [field for field in _NOT_RUN if getattr(node, field)]
    said += ["approvals"] if node.approvals > 1 else []
    said += ["reviews"] if node.reviews in {Subject.WORK, Subject.EFFECT} else []
    return [f"{name} ({node.kind}) uses {field!r}, which this version does not run." for field in said]
