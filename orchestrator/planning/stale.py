"""A plan holds for one base commit and one text of its spec."""

from __future__ import annotations

from orchestrator.errors import PlanStale
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.plan import Plan


def ensure_fresh(plan: Plan, base_commit: GitOid, spec_source: Digest) -> None:
    """Raise :class:`~orchestrator.errors.PlanStale`: PLAN010 for another commit, PLAN011 for another spec text."""
    if plan.base_commit != base_commit:
        raise PlanStale(
            "PLAN010",
            f"The plan was made for commit {plan.base_commit[:12]}, and the target is now at {base_commit[:12]}.",
            f"plan again: handrail plan {plan.spec_path}",
        )
    if plan.spec_source != spec_source:
        raise PlanStale(
            "PLAN011",
            f"{plan.spec_path} has changed since the plan was made.",
            f"plan again: handrail plan {plan.spec_path}",
        )
