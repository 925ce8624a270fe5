"""A run that goes on by the workflow that it began with, after the bundled one has become another."""

from __future__ import annotations

from orchestrator.app.project import Project
from orchestrator.errors import UsageError, WorkflowInvalid
from orchestrator.models.run import OVER, Run
from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof import judge


def keep(project: Project, run: Run) -> Run:
    """Note it on the run, once the kept workflow is proved anew by this version's rules.

    Its bytes are those of the digest that the plan's approval, the checkpoints and the evidence name. Raises
    ``UsageError`` (RUN004) for a run that is over, ``StoreError`` for bytes that are gone or altered, and
    ``WorkflowInvalid`` (RUN011) when a property no longer holds of it.
    """
    if run.status in OVER:
        raise UsageError("RUN004", f"Run {run.id} is over ({run.status}).", f"handrail show {run.id}")
    kept = Workflow.model_validate_json(project.blobs.get(run.workflow_digest))
    broken = [f"{node}: {code} {text}" for node, code, text in judge.problems(kept)]
    if broken:
        text = f"The workflow that run {run.id} began with is not one that this version lets run."
        raise WorkflowInvalid("RUN011", text, "begin anew", broken)
    changed = run.model_copy(update={"keeps_workflow": True})
    project.index.save_run(changed)
    return changed
