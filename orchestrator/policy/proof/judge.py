"""All that is asked of a workflow before it is approved, and again before it runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from orchestrator.models.policy import Policy
from orchestrator.models.workflow import NodeKind, Workflow
from orchestrator.policy.proof import duties, grants, shape, structure, vacuous
from orchestrator.policy.proof.machine import machine
from orchestrator.policy.proof.search import Broken, Search, searched
from orchestrator.policy.proof.shape import Found

PROPERTY: Final = (
    "every merge follows gates, acceptance and approval of the change since its last edit and last rebuild"
)
PROPERTIES: Final = (
    PROPERTY,
    "every effect that nothing takes back follows an approval of its own, and no unjudged change",
    "nobody who made a change is its only approver",
    "every decision follows the answers that it compares",
    "every rule of the author holds on every path",
    "every node is reached, and every node can come to an end",
    "every loop is bounded, and every wait has a time or a person",
    "every join is reached by all its branches, and no branch leads out beside it",
    "no node exceeds the ceiling, and none has untrusted input, secrets and egress together",
)
ENGINE: Final = "breadth-first search over all reachable standings, quiet steps of branches first"


def problems(workflow: Workflow) -> Iterator[Found]:
    """(node id, code, sentence) for everything wrong. Nothing means that it may be compiled."""
    broken = list(shape.problems(workflow))
    yield from broken
    if broken:
        return
    broken = [*structure.problems(workflow), *vacuous.problems(workflow), *grants.problems(workflow)]
    yield from broken
    if any(code == "WF023" for _, code, _ in broken):
        return
    found = proved(workflow)
    if found.broken is not None:
        yield found.broken.node, found.broken.guard.code, told(workflow, found.broken)
    elif not found.complete:
        yield "", "WF035", f"After {found.states} standings nothing is proved: the workflow is too large to search."


def under(workflow: Workflow, policy: Policy) -> Iterator[Found]:
    """What this policy says against the workflow: its ceiling, its people, nodes that could be robbed."""
    yield from grants.under(workflow, policy)
    yield from duties.under(workflow, policy)


def proved(workflow: Workflow) -> Search:
    """The search alone, of a workflow with sound shape and structure."""
    return searched(machine(workflow))


def told(workflow: Workflow, broken: Broken) -> str:
    """The story of a broken property, one numbered step after the other."""
    steps = [f"{p.node} ({workflow.nodes[p.node].title}) ends as {p.outcome}" for p in broken.story]
    if not broken.story or broken.story[-1].node != broken.node or not broken.guard.outcome:
        steps.append(f"{broken.node} {_does(workflow, broken.node)}")
    numbered = "; ".join(f"{i}. {step}" for i, step in enumerate(steps, 1))
    return f"{_HEAD[broken.guard.code]}: {numbered}: {broken.guard.text}."


def _does(workflow: Workflow, name: str) -> str:
    node = workflow.nodes[name]
    return "merges" if node.kind is NodeKind.MERGE else f"({node.title}) begins"


_HEAD: Final = {
    "WF030": "A change can be merged unseen",
    "WF031": "An effect that nothing takes back can happen unapproved",
    "WF032": "A decision can come before its answer",
    "WF033": "A rule of the process can be broken",
    "WF034": "A change can be approved by its author alone",
}
