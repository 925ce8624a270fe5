"""Which node runs next: bounds, branches that take turns, joins. Pure.

Branches of a ``parallel`` node wait side by side and work one at a time: one of them has the turn, the others are
tokens. A branch that waits for somebody gives its turn away. What a passage leaves behind is as in the proof.
"""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.engine.state import RunState, Token, Update
from orchestrator.models.workflow import NodeKind, Workflow
from orchestrator.policy.proof.machine import Machine
from orchestrator.policy.proof.outcomes import EXHAUSTED

BEGUN = "begun"
"""How a parallel node ends: in all its branches at once."""
STAYS = "stays"
"""A join that others have not reached yet."""


def give_way(state: RunState, name: str, to: str) -> Update:
    """The node has not ended. The turn is the other's; this one is to begin again."""
    others = state.get("others", [])
    mine: Token = {"node": name, "before": state.get("at", ""), "outcome": state.get("outcome", "")}
    place = next(i for i, token in enumerate(others) if token["node"] == to)
    return _to(others[place], [*others[:place], *others[place + 1 :], mine])


def passed(workflow: Workflow, machine: Machine, state: RunState, name: str, outcome: str) -> Update:
    """How the node ended, what that leaves of the branches, and who is next."""
    visits = {**state.get("visits", {}), name: state.get("visits", {}).get(name, 0) + 1}
    counted = _bounded(workflow, machine, state.get("taken", {}), name, outcome)
    update: Update = {"visits": visits, **counted}
    ended, node, others = str(counted["outcome"]), workflow.nodes[name], state.get("others", [])
    if node.kind is NodeKind.END:
        return {**update, "at": name, "turn": "", "others": []}
    if node.kind is NodeKind.PARALLEL:
        first, *more = [Token(node=target, before=name, outcome=branch) for branch, target in node.on.items()]
        return {**update, **_to(first, [*others, *more])}
    if ended == STAYS:
        mine: Token = {"node": name, "before": state["at"], "outcome": state["outcome"]}
        free = next(i for i, t in enumerate(others) if not _stays(machine, others, t["node"]))
        return {"taken": counted["taken"], **_to(others[free], [*others[:free], *others[free + 1 :], mine])}
    target = node.on[ended]
    left = _staying(machine, [t for t in others if t["node"] != name], name, target)
    return {**update, "at": name, "turn": target, "others": left}


def has_come(machine: Machine, state: RunState, name: str) -> bool:
    """Whether every other branch waits at this join already."""
    return 1 + sum(token["node"] == name for token in state.get("others", [])) >= machine.joins[name]


def _to(token: Token, others: list[Token]) -> Update:
    return {"at": token["before"], "outcome": token["outcome"], "turn": token["node"], "others": others}


def _bounded(
    workflow: Workflow, machine: Machine, taken: Mapping[str, int], name: str, outcome: str
) -> dict[str, object]:
    bound, key = workflow.nodes[name].at_most.get(outcome), f"{name} {outcome}"
    counts = dict(taken)
    if name in machine.bodies and outcome == "each":
        counts = {k: n for k, n in counts.items() if k.split(" ")[0] not in machine.bodies[name]}
    if bound is None:
        return {"taken": counts, "outcome": outcome}
    if counts.get(key, 0) >= bound:
        return {"taken": counts, "outcome": EXHAUSTED}
    return {"taken": {**counts, key: counts.get(key, 0) + 1}, "outcome": outcome}


def _stays(machine: Machine, others: list[Token], node: str) -> bool:
    """Whether a token at this node can only be freed by one that comes to it."""
    return node in machine.joins and sum(token["node"] == node for token in others) < machine.joins[node]


def _staying(machine: Machine, others: list[Token], node: str, target: str) -> list[Token]:
    """The others without those in branches that this passage leaves; none when it comes to an end."""
    if target in machine.ends:
        return []
    out = machine.chains[node] - machine.chains[target]
    return [token for token in others if not machine.chains[token["node"]] & out]
