"""``gate``: rebuild the proposal on the present tip, then judge exactly that (D1)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from orchestrator.engine.attempts import Attempt, again
from orchestrator.engine.changes import change_on
from orchestrator.engine.context import RunContext
from orchestrator.engine.state import RunState, StepState, Update
from orchestrator.errors import IntegrationConflict
from orchestrator.models.change import Change
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.found import Disposition, GateReport, Result
from orchestrator.models.ids import GitOid
from orchestrator.models.plan import Step
from orchestrator.models.workflow import Node
from orchestrator.policy.verdicts import worst
from orchestrator.ports import Candidate


def gate(ctx: RunContext, state: RunState, node: Node) -> Update:
    """Outcomes: passed, needs-person, again (back to the agent, or out of attempts), error."""
    now, tip = Attempt.current(ctx, state), GitOid(state["tip"])
    try:
        tree = ctx.trees.integrate(now.proposal.base_commit, now.proposal.tree, tip)
    except IntegrationConflict as conflict:
        return _again(ctx, now, [str(conflict), *conflict.details])
    if tree == ctx.trees.tree_of(tip):
        return _again(ctx, now, ["The attempt changed nothing.", *now.proposal.denials])
    if now.proposal.tree in now.mine["trees"]:
        return _again(ctx, now, ["The attempt made the same tree as an earlier one."], final=True)
    change = change_on(ctx, now.proposal, tip, tree)
    reports = ctx.run_gates(node.gates, _candidate(ctx, now.step, change))
    return _verdict(ctx, now, change, reports)


def _candidate(ctx: RunContext, step: Step, change: Change) -> Candidate:
    return Candidate(
        identity=change.identity,
        files=change.files,
        blob=ctx.trees.blob,
        protected=(*ctx.policy.protected_paths, *ctx.profile.protected),
        test_roots=ctx.profile.test_roots,
        granted=step.capabilities,
        names=partial(ctx.trees.names, change.identity.tree),
    )


def _verdict(ctx: RunContext, now: Attempt, change: Change, reports: tuple[GateReport, ...]) -> Update:
    result = worst(r.result for r in reports)
    kept = [ctx.keep(r) for r in reports]
    ctx.emit(EventKind.GATED, "gate", now.step.id, change.attempt, result=result, reports=kept)
    if result is Result.FAILED:
        return _again(ctx, now, (*_sentences(reports), *now.proposal.denials))
    outcome = {Result.PASSED: "passed", Result.NEEDS_PERSON: "needs-person", Result.ERROR: "error"}[result]
    why = "; ".join(f"{r.gate}: {r.reason}" for r in reports if r.result is Result.ERROR)
    record: StepState = {**now.mine, "why": why}
    return {"outcome": outcome, "change": ctx.keep(change), "reports": kept, "steps": {now.step.id: record}}


def _again(ctx: RunContext, now: Attempt, reasons: Iterable[str], *, final: bool = False) -> Update:
    return {**again(ctx, now.step, now.remembered(), reasons, final=final), "outcome": "again"}


def _sentences(reports: Iterable[GateReport]) -> list[str]:
    found = [f for r in reports for f in r.findings if f.disposition in {Disposition.AGENT, Disposition.DENY}]
    return [f"{f.path}:{f.line} {f.rule} {f.message}" + (f" Try: {f.hint}" if f.hint else "") for f in found]
