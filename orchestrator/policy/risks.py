"""Which missing protections a policy lets be accepted, by whom and until when (D18). Pure yes and no.

A policy lists ``sandbox:NAME`` in ``accept_risk``. Not judged here: whether the protection is missing at all, which
only the sandbox's probe can say.
"""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.models.base import Instant
from orchestrator.models.policy import Policy
from orchestrator.models.risk import AcceptedRisk

PREFIX = "sandbox:"


def refusals(risks: Iterable[AcceptedRisk], policy: Policy, when: Instant) -> list[str]:
    """One sentence for each that does not stand under this policy at this time."""
    return [words for risk in risks for words in _refused(risk, policy, when)]


def headline(verdict: str, risks: Iterable[AcceptedRisk]) -> str:
    """A first line that nobody reads without the risks."""
    said = ", ".join(dict.fromkeys(risk.words() for risk in risks))
    return f"{verdict}, RISK ACCEPTED: {said}" if said else verdict


def _refused(risk: AcceptedRisk, policy: Policy, when: Instant) -> list[str]:
    people = {p.name for p in policy.principals if p.human}
    wrong: list[str] = []
    if PREFIX + risk.protection not in policy.accept_risk:
        wrong.append(f"the policy does not list {PREFIX}{risk.protection}")
    if risk.owner not in people:
        wrong.append(f"{risk.owner} is no person of the policy")
    if not risk.holds_at(when):
        wrong.append(f"the acceptance of {risk.protection} ended with {risk.until.isoformat()}")
    return wrong
