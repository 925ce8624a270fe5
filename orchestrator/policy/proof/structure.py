"""Whether every node is reached and can come to an end, loops are bounded, and branches cannot wait for each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from orchestrator.models.workflow import Node, NodeKind, Workflow
from orchestrator.policy.proof.machine import branch_of, chain, closure, edits, touches
from orchestrator.policy.proof.shape import Found

_BOUNDED: Final = frozenset({"work", "judge", "stacked", "each"})
"""Outcomes of ``for_each`` each turn of which costs an item, or an attempt of a step."""
_MOVED: Final = frozenset({NodeKind.REVIEW, NodeKind.MERGE})
_OUTSIDE: Final = frozenset({"moved", "revised"})
"""Each turn of this loop needs somebody else's move of the branch, or a person's own edit or narrowing."""


def problems(workflow: Workflow) -> Iterator[Found]:
    """Problems of a workflow whose shape is sound."""
    edges = {name: set(node.on.values()) for name, node in workflow.nodes.items()}
    reached = closure({workflow.start}, edges)
    for name in sorted(set(workflow.nodes) - reached):
        yield name, "WF020", f"{name} can never be reached."
    back: dict[str, set[str]] = {name: set() for name in workflow.nodes}
    for name, targets in edges.items():
        for target in targets:
            back[target].add(name)
    ends = {n for n, node in workflow.nodes.items() if node.kind is NodeKind.END}
    for name in sorted(reached - closure(ends, back)):
        yield name, "WF021", f"{name} can never come to an end."
    circle = _circle({n: sorted(_endless(node)) for n, node in workflow.nodes.items()})
    if circle:
        told = " -> ".join(circle)
        yield circle[0], "WF022", f"Nothing bounds how often this goes round: {told}. Say how often: at most twice."
    yield from _branches(workflow, edges)


def _endless(node: Node) -> set[str]:
    bounded = {
        *node.at_most,
        *(_OUTSIDE if node.kind in _MOVED else ()),
        *(_BOUNDED if node.kind is NodeKind.FOR_EACH else ()),
    }
    return {target for outcome, target in node.on.items() if outcome not in bounded}


def _circle(edges: Mapping[str, list[str]]) -> list[str]:
    """Some circle, or nothing. Without recursion: workflows may be long."""
    done: set[str] = set()
    for root in edges:
        path, todo = dict[str, None](), [(root, iter([root]))]
        while todo:
            here, rest = todo[-1]
            target = next(rest, None)
            if target is None:
                todo.pop()
                path.pop(here, None)
                done.add(here)
            elif target in path:
                names = list(path)
                return [*names[names.index(target) :], target]
            elif target not in done:
                path[target] = None
                todo.append((target, iter(edges[target])))
    return []


def _branches(workflow: Workflow, edges: Mapping[str, set[str]]) -> Iterator[Found]:
    forks = [name for name, node in workflow.nodes.items() if node.kind is NodeKind.PARALLEL]
    joins = {node.about: name for name, node in workflow.nodes.items() if node.kind is NodeKind.JOIN}
    if len(joins) != sum(node.kind is NodeKind.JOIN for node in workflow.nodes.values()):
        yield "", "WF023", "Two joins wait for the same branches."
    for name, node in workflow.nodes.items():
        fork, branch = branch_of(node)
        if node.inside is not None and (fork not in forks or branch not in workflow.nodes[fork].on):
            yield name, "WF023", f"{name} says that it lies in {node.inside!r}, which is no branch."
            return
    for fork in forks:
        join = joins.get(fork)
        if join is None:
            yield fork, "WF023", f"Nothing joins the branches of {fork}."
        else:
            yield from _comes(workflow, fork, join, edges)
    yield from _crossings(workflow)
    for fork in forks:
        yield from _shared(workflow, fork)


def _comes(workflow: Workflow, fork: str, join: str, edges: Mapping[str, set[str]]) -> Iterator[Found]:
    if workflow.nodes[join].inside != workflow.nodes[fork].inside:
        yield join, "WF023", f"{join} lies in another branch than {fork}, whose branches it joins."
    for branch, start in workflow.nodes[fork].on.items():
        if workflow.nodes[start].inside != f"{fork}/{branch}":
            yield start, "WF023", f"{start} begins the branch {branch!r} of {fork} and does not lie in it."
        inside = {n for n in workflow.nodes if fork in chain(workflow, n)}
        kept = {n: edges[n] & inside for n in inside}
        if start in inside and join not in closure({start}, kept, join):
            yield fork, "WF023", f"{join} waits for every branch of {fork}, and {branch!r} never comes to it."


def _crossings(workflow: Workflow) -> Iterator[Found]:
    """A passage stays in its branch, comes to the join, or leaves; nothing enters but through the parallel node."""
    nodes = workflow.nodes
    for name, node in nodes.items():
        around = {node.inside, *(nodes[fork].inside for fork in chain(workflow, name))} | {None}
        if node.kind is NodeKind.JOIN:
            around = {node.inside, None, *(nodes[fork].inside for fork in chain(workflow, name))}
        for outcome, target in node.on.items():
            entered = node.kind is NodeKind.PARALLEL and nodes[target].inside == f"{name}/{outcome}"
            if nodes[target].inside not in around and not entered:
                yield name, "WF023", f"{name} leads into the middle of {nodes[target].inside}, to {target}."
            late = nodes[target].kind is NodeKind.JOIN and nodes[target].about not in chain(workflow, name)
            if late:
                yield name, "WF023", f"{name} leads to {target} from outside of the branches that it joins."


def _shared(workflow: Workflow, fork: str) -> Iterator[Found]:
    """A verdict given in one branch is of what the other branch changes meanwhile."""
    nodes = workflow.nodes
    regions: dict[str, list[str]] = {}
    for name in nodes:
        branch = _branch_in(workflow, name, fork)
        if branch and touches(nodes[name]):
            regions.setdefault(branch, []).append(name)
    for branch, mine in regions.items():
        others = [n for b, region in regions.items() if b != branch for n in region]
        for name in mine:
            for other in others:
                moves = nodes[name].kind is NodeKind.MERGE
                if moves or (edits(nodes[name]) and nodes[name].change == nodes[other].change):
                    yield name, "WF024", f"{name} changes what {other} works on at the same time, in {fork}."
                    return


def _branch_in(workflow: Workflow, name: str, fork: str) -> str:
    """The branch of this parallel node in which the node lies, however deep."""
    here, seen = workflow.nodes[name], set[str]()
    while here.inside is not None and here.inside not in seen:
        seen.add(here.inside)
        outer, branch = branch_of(here)
        if outer == fork:
            return branch
        here = workflow.nodes[outer]
    return ""
