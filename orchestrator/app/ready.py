"""What would stop a run at once, asked before anything of it is recorded."""

from __future__ import annotations

from pathlib import Path

from orchestrator.app.base import read_base
from orchestrator.app.keys import signer
from orchestrator.app.project import Project
from orchestrator.app.sandboxing import reach_engine
from orchestrator.app.wiring import open_agent, open_trees
from orchestrator.models.base import Digest, GitOid
from orchestrator.models.plan import Plan
from orchestrator.models.run import RunSettings
from orchestrator.models.spec import Spec
from orchestrator.models.workflow import Workflow


def ensure_ready(
    project: Project,
    base: GitOid,
    spec: Spec,
    workflow: Workflow,
    settings: RunSettings,
    *,
    key: Path | None,
    trust: Digest | None,
    plan: Plan | None,
) -> None:
    """Ask for trust, key, agent, plan and engine.

    Raises ``TrustError``, ``UsageError`` (no key, a bad script), ``PlanInvalid`` (a saved plan that was made wider
    than policy and workflow allow), ``SandboxUnavailable`` (exit 8). Not checked: whether the limits hold, which is
    tried before the first sandbox is used.
    """
    signer(key)
    open_agent(settings.agent, project.blobs.get(settings.agent_input) if settings.agent_input else None)
    with open_trees(project) as trees:
        policy = read_base(project, trees, base, trust).chain.current
    if plan is not None:
        from orchestrator.planning.check import check_plan

        check_plan(plan, spec, [policy.ceiling, workflow.ceiling])
    reach_engine(settings.image, settings.runtime)
