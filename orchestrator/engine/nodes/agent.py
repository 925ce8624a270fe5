"""``agent``: one attempt of one step in its own sandbox. What counts is the tree that comes out."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from orchestrator.engine.attempts import again, feedback_text
from orchestrator.engine.context import RunContext
from orchestrator.engine.context_files import relevant_files
from orchestrator.engine.execute import ensure_runnable, make_acceptance_ahead
from orchestrator.engine.observing import Observer
from orchestrator.engine.outward import Way, way_out
from orchestrator.engine.state import StepState, StepStatus, Update, Work
from orchestrator.engine.steers import Steers, earlier
from orchestrator.engine.workers import Worker, choice
from orchestrator.errors import AgentFailed, GateRefused, LimitReached
from orchestrator.models.capabilities import Limits
from orchestrator.models.change import Proposal
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.observed import Account
from orchestrator.models.plan import Step
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.traffic import Traffic, TrafficKind, Usage
from orchestrator.models.usage import Used
from orchestrator.policy.imports import import_roots
from orchestrator.policy.paths import deny_hidden, deny_write, may_read, protects
from orchestrator.ports import AgentEvent, AgentOutcome, AgentTask, BuiltTree, ChangeOut, SandboxRequest
from orchestrator.render.prompts import STEP_TEMPLATE, step_prompt, template_digest

_ERASED = {"message", "tool-call"}


def agent(ctx: RunContext, work: Work) -> Update:
    """The step's proposal. Outcome: proposed, also of an attempt that failed."""
    return attempt(ctx, work, ctx.step(work["plan"], work["step"]), Ground())


@dataclass(frozen=True, slots=True)
class Ground:
    """What an attempt stands on beside the tip: a change in hand that it goes on with, and what was said so far."""

    change: Proposal | None = None
    known: tuple[str, ...] = ()


def attempt(ctx: RunContext, work: Work, step: Step, ground: Ground) -> Update:
    """One attempt. A finished one is never run twice: its result is kept under (run, step, attempt)."""
    mine = work["mine"]
    began, way = time.monotonic(), Way(Observer(ctx, step, mine["attempt"]))
    key = f"agent:{ctx.run.id}:{step.id}:{mine['attempt']}"
    try:
        digest = ctx.index.effect(key)
        if digest is None:
            digest = ctx.keep(_attempt(ctx, work, step, ground, way))
            ctx.index.record_effect(key, digest)
    except LimitReached as limit:
        return {**again(ctx, step, mine, [str(limit)], exhausted=StepStatus.LIMIT, final=True), "outcome": "proposed"}
    except GateRefused as excess:
        spent, reasons = _spent(mine, time.monotonic() - began, way.traffic), [*excess.details, str(excess)]
        return {**again(ctx, step, spent, reasons, final=True), "outcome": "proposed"}
    except AgentFailed as failure:
        spent = _spent(mine, time.monotonic() - began, way.traffic)
        return {**again(ctx, step, spent, [str(failure), *failure.details]), "outcome": "proposed"}
    ctx.emit(EventKind.PROPOSED, "agent", step.id, mine["attempt"], proposal=digest)
    proposal = ctx.load(Proposal, digest)
    traffic = ctx.load(Traffic, proposal.traffic) if proposal.traffic else None
    spent = _spent(mine, (proposal.finished_at - proposal.started_at).total_seconds(), traffic)
    record: StepState = {**spent, "status": StepStatus.PROPOSED, "proposal": digest}
    return {"steps": {step.id: record}, "outcome": "proposed"}


def _spent(mine: StepState, seconds: float, traffic: Traffic | None) -> StepState:
    usage = traffic.usage if traffic else Usage()
    return {
        **mine,
        "spent_seconds": mine["spent_seconds"] + math.ceil(seconds),
        "spent_tokens": mine["spent_tokens"] + usage.input_tokens + usage.output_tokens,
        "spent_usd": mine["spent_usd"] + (usage.cost_usd or 0.0),
    }


def _limits(ctx: RunContext, step: Step, work: Work) -> Limits:
    """The grant's limits, with no more time than step and run have left. Raises ``LimitReached`` (AGT021, AGT028)."""
    mine, whole = work["mine"], ctx.settings.budget_seconds
    left = step.budget.wall_seconds - mine["spent_seconds"]
    if whole is not None and work["spent_seconds"] >= whole:
        words = f"The run has used up its {whole} s; step {step.id} was not begun again."
        raise LimitReached("AGT028", words, "give the next run a larger --budget-seconds, or make the spec smaller")
    if left <= 0:
        words = f"Step {step.id} has used up its {step.budget.wall_seconds} s over {mine['attempt'] - 1} attempts."
        raise LimitReached("AGT021", words, "split the requirement, or raise the ceiling's wall_seconds")
    limits = step.capabilities.limits
    run = left if whole is None else whole - work["spent_seconds"]
    return limits.model_copy(update={"wall_seconds": min(limits.wall_seconds, left, run)})


def _attempt(ctx: RunContext, work: Work, step: Step, ground: Ground, way: Way) -> Proposal:
    mine, tip = work["mine"], GitOid(work["tip"])
    worker = ctx.workers(choice(ctx.settings, step.kind, mine["attempt"]))
    base_tree, before = ctx.trees.tree_of(tip), ground.change
    start_tree = before.tree if before else base_tree
    sandboxes, risks, environment = ctx.sandboxes(), ctx.risks(), ctx.environment(base_tree)
    ensure_runnable(ctx, step, base_tree)
    entries = ctx.trees.entries(start_tree)
    unseen = worker.agent.hidden
    protected = (*ctx.policy.protected_paths, *ctx.profile.protected, *_tests(ctx, work), *unseen)
    hidden = tuple(entry.path for entry in entries if protects(unseen, entry.path))
    started, began = ctx.clock.now(), time.monotonic()
    for risk in risks:
        ctx.emit(EventKind.RISK_ACCEPTED, "agent", step.id, mine["attempt"], **risk.model_dump(mode="json"))
    with way_out(ctx, step, work, worker, way):
        request = _request(ctx, step, work, worker, way=way, paths=[entry.path for entry in entries])
        observer, shown = way.observer, [entry for entry in entries if entry.path not in hidden]
        with sandboxes.open(request.furnished(environment)) as sandbox, observer.stopping(sandbox, shown):
            sandbox.copy_in(shown, ctx.trees.blobs, step.capabilities, protected)
            task = _task(ctx, work, step, worker, way=way, known=ground.known)
            make_acceptance_ahead(ctx, step, base_tree)
            seen = set[str]()
            outcome = worker.agent.run(task, sandbox, partial(_record, ctx, step, mine["attempt"], seen))
            if outcome.timed_out:
                raise LimitReached("AGT020", f"The agent was still at work after its time on step {step.id}.")
            out = sandbox.change_out()
            account, enforced = sandbox.observed(), sandbox.enforced()
    observer.change(shown, out, protected)
    processes = observer.account(account, shown, out)
    observer.check()
    built = _build(ctx, step, start_tree, out, unseen=unseen, protected=protected)
    _tell_left_out(ctx, step, mine["attempt"], hidden, built.denials)
    finished = started + timedelta(seconds=time.monotonic() - began)  # the clock may have been set meanwhile
    came = _Came(
        worker=worker,
        traffic=way.traffic,
        built=built,
        outcome=outcome,
        image=worker.agent.image or sandboxes.image,
        hidden=hidden,
        processes=processes,
        sandbox_policy=ctx.blobs.put(enforced) if enforced else None,
        risks=risks,
        used=_used(way.traffic, seen, account, (finished - started).total_seconds()),
        started_at=started,
        finished_at=finished,
    )
    return _proposal(ctx, work, step, before, came)


def _build(
    ctx: RunContext, step: Step, start: GitOid, out: ChangeOut, *, unseen: Sequence[str], protected: Sequence[str]
) -> BuiltTree:
    """The tree that came out, without what the step may not write."""
    return ctx.trees.build(
        start,
        out,
        lambda path: may_read(step.capabilities, path) and not protects(unseen, path),
        lambda path: deny_hidden(unseen, path) or deny_write(step.capabilities, protected, path),
    )


@dataclass(frozen=True, slots=True)
class _Came:
    """What came of an attempt, and what was seen of it."""

    worker: Worker
    traffic: Traffic | None
    built: BuiltTree
    outcome: AgentOutcome
    image: str
    hidden: tuple[str, ...]
    processes: Digest | None
    sandbox_policy: Digest | None
    risks: tuple[AcceptedRisk, ...]
    used: Used
    started_at: datetime
    finished_at: datetime


def _proposal(ctx: RunContext, work: Work, step: Step, before: Proposal | None, came: _Came) -> Proposal:
    tip, worker, traffic = GitOid(work["tip"]), came.worker, came.traffic
    return Proposal(
        run=ctx.run.id,
        step=step.id,
        attempt=work["mine"]["attempt"],
        base_commit=before.base_commit if before else tip,
        base_tree=before.base_tree if before else ctx.trees.tree_of(tip),
        tree=came.built.tree,
        agent=worker.agent.name,
        agent_version=worker.agent.version,
        image=came.image,
        summary=came.outcome.summary,
        transcript=ctx.blobs.put(came.outcome.transcript),
        denials=(*came.built.denials, *came.outcome.denials),
        hidden=came.hidden,
        model=", ".join(traffic.models) if traffic else "",
        traffic=ctx.keep(traffic) if traffic else None,
        processes=came.processes,
        sandbox_policy=came.sandbox_policy,
        people=before.people if before else (),
        written=before.written if before else None,
        mixed=bool(before and before.people),
        risks=came.risks,
        used=came.used,
        started_at=came.started_at,
        finished_at=came.finished_at,
    )


def _tell_left_out(ctx: RunContext, step: Step, attempt: int, hidden: Sequence[str], denials: Sequence[str]) -> None:
    """What the agent was never shown, and what of its change was not taken."""
    if hidden:
        names = ctx.blobs.put("\n".join(hidden).encode())
        ctx.emit(EventKind.AGENT_HIDDEN, "agent", step.id, attempt, count=len(hidden), paths=names)
    if denials:
        told = ctx.blobs.put("\n".join(denials).encode())
        ctx.emit(EventKind.SANDBOX_DENIED, "agent", step.id, attempt, count=len(denials), denials=told)


def _used(traffic: Traffic | None, commands: set[str], seen: Account, seconds: float) -> Used:
    account = traffic or Traffic()
    usage = account.usage
    return Used(
        commands=tuple(sorted(commands)),
        programs=seen.names(),
        hosts=tuple(sorted({x.host for x in account.exchanges if x.kind is TrafficKind.EGRESS})),
        models=account.models,
        requests=usage.requests,
        tokens=usage.input_tokens + usage.output_tokens,
        cost_usd=usage.cost_usd if usage.requests else 0.0,
        egress_kib=-(-usage.egress_bytes // 1024),
        wall_seconds=round(seconds, 1),
        peaks=seen.peaks,
    )


def _request(
    ctx: RunContext, step: Step, work: Work, worker: Worker, *, way: Way, paths: Sequence[str]
) -> SandboxRequest:
    return SandboxRequest(
        key=f"{ctx.run.id}:{step.id}:{work['mine']['attempt']}:agent",
        run=ctx.run.id,
        limits=_limits(ctx, step, work),
        import_roots=import_roots(ctx.profile.source_roots, paths),
        broker=way.lease.mount if way.lease else None,
        image=worker.agent.image,
        packages=ctx.settings.packages or None,
        watched=True,
    )


def _tests(ctx: RunContext, work: Work) -> tuple[str, ...]:
    """The files that the step of tests before this one has changed: closed to who makes them pass."""
    if not work["tests"]:
        return ()
    proposal = ctx.load(Proposal, work["tests"])
    return tuple(file.path for file in ctx.trees.diff(proposal.base_tree, proposal.tree).files)


def _task(ctx: RunContext, work: Work, step: Step, worker: Worker, *, way: Way, known: tuple[str, ...]) -> AgentTask:
    told = (feedback_text(ctx, entry) for entry in work["mine"].get("feedback", []))
    feedback = (*told, *earlier(ctx, step.id))
    requirements = ctx.requirements(step)
    files = relevant_files(ctx, step, GitOid(work["tip"]), worker.agent.hidden)
    prompt = step_prompt(step, requirements, feedback, files, known=known)
    digest = ctx.blobs.put(prompt.encode())
    told_by = {"template": STEP_TEMPLATE, "template_digest": template_digest(STEP_TEMPLATE)}
    told_by["policy"] = ctx.policy.digest()
    ctx.emit(EventKind.AGENT_PROMPT, "agent", step.id, work["mine"]["attempt"], prompt=digest, **told_by)
    return AgentTask(
        run=ctx.run.id,
        step=step,
        attempt=work["mine"]["attempt"],
        requirements=requirements,
        prompt=prompt,
        feedback=feedback,
        model=worker.model,
        lease=way.lease,
        steering=Steers(ctx, step.id),
    )


def _record(ctx: RunContext, step: Step, attempt: int, commands: set[str], event: AgentEvent) -> None:
    if event.kind == "command":
        commands |= {str(word) for word in (event.data.get("argv") or ())[:1]}
    kept = {"tool"} if event.kind in _ERASED else event.data.keys()
    data = {name: value for name, value in event.data.items() if name in kept}
    ctx.emit(EventKind("agent-" + event.kind), "agent", step.id, attempt, **data)
