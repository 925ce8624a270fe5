"""Beginning a run, and going on with one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.files import read_file
from orchestrator.app.machine.sandboxing import EngineShelf, packages_at
from orchestrator.app.preferences import preferences
from orchestrator.app.project import Project
from orchestrator.app.runs.choosing import choose, choose_spelled, read_limits
from orchestrator.app.runs.listing import refuse_drill
from orchestrator.app.runs.ready import ensure_ready
from orchestrator.app.runs.risks import read_risks
from orchestrator.app.signals import interruptible
from orchestrator.app.specs.files import label, read_again
from orchestrator.app.wiring import open_run, open_workflow, process_plan_for, workflow_source
from orchestrator.assets.find import workflow_ids
from orchestrator.errors import Interrupted, UsageError
from orchestrator.models.decision import ReviewItem
from orchestrator.models.ids import Digest, GitOid, RunId
from orchestrator.models.plan import Plan, ReviewMode
from orchestrator.models.run import OVER, Run, RunSettings
from orchestrator.models.spec import Spec
from orchestrator.models.workflow import NodeKind, Workflow
from orchestrator.policy.proof.shape import is_planned
from orchestrator.store.carrying import travelling

if TYPE_CHECKING:
    from orchestrator.engine.run import Ended, Waiting

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class RunRequest:
    """What a person asked for. ``target`` is a branch name or ``None`` for the one that is checked out.

    ``None`` elsewhere means that the preferences decide. ``limits`` are ``NAME=NUMBER`` each.
    """

    spec: Path | None
    workflow: str = "prd-to-code"
    agent: str | None = None
    agent_input: Path | None = None
    model: str | None = None
    escalate: str | None = None
    escalate_after: int | None = None
    tester: str | None = None
    review: str | None = None
    max_parallel: int | None = None
    target: str | None = None
    image: str | None = None
    runtime: str | None = None
    osv: str | None = None
    wheelhouse: Path | None = None
    limits: tuple[str, ...] = ()
    budget_tokens: int | None = None
    budget_usd: float | None = None
    budget_seconds: int | None = None
    record: bool = False
    replay: str | None = None
    key: Path | None = None
    trust: Digest | None = None
    batch: str = ""
    accept_risk: tuple[str, ...] = ()


def start(
    project: Project,
    request: RunRequest,
    plan: Plan | None = None,
    run: RunId | None = None,
    *,
    shelf: EngineShelf | None = None,
) -> Run:
    """Record a new run, under the id that it was promised. Nothing has run yet; :func:`go_on` advances it.

    Raises as :func:`~orchestrator.app.runs.ready.ensure_ready`, and nothing is recorded then. ``shelf`` as there.
    """
    base, target = base_and_target(project, request.target)
    workflow = open_workflow(request.workflow)
    _hold_to_its_words(workflow, request.workflow)
    spec, data = _source(project, request, workflow)
    settings = _settings(project, request, plan, workflow)
    ensure_ready(
        project,
        spec,
        workflow,
        settings,
        base=base,
        target=target,
        key=request.key,
        trust=request.trust,
        plan=plan,
        shelf=shelf,
    )
    if not is_planned(workflow):
        plan = process_plan_for(project, spec, workflow, settings, base=base, target=target, trust=request.trust)
    project.blobs.put(data)
    new = run or new_run_id(project.clock.now())
    return _record(
        project,
        new,
        request.workflow,
        workflow=workflow,
        spec=spec,
        settings=settings,
        base=base,
        target=target,
        plan=plan,
    )


def _hold_to_its_words(workflow: Workflow, place: str) -> None:
    """Of a file; what is bundled was held to its own when it was built. Raises ``WorkflowInvalid`` WF037."""
    if place in workflow_ids():
        return
    from orchestrator.workflows.described import ensure_as_described

    _, prose, path = workflow_source(place)
    ensure_as_described(workflow, prose, path)


def _source(project: Project, request: RunRequest, workflow: Workflow) -> tuple[Spec, bytes]:
    """The spec, or for a workflow that plans nothing its own process, and its exact bytes.

    Raises ``UsageError``: RUN008 for a workflow that needs a spec and has none, RUN009 for one that heeds none.
    """
    if is_planned(workflow):
        if request.spec is None:
            raise UsageError("RUN008", f"{workflow.id} makes a plan from a spec.", "handrail run SPEC")
        return read_again(request.spec, project)
    if request.spec is not None:
        hint = f"handrail run --workflow {request.workflow}"
        raise UsageError("RUN009", f"{workflow.id} is a process of its own and reads no spec.", hint)
    from orchestrator.workflows.source import process_source

    _, prose, path = workflow_source(request.workflow)
    named = label(Path(path), project) if Path(request.workflow).suffix else f"workflows/{path}"
    return process_source(workflow, str(Path(named).with_name("process.md"))), prose


def new_run_id(now: datetime) -> RunId:
    """One that no run has: the day, and 30 random bits."""
    return RunId(f"{now:%Y%m%d}-" + "".join(secrets.choice(_ALPHABET) for _ in range(6)))


def _record(
    project: Project,
    run: RunId,
    name: str,
    *,
    workflow: Workflow,
    spec: Spec,
    settings: RunSettings,
    base: GitOid,
    target: str,
    plan: Plan | None,
) -> Run:
    project.blobs.put(spec.to_bytes())
    project.blobs.put(workflow.to_bytes())
    now = project.clock.now()
    row = Run(
        id=run,
        repository=project.repository.id,
        spec_path=spec.path,
        spec=spec.digest(),
        spec_source=spec.source_digest,
        workflow=name,
        workflow_digest=workflow.digest(),
        base_commit=base,
        target_ref=target,
        run_ref=f"refs/heads/handrail/{run}",
        agent=settings.agent,
        settings=project.blobs.put(settings.to_bytes()),
        plan=project.blobs.put(plan.to_bytes()) if plan else None,
        created_at=now,
        updated_at=now,
    )
    project.index.add_run(row)
    return row


def go_on(
    project: Project,
    run: Run,
    *,
    key: Path | None = None,
    trust: Digest | None = None,
    ask: Callable[[ReviewItem], None] | None = None,
    say: Callable[[str], None] = lambda _: None,
    shelf: EngineShelf | None = None,
) -> Ended | Waiting:
    """Advance a run from wherever it is.

    Raises ``UsageError`` (RUN004) for one that is over, DRILL003 for a drill, REM024 for one that another machine
    advances, ``Interrupted`` (RUN003) when this process is told to stop, what nodes raise.

    ``shelf`` lends its engine to a process that advances many runs.
    """
    from orchestrator.app.runs.drive import drive  # loads the engine, which no other command needs

    refuse_drill(run)
    if run.status in OVER:
        raise UsageError("RUN004", f"Run {run.id} is over ({run.status}).", f"handrail show {run.id}")
    elsewhere = travelling(project.index, run.id)
    if elsewhere is not None and not elsewhere.held:
        text = f"Run {run.id} is advanced on another machine; here it is only reviewed."
        raise UsageError("REM024", text, f"handrail resume {run.id} --remote {elsewhere.remote}, to take it over")
    settings = RunSettings.model_validate_json(project.blobs.get(run.settings))
    spec = Spec.model_validate_json(project.blobs.get(run.spec))
    opening = open_run(project, run, spec, settings, key=key, trust=trust, say=say, shelf=shelf)
    try:
        with interruptible(), opening as opened:
            return drive(project, opened.ctx, opened.abort, plan=run.plan, ask=ask)
    except KeyboardInterrupt:
        text = f"Run {run.id} was stopped; it can be resumed."
        raise Interrupted("RUN003", text, f"handrail resume {run.id}") from None


def _settings(project: Project, request: RunRequest, plan: Plan | None, workflow: Workflow) -> RunSettings:
    """The request and the preferences, and what they leave open from the user's models file."""
    wanted = {name: p.value for name, p in preferences(project, asdict(request), request.trust).items()}
    given = read_file(request.agent_input) if request.agent_input else None
    if not any(node.kind is NodeKind.AGENT for node in workflow.nodes.values()):
        return RunSettings(
            agent="",
            image=wanted["image"],
            runtime=wanted["runtime"],
            packages=packages_at(request.wheelhouse),
            limits=read_limits(request.limits),
            batch=request.batch,
            risks=read_risks(request.accept_risk),
        )
    first = choose(wanted["agent"], wanted["model"], given, str(request.agent_input))
    return RunSettings(
        agent=first.agent,
        model=first.model,
        agent_input=project.blobs.put(given) if given else None,
        review=plan.review if plan else ReviewMode(wanted["review"]),
        max_parallel=wanted["max_parallel"],
        image=wanted["image"],
        runtime=wanted["runtime"],
        osv=wanted["osv"] and str(Path(wanted["osv"]).absolute()),
        packages=packages_at(request.wheelhouse),
        escalate=choose_spelled(wanted["escalate"], given),
        escalate_after=wanted["escalate_after"],
        tester=choose_spelled(request.tester or "", given),
        limits=read_limits(request.limits),
        budget_tokens=request.budget_tokens,
        budget_usd=request.budget_usd,
        budget_seconds=request.budget_seconds,
        record=request.record,
        replay=project.index.run(RunId(request.replay)).id if request.replay else None,
        batch=request.batch,
        risks=read_risks(request.accept_risk),
    )


def base_and_target(project: Project, target: str | None) -> tuple[GitOid, str]:
    """The base commit and the full name of the target branch. Raises ``RepositoryError``."""
    from orchestrator.vcs.repository import resolve, target_ref

    if target is None:
        ref = target_ref(project.repository)
        return resolve(project.repository, "HEAD"), ref
    ref = target if target.startswith("refs/") else f"refs/heads/{target}"
    return resolve(project.repository, ref), ref
