"""What people's decisions on one item come to. With :mod:`orchestrator.policy.verdicts` it says what may be merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from orchestrator.models.decision import Decision, SubjectKind, Verdict
from orchestrator.models.ids import Digest
from orchestrator.models.policy import Policy


class Asked(Protocol):
    """What is asked of whom: the part of a :class:`~orchestrator.models.decision.ReviewItem` that a verdict is of."""

    @property
    def subject(self) -> Digest: ...
    @property
    def role(self) -> str: ...
    @property
    def threshold(self) -> int: ...
    @property
    def findings(self) -> tuple[Digest, ...]: ...
    @property
    def authors(self) -> tuple[str, ...]: ...
    @property
    def apart(self) -> tuple[str, ...]: ...


def outcome(
    item: Asked, decisions: Sequence[Decision], policy: Policy, keyids: Sequence[str], *, drill: bool = False
) -> Verdict | None:
    """What a set of decisions comes to, or ``None`` while it is open.

    ``decisions[i]`` was signed by ``keyids[i]``, verified before. One valid
    rejection or request decides; approvals need ``item.threshold`` distinct
    principals in ``item.role``, who together lift every finding that needs it,
    each lift by a principal in one of the policy's ``lift_roles`` who is none of ``item.authors``. One approver at
    least is none of them. Who is ``apart`` does not count. What is
    signed of a drill counts in a ``drill`` and nowhere else.
    """
    approvers: set[str] = set()
    lifts: set[Digest] = set()
    for decision, keyid in zip(decisions, keyids, strict=True):
        who = policy.principal(keyid)
        if who is None or not policy.holds(keyid, item.role) or decision.subject != item.subject:
            continue
        if who.name in item.apart or (decision.kind is SubjectKind.DRILL) is not drill:
            continue
        if decision.verdict is not Verdict.APPROVE:
            return decision.verdict
        approvers.add(who.name)
        if who.name not in item.authors and any(policy.holds(keyid, role) for role in policy.lift_roles):
            lifts.update(decision.lifts)
    role = policy.roles.get(item.role)
    needed = max(item.threshold, role.threshold if role else 1)
    enough = len(approvers) >= needed and bool(approvers - set(item.authors)) and set(item.findings) <= lifts
    return Verdict.APPROVE if enough else None
