"""The run-time monitor: no node runs to which the workflow does not lead."""

from __future__ import annotations

from typing import Final

from orchestrator.errors import WorkflowInvalid
from orchestrator.models.workflow import Workflow

TRANSITION: Final = "transition"
"""The kind of the event in which each transition is kept."""


def check_transition(workflow: Workflow, before: str, outcome: str, here: str) -> None:
    """Raises ``WorkflowInvalid`` (WF040) for a transition that the workflow does not have."""
    node = workflow.nodes.get(before)
    expected = node.on.get(outcome) if node else (workflow.start if not before else None)
    if expected != here:
        raise WorkflowInvalid("WF040", f"{before or 'start'} ended as {outcome!r}, which does not lead to {here}.")
