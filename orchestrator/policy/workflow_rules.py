"""What a workflow must be before anything is compiled: complete, connected, and safe to merge from.

The proof is over our own representation. It says that the orchestration asks
the gates and a person about every edit, not that the code is correct.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from orchestrator.models.workflow import Line, Node, NodeKind, Subject, Workflow

OUTCOMES: dict[NodeKind, frozenset[str]] = {
    NodeKind.PLAN: frozenset({"planned"}),
    NodeKind.FOR_EACH: frozenset({"work", "judge", "done", "stacked", "refused", "rejected", "limit"}),
    NodeKind.AGENT: frozenset({"proposed"}),
    NodeKind.GATE: frozenset({"passed", "needs-person", "again", "error"}),
    NodeKind.COMMAND: frozenset({"passed", "again"}),
    NodeKind.REVIEW: frozenset({"approve", "request-changes", "reject"}),
    NodeKind.MERGE: frozenset({"merged", "moved"}),
    NodeKind.END: frozenset(),
}
"""Every outcome that a node of a kind can have; see :func:`outcomes` for what a review can have besides."""

_OF_SUBJECT: dict[Subject | None, frozenset[str]] = {
    Subject.CHANGE: frozenset({"deferred", "moved", "revised"}),
    Subject.RUN: frozenset({"moved"}),
}


def outcomes(node: Node) -> frozenset[str]:
    """All outcomes of this node."""
    extra = _OF_SUBJECT.get(node.reviews, frozenset[str]()) if node.kind is NodeKind.REVIEW else frozenset[str]()
    return OUTCOMES[node.kind] | extra


def problems(workflow: Workflow) -> Iterator[tuple[str, str, str]]:
    """(node id, code, sentence) for everything wrong. Nothing means that it may be compiled."""
    broken = list(_shape(workflow))
    yield from broken
    if not broken:
        yield from _connection(workflow)
        story = counterexample(workflow)
        if story:
            yield story[-1].node, "WF030", "A change can be merged unseen: " + _tell(workflow, story)


def _shape(workflow: Workflow) -> Iterator[tuple[str, str, str]]:
    if workflow.start not in workflow.nodes:
        yield "", "WF010", f"start names {workflow.start!r}, which is no node."
    for name, node in workflow.nodes.items():
        expected = outcomes(node)
        for missing in sorted(expected - set(node.on)):
            yield name, "WF011", f"{name} says nothing about the outcome {missing!r}."
        for unknown in sorted(set(node.on) - expected):
            yield name, "WF012", f"{name} is a {node.kind} node and never ends as {unknown!r}."
        for outcome, target in node.on.items():
            if target not in workflow.nodes:
                yield name, "WF013", f"{name} goes to {target!r} on {outcome!r}, which is no node."
        yield from _fields(workflow, name, node)


def _fields(workflow: Workflow, name: str, node: Node) -> Iterator[tuple[str, str, str]]:
    required = {
        NodeKind.REVIEW: ("role", "reviews"),
        NodeKind.GATE: ("gates",),
        NodeKind.MERGE: ("line",),
        NodeKind.END: ("exit",),
    }
    for field in required.get(node.kind, ()):
        if getattr(node, field) in {None, ()}:
            yield name, "WF014", f"{name} is a {node.kind} node and needs {field!r}."
    if node.role is not None and node.role not in workflow.roles:
        yield name, "WF015", f"{name} names the role {node.role!r}, which the workflow does not list."


def _connection(workflow: Workflow) -> Iterator[tuple[str, str, str]]:
    reached = _closure({workflow.start}, {n: set(node.on.values()) for n, node in workflow.nodes.items()})
    for name in sorted(set(workflow.nodes) - reached):
        yield name, "WF020", f"{name} can never be reached."
    back: dict[str, set[str]] = {n: set() for n in workflow.nodes}
    for name, node in workflow.nodes.items():
        for target in node.on.values():
            back[target].add(name)
    ends = {n for n, node in workflow.nodes.items() if node.kind is NodeKind.END}
    for name in sorted(reached - _closure(ends, back)):
        yield name, "WF021", f"{name} can never come to an end."


def _closure(start: set[str], edges: dict[str, set[str]]) -> set[str]:
    seen, todo = set(start), list(start)
    while todo:
        for target in edges[todo.pop()] - seen:
            seen.add(target)
            todo.append(target)
    return seen


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run is, and what has been said of the change in hand since its last edit and its last rebuild."""

    node: str
    gated: bool = False
    tested: bool = False
    approved: bool = False


@dataclass(frozen=True, slots=True)
class Passage:
    """One step of a counterexample: ``node`` ended as ``outcome``."""

    node: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Search:
    """How much of a workflow was searched, and the shortest way to an unseen merge: empty when there is none."""

    states: int
    transitions: int
    counterexample: tuple[Passage, ...]


PROPERTY: Final = (
    "every merge follows gates, acceptance and approval of the change since its last edit and last rebuild"
)


def counterexample(workflow: Workflow) -> list[Passage]:
    """The shortest way to a merge without gates, acceptance and approval since the last edit; empty when there is none.

    A stack merge needs gates and acceptance; a merge to the run's line needs the approval as well.
    """
    return list(searched(workflow).counterexample)


def searched(workflow: Workflow) -> Search:
    """Complete: breadth-first over every reachable standing."""
    first = Standing(workflow.start)
    came: dict[Standing, tuple[Standing, str] | None] = {first: None}
    todo = deque([first])
    transitions = 0
    while todo:
        here = todo.popleft()
        if _unsafe(workflow.nodes[here.node], here):
            return Search(len(came), transitions, tuple(_story(came, here)))
        for outcome, target in workflow.nodes[here.node].on.items():
            there = _after(workflow.nodes[here.node], here, outcome, target)
            transitions += 1
            if there not in came:
                came[there] = (here, outcome)
                todo.append(there)
    return Search(len(came), transitions, ())


def _unsafe(node: Node, here: Standing) -> bool:
    if node.kind is not NodeKind.MERGE:
        return False
    checked = here.gated and here.tested
    return not (checked and (here.approved or node.line is Line.STACK))


def _after(node: Node, here: Standing, outcome: str, target: str) -> Standing:
    forgotten = Standing(target)
    match (node.kind, outcome):
        case (NodeKind.FOR_EACH, "stacked"):
            return replace(forgotten, gated=True, tested=True)
        case (NodeKind.AGENT | NodeKind.FOR_EACH | NodeKind.MERGE, _) | (NodeKind.REVIEW, "moved" | "revised"):
            return forgotten
        case (NodeKind.GATE, "passed" | "needs-person"):
            return replace(forgotten, gated=True)
        case (NodeKind.COMMAND, "passed"):
            return replace(here, node=target, tested=True)
        case (NodeKind.REVIEW, "approve") if node.reviews is not Subject.PLAN:
            return replace(here, node=target, approved=True)
        case _:
            return replace(here, node=target)


def _story(came: dict[Standing, tuple[Standing, str] | None], end: Standing) -> list[Passage]:
    story, here = [Passage(end.node, "")], end
    while (step := came[here]) is not None:
        here = step[0]
        story.append(Passage(here.node, step[1]))
    return story[::-1]


def _tell(workflow: Workflow, story: list[Passage]) -> str:
    told = [f"{i}. {p.node} ({workflow.nodes[p.node].title}) ends as {p.outcome}" for i, p in enumerate(story[:-1], 1)]
    return "; ".join([*told, f"{len(story)}. {story[-1].node} merges"]) + "."
