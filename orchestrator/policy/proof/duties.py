"""Whether the people of a policy can do what a workflow asks of its roles."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.models.policy import Policy
from orchestrator.models.workflow import NodeKind, Subject, Workflow
from orchestrator.policy.proof.machine import edits
from orchestrator.policy.proof.shape import Found

_MERGED = frozenset({Subject.PLAN, Subject.CHANGE, Subject.RUN})


def under(workflow: Workflow, policy: Policy) -> Iterator[Found]:
    """Roles that nobody holds, thresholds that too few people can meet, and authors who would be alone."""
    people = {p.name for p in policy.principals if p.human}
    holders = {role: people & set(policy.roles[role].principals) for role in workflow.roles if role in policy.roles}
    for role in workflow.roles:
        if role not in policy.roles:
            yield "", "WF055", f"The policy has no role {role!r}."
        elif not holders[role]:
            yield "", "WF055", f"No person holds the role {role!r}."
    for name, node in workflow.nodes.items():
        if node.kind is NodeKind.REVIEW and node.role in holders:
            yield from _enough(workflow, policy, name, holders)
        decides = {*policy.approve_roles, *policy.lift_roles}
        if node.reviews in _MERGED and node.role in policy.roles and node.role not in decides:
            yield name, "WF056", f"{name} approves what is merged, and the policy takes no approval of {node.role!r}."


def _enough(workflow: Workflow, policy: Policy, name: str, holders: dict[str, set[str]]) -> Iterator[Found]:
    node = workflow.nodes[name]
    role = str(node.role)
    wanted = max(node.approvals, policy.roles[role].threshold)
    mine = {
        n for n, other in workflow.nodes.items() if edits(other) and (other.role, other.change) == (role, node.change)
    }
    both = {
        other: holders.get(str(workflow.nodes[other].role), set()) & holders[role]
        for other in {*node.other_than, *mine}
    }
    most = sum(min(_doers(workflow, policy, other), len(shared)) for other, shared in both.items())
    away = min(most, len(set[str]().union(*both.values())))
    if len(holders[role]) - away < wanted:
        but = f", and {away} of them may be set apart by what they did before" if away else ""
        yield name, "WF054", f"{name} needs {wanted} of {role!r}; {len(holders[role])} hold the role{but}."


def _doers(workflow: Workflow, policy: Policy, name: str) -> int:
    """How many people do a node, at the least."""
    node = workflow.nodes[name]
    role = policy.roles.get(str(node.role))
    return max(node.approvals, role.threshold if role is not None and node.kind is NodeKind.REVIEW else 1)
