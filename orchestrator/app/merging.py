"""Bringing a finished run to its target branch, as D14 says: never under its user's feet."""

from __future__ import annotations

from typing import Any

from orchestrator.app.project import Project
from orchestrator.app.verifying import verify_line
from orchestrator.app.wiring import open_trees
from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.base import Digest
from orchestrator.models.run import Run


def merge(project: Project, run: Run, into: str | None = None, trust: Digest | None = None) -> dict[str, Any]:
    """``merged`` (with the new tip), ``up-to-date``, or ``yours`` with the command to type for a checked-out branch.

    The evidence of the run's line is verified first. Raises ``EvidenceInvalid``
    when it does not hold, ``UsageError`` (RUN006) when nothing is merged to the
    run's branch yet, ``RepositoryError`` when the target has moved away.
    """
    from orchestrator.vcs.target import fast_forward

    target = _full(into) if into else run.target_ref
    with open_trees(project) as trees:
        tip = trees.ref(run.run_ref)
        if tip is None:
            raise UsageError("RUN006", f"Run {run.id} has merged nothing yet.", f"handrail resume {run.id}")
        verified = verify_line(project, trees, run.base_commit, tip, trust=trust)
        if not verified.holds:
            text = f"The evidence of run {run.id} does not hold."
            raise EvidenceInvalid(
                "EVID020", text, f"handrail verify --run {run.id}", [str(p) for p in verified.problems]
            )
        outcome = fast_forward(trees, target, run.run_ref, run.base_commit)
    return {"target": target, "branch": run.run_ref, "tip": tip, **outcome}


def _full(branch: str) -> str:
    return branch if branch.startswith("refs/") else f"refs/heads/{branch}"
