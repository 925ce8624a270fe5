"""What would stop a run at once, asked before anything of it is recorded."""

from __future__ import annotations

from pathlib import Path

from orchestrator.app.base import read_base
from orchestrator.app.machine.sandboxing import EngineShelf, layers_of, reach_engine
from orchestrator.app.models.connections import load_connections
from orchestrator.app.project import Project
from orchestrator.app.runs.risks import refuse_held, refuse_unlisted
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.keys import signer
from orchestrator.app.wiring import plan_for
from orchestrator.errors import UsageError, WorkflowInvalid
from orchestrator.models.capabilities import DataClass
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.plan import Plan
from orchestrator.models.profile import RepositoryProfile
from orchestrator.models.run import RunSettings
from orchestrator.models.spec import Spec
from orchestrator.models.workflow import Workflow
from orchestrator.policy import egress
from orchestrator.policy.proof import judge
from orchestrator.policy.proof.shape import is_planned


def ensure_ready(
    project: Project,
    spec: Spec,
    workflow: Workflow,
    settings: RunSettings,
    *,
    base: GitOid,
    target: str,
    key: Path | None,
    trust: Digest | None,
    plan: Plan | None,
    shelf: EngineShelf | None = None,
) -> None:
    """Ask for key, trust, plan and engine, in this order.

    A plan from a file is somebody's claim: its grants and its sources are held
    against one made here. Raises ``UsageError`` (no key),
    ``PlanStale``, ``TrustError``, ``PlanInvalid``, ``SandboxUnavailable`` (exit
    8), and of risks that cannot be accepted RISK003 and RISK004. Not checked otherwise: whether the limits
    hold, which is tried before the first sandbox is used. An engine that was reached is kept on the ``shelf``.
    """
    from orchestrator.app.specs.replanning import ensure_kept
    from orchestrator.planning.check import check_plan, check_sources
    from orchestrator.planning.stale import ensure_fresh

    signer(key)
    if not is_planned(workflow):
        _ensure_process(project, workflow, settings, base, trust=trust, shelf=shelf)
        return
    if plan is not None:
        ensure_fresh(plan, base, spec.source_digest)
    with open_trees(project) as trees:
        there = read_base(project, trees, base, trust)
        made = plan_for(trees, there, spec, workflow, target=target, settings=settings)
    if plan is not None:
        check_plan(plan, spec, [there.chain.current.ceiling, workflow.ceiling])
        check_sources(plan, made)
        if plan.kept:
            ensure_kept(project, spec, plan, made)
        _ensure_models(plan, settings)
    ensure_local(plan or made, settings)
    refuse_unlisted(settings.risks, there.chain.current, project.clock.now())
    _ensure_engine(settings, there.profile, shelf)


def _ensure_engine(settings: RunSettings, profile: RepositoryProfile, shelf: EngineShelf | None) -> None:
    layers, accepted = layers_of(profile), [risk.protection for risk in settings.risks]
    reach_engine(settings.image, settings.runtime, layers, accepted, shelf=shelf)
    refuse_held(settings.risks, settings.image, settings.runtime, layers)


def _ensure_process(
    project: Project,
    workflow: Workflow,
    settings: RunSettings,
    base: GitOid,
    *,
    trust: Digest | None,
    shelf: EngineShelf | None,
) -> None:
    """A process that this engine runs, under a policy that allows it, with an engine where it runs anything.

    Raises ``WorkflowInvalid`` WF041, WF050, ``UsageError`` GATE010 for a gate that is none, and as
    :func:`ensure_ready` of risks.
    """
    from orchestrator.engine.runnable import ensure_runnable

    ensure_runnable(workflow)
    with open_trees(project) as trees:
        there = read_base(project, trees, base, trust)
    policy = there.chain.current
    refuse_unlisted(settings.risks, policy, project.clock.now())
    named = dict.fromkeys(gate for node in workflow.nodes.values() for gate in node.gates)
    if named:
        from orchestrator.gates.catalog import ensure_known

        ensure_known(named, {gate.name for gate in policy.command_gates})
    found = [f"{code} {text}" for _, code, text in judge.under(workflow, policy)]
    if found:
        text = f"The policy does not let {workflow.id} run as it is."
        raise WorkflowInvalid("WF050", text, "handrail policy change, with --role, --approve-role or --ceiling", found)
    if any(node.instruction or node.argv for node in workflow.nodes.values()):
        _ensure_engine(settings, there.profile, shelf)


def ensure_local(plan: Plan, settings: RunSettings) -> None:
    """Restricted data is for endpoints labelled local alone. Raises ``UsageError`` (PLAN024)."""
    if not settings.models() or all(step.capabilities.data is DataClass.OPEN for step in plan.steps):
        return
    local = {endpoint.name for endpoint in load_connections().endpoints if endpoint.local}
    for model in settings.models():
        if model.partition("/")[0] not in local:
            text = f"A step sees restricted data, and the endpoint of {model} is not labelled local."
            raise UsageError("PLAN024", text, "name a model of a local endpoint, or take the restricted paths out")


def _ensure_models(plan: Plan, settings: RunSettings) -> None:
    """A saved plan says what its steps may ask. Raises ``UsageError`` (PLAN022)."""
    for model in settings.models():
        for step in plan.steps:
            if not egress.models_below([model], step.capabilities.models):
                text = f"Step {step.id} of the saved plan is not granted the model {model}."
                raise UsageError("PLAN022", text, f"handrail plan {plan.spec_path} --model {model} -o FILE")
