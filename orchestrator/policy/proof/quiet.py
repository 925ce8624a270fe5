"""Which steps side by side may be taken at once, before all others: fewer orders are searched, and nothing is missed.

A step is quiet when it forgets and sets no bit, nothing must stand for it, nothing counts it, and every way out of it
stays among the branches that it lies in or ends the run. What another branch does is then the same before it and after
it: a way to a broken guard stays one when the quiet step of it is taken first, or a quiet step more. This is the ample
set of partial order reduction with one process in it; no circle of quiet steps is taken for quiet, so nobody waits for
ever.
"""

from __future__ import annotations

from orchestrator.policy.proof.machine import Edge, Machine


def quiet(machine: Machine) -> frozenset[str]:
    """Nodes in parallel branches that :func:`orchestrator.policy.proof.search.searched` may pass first."""
    asked = {name for name, edges in machine.edges.items() if _says_nothing(machine, name, edges)}
    onward = {name: {edge.target for edge in machine.edges[name]} & asked for name in asked}
    before: dict[str, set[str]] = {name: set() for name in asked}
    for name, targets in onward.items():
        for target in targets:
            before[target].add(name)
    found, todo = set[str](), [name for name, targets in onward.items() if not targets]
    while todo:
        here = todo.pop()
        found.add(here)
        for name in before[here]:
            onward[name].discard(here)
            if not onward[name]:
                todo.append(name)
    return frozenset(found)


def _says_nothing(machine: Machine, name: str, edges: list[Edge]) -> bool:
    special = name in machine.forks or name in machine.joins or name in machine.bodies or name in machine.guards
    chain = machine.chains[name]
    return (
        bool(chain)
        and not special
        and any(edge.target not in machine.ends for edge in edges)
        and all(edge.keep == -1 and edge.put == 0 and edge.bound is None for edge in edges)
        and all(_stays(machine, chain, edge.target) for edge in edges)
    )


def _stays(machine: Machine, chain: frozenset[str], target: str) -> bool:
    """A step that ends the run is as good later: what the others would still have done is done while it waits."""
    return target not in machine.guards if target in machine.ends else machine.chains[target] == chain
