"""The run-time monitor: no node runs to which the workflow does not lead, and no property breaks on the way."""

from __future__ import annotations

from orchestrator.engine.state import RunState, Standing
from orchestrator.errors import WorkflowInvalid
from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof import monitor


def check_transition(workflow: Workflow, before: str, outcome: str, here: str) -> None:
    """Raises ``WorkflowInvalid`` (WF040) for a transition that the workflow does not have."""
    node = workflow.nodes.get(before)
    expected = node.on.get(outcome) if node else (workflow.start if not before else None)
    if expected != here:
        raise WorkflowInvalid("WF040", f"{before or 'start'} ended as {outcome!r}, which does not lead to {here}.")


def stood(watching: monitor.Monitor, state: RunState, *, side_by_side: bool) -> monitor.Standing | monitor.Violation:
    """Where the run stands before its next node. Agents side by side are one passage, which is made up for here."""
    if not state.get("at"):
        return watching.begin()
    known = state["standing"]
    here = monitor.Standing(tuple(known["tokens"]), tuple((n, o, c) for n, o, c in known["counts"]), known["bits"])
    if side_by_side and state["at"] in here.tokens:
        return watching.passed(here, state["at"], "proposed")
    return here


def kept(standing: monitor.Standing) -> Standing:
    """As the checkpoint has it."""
    return {
        "tokens": list(standing.tokens),
        "counts": [list(count) for count in standing.counts],
        "bits": standing.bits,
    }
