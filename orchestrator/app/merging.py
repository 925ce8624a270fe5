"""Bringing a finished run to its target branch, as D14 says: never under its user's feet."""

from __future__ import annotations

from typing import Any

from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.app.verifying import Options, verify_line
from orchestrator.errors import EvidenceInvalid, RepositoryError, UsageError
from orchestrator.models.base import Digest
from orchestrator.models.run import OVER, Run


def merge(project: Project, run: Run, into: str | None = None, root: Digest | None = None) -> dict[str, Any]:
    """What happened to the target branch: ``move`` and a ``message`` that says it, or what to type.

    The evidence of the run's line is verified first. Raises ``EvidenceInvalid``
    when it does not hold, ``UsageError`` (RUN006) when nothing is merged to the
    run's branch yet, ``RepositoryError`` (REPO030) when the target cannot be fast-forwarded.
    """
    from orchestrator.vcs.worktree import TargetMove

    target = _full(into) if into else run.target_ref
    with open_trees(project) as trees:
        tip = trees.ref(run.run_ref)
        if tip is None:
            next_ = f"handrail show {run.id}" if run.status in OVER else f"handrail resume {run.id}"
            raise UsageError("RUN006", f"Run {run.id} has merged nothing.", next_)
        found = verify_line(project, run.run_ref, Options(base=run.base_commit, root=root))
        if found.problems:
            told = [f"{p.code} {p.message}" for p in found.problems]
            raise EvidenceInvalid("EVID061", f"The evidence of run {run.id} does not hold.", "handrail verify", told)
        done = trees.advance(target, run.run_ref)
    if done.move in {TargetMove.DIVERGED, TargetMove.NO_TARGET}:
        raise RepositoryError("REPO030", done.sentence, f"handrail merge {run.id} --into BRANCH")
    body = {"move": done.move, "message": done.sentence, "target": target, "branch": run.run_ref, "tip": tip}
    return {**body, "verdict": found.verdict}


def _full(branch: str) -> str:
    return branch if branch.startswith("refs/") else f"refs/heads/{branch}"
