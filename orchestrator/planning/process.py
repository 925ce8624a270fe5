"""A process that edits something, as a plan of one step: what may be written, asked and must pass (D4, D7).

The step is the change in hand; each passage of a node that edits is an attempt at it. Nothing is invented:
paths are those of the process's own ceiling, commands those that it runs before it merges.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orchestrator.models.capabilities import Capabilities, Egress
from orchestrator.models.ids import GitOid, StepId
from orchestrator.models.plan import Acceptance, Budget, Plan, Source, SourceKind, Step, WritePath
from orchestrator.models.policy import Policy
from orchestrator.models.profile import RepositoryProfile
from orchestrator.models.spec import Spec
from orchestrator.models.workflow import Node, NodeKind, Workflow
from orchestrator.planning.check import Problem, check_plan, raise_invalid
from orchestrator.planning.planner import data_class
from orchestrator.policy import capabilities, globs
from orchestrator.policy.egress import meet
from orchestrator.policy.paths import PROTECTED, protects
from orchestrator.policy.proof.machine import closure

STEP = StepId("S01")
_ATTEMPTS = 20


def process_plan(  # noqa: PLR0917  the four nouns of a plan, then its place
    spec: Spec,
    profile: RepositoryProfile,
    workflow: Workflow,
    policy: Policy,
    base_commit: GitOid,
    target_ref: str,
    *,
    paths: Sequence[str],
    models: Sequence[str] = (),
    limits: Mapping[str, float] | None = None,
) -> Plan | None:
    """``None`` for a process that edits nothing. ``paths``, ``models`` and ``limits`` as for a plan of a PRD.

    Raises :class:`~orchestrator.errors.PlanInvalid`: PLAN012 the process does not say where it may write, PLAN013 a
    protected path that the policy closes, and the codes of :func:`~orchestrator.planning.check.check_plan`.
    """
    if not spec.requirements:
        return None
    ceiling = capabilities.lowered(_ceiling(workflow, policy), limits or {})
    exact = _protected(ceiling, spec, profile, policy)
    least = {"write_protected": exact, "egress": meet(tuple(_asked(workflow)), ceiling.egress), "secrets": ()}
    seen = {"models": tuple(models), "data": data_class(ceiling, profile, paths)}
    grant = ceiling.model_copy(update={**least, **seen})
    step = Step(
        id=STEP,
        title=workflow.title,
        requirements=tuple(r.id for r in spec.requirements),
        instruction="\n".join(f"{i}. {node.title or name}" for i, (name, node) in enumerate(_said(workflow), 1)),
        write=tuple(WritePath(glob=glob, source=_source("ceiling")) for glob in grant.write),
        acceptance=tuple(Acceptance(argv=argv, source=_source(name)) for name, argv in tests(workflow)),
        capabilities=grant,
        budget=Budget(attempts=_ATTEMPTS, wall_seconds=_ATTEMPTS * grant.limits.wall_seconds),
    )
    plan = Plan(
        spec=spec.digest(),
        spec_source=spec.source_digest,
        spec_path=spec.path,
        workflow=workflow.digest(),
        profile=profile.digest(),
        base_commit=base_commit,
        target_ref=target_ref,
        steps=(step,),
    )
    check_plan(plan, spec, [policy.ceiling, _ceiling(workflow, policy)])
    return plan


def _protected(ceiling: Capabilities, spec: Spec, profile: RepositoryProfile, policy: Policy) -> tuple[str, ...]:
    """The protected files that the process names exactly. Raises PLAN012, PLAN013."""
    patterns = (*PROTECTED, *policy.protected_paths, *profile.protected)
    exact = tuple(g for g in ceiling.write if globs.is_exact(g) and protects(patterns, g))
    problems: list[Problem] = [] if ceiling.write else [("PLAN012", f"{spec.path} does not say what it may write.")]
    closed = [g for g in exact if not globs.below([g], policy.ceiling.write_protected)]
    problems += [("PLAN013", f"{g} is protected, and the policy lets no step write it.") for g in closed]
    if problems:
        raise_invalid(problems)
    return exact


def tests(workflow: Workflow) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Node and arguments of each command that judges a change: a merge can still follow it."""
    edges = {name: list(node.on.values()) for name, node in workflow.nodes.items()}
    merges = {name for name, node in workflow.nodes.items() if node.kind is NodeKind.MERGE}
    for name, node in workflow.nodes.items():
        if node.argv and node.effect is None and closure([name], edges) & merges:
            yield name, node.argv


def _ceiling(workflow: Workflow, policy: Policy) -> Capabilities:
    """A file that the process names exactly is one that it grants, protected or not."""
    own = workflow.ceiling
    named = tuple(g for g in own.write if globs.is_exact(g))
    own = own.model_copy(update={"write_protected": (*own.write_protected, *named)})
    return capabilities.meet(policy.ceiling, own)


def _asked(workflow: Workflow) -> Iterator[Egress]:
    for node in workflow.nodes.values():
        if node.kind is NodeKind.AGENT and node.capabilities is not None:
            yield from node.capabilities.egress


def _said(workflow: Workflow) -> Iterator[tuple[str, Node]]:
    return ((name, node) for name, node in workflow.nodes.items() if node.kind is not NodeKind.END)


def _source(place: str) -> Source:
    return Source(kind=SourceKind.WORKFLOW, place=place)
