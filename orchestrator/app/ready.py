"""What would stop a run at once, asked before anything of it is recorded."""

from __future__ import annotations

from pathlib import Path

from orchestrator.app.base import read_base
from orchestrator.app.keys import signer
from orchestrator.app.project import Project
from orchestrator.app.sandboxing import layers_of, reach_engine
from orchestrator.app.wiring import open_agent, open_trees, plan_for
from orchestrator.models.base import Digest, GitOid
from orchestrator.models.plan import Plan
from orchestrator.models.run import RunSettings
from orchestrator.models.spec import Spec
from orchestrator.models.workflow import Workflow


def ensure_ready(
    project: Project,
    spec: Spec,
    workflow: Workflow,
    settings: RunSettings,
    *,
    base: GitOid,
    target: str,
    agent_input: tuple[bytes, Path] | None,
    key: Path | None,
    trust: Digest | None,
    plan: Plan | None,
) -> None:
    """Ask for key, agent, trust, plan and engine, in this order.

    A plan from a file is somebody's claim: its grants and its sources are held
    against one made here. Raises ``UsageError`` (no key, a bad script),
    ``PlanStale``, ``TrustError``, ``PlanInvalid``, ``SandboxUnavailable`` (exit
    8). Not checked: whether the limits hold, which is tried before the first
    sandbox is used.
    """
    from orchestrator.planning.check import check_plan, check_sources
    from orchestrator.planning.stale import ensure_fresh

    signer(key)
    open_agent(settings.agent, agent_input[0] if agent_input else None, str(agent_input[1]) if agent_input else "")
    if plan is not None:
        ensure_fresh(plan, base, spec.source_digest)
    with open_trees(project) as trees:
        there = read_base(project, trees, base, trust)
        made = plan_for(trees, there, spec, workflow, target=target, review=settings.review)
    if plan is not None:
        check_plan(plan, spec, [there.chain.current.ceiling, workflow.ceiling])
        check_sources(plan, made)
    reach_engine(settings.image, settings.runtime, layers_of(there.profile))
