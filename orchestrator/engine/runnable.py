"""What a workflow may say and this engine does not do: refused by name before anything runs, never passed over."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.errors import WorkflowInvalid
from orchestrator.models.workflow import Node, NodeKind, Subject, Workflow
from orchestrator.policy.proof.machine import changes, edits
from orchestrator.policy.proof.shape import is_planned


def ensure_runnable(workflow: Workflow) -> None:
    """Raises ``WorkflowInvalid`` WF041, with a line for each thing that the engine would not heed."""
    found = [line for name, node in workflow.nodes.items() for line in _unheeded(workflow, name, node)]
    if len(names := sorted(changes(workflow))) > 1:
        several = f"It has {len(names)} changes in flight ({', '.join(names)})"
        found.append(f"{several}; one run merges one at a time: use two runs, or a PRD.")
    if not is_planned(workflow):
        found += [
            f"{name} judges a change before any gate has: The gates check the change." for name in _early(workflow)
        ]
    if found:
        raise WorkflowInvalid(
            "WF041", f"This version does not run {workflow.id}.", "docs/reference/workflow.md says what runs", found
        )


def _unheeded(workflow: Workflow, name: str, node: Node) -> Iterator[str]:
    told = bool(node.instruction or node.argv or node.edits)
    if told and is_planned(workflow):
        yield f"{name} ({node.kind}) stands beside a plan, which says itself what is done."
    if node.kind is NodeKind.AGENT and node.instruction is None and (node.at_most or node.capabilities):
        yield f"{name} (agent) works on a step of the plan, which has its own bounds and grants."


def _early(workflow: Workflow) -> list[str]:
    """Reviews of a change to which a way leads from an edit past no gate: what they would judge is not rebuilt yet."""
    left = [target for node in workflow.nodes.values() if edits(node) for target in node.on.values()]
    seen = set[str]()
    while left:
        name = left.pop()
        node = workflow.nodes[name]
        if name not in seen and node.kind is not NodeKind.GATE:
            seen.add(name)
            left += node.on.values()
    return [name for name in workflow.nodes if name in seen and workflow.nodes[name].reviews is Subject.CHANGE]
