"""``command`` with its own arguments: on the change in hand, or on the line when there is none."""

from __future__ import annotations

from orchestrator.engine.changes import change_on
from orchestrator.engine.context import RunContext
from orchestrator.engine.coverage import coverage_of
from orchestrator.engine.execute import result_on_tree
from orchestrator.engine.grants import grant_of
from orchestrator.engine.nodes.command import acceptance_run, failure
from orchestrator.engine.nodes.effect import act
from orchestrator.engine.nodes.told import failed_command, in_hand, process_step
from orchestrator.engine.state import RunState, Update
from orchestrator.errors import IntegrationConflict, LimitReached
from orchestrator.models.change import Change
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.found import Result
from orchestrator.models.gate import AcceptanceReport, AcceptanceRun, Demonstration
from orchestrator.models.ids import GitOid
from orchestrator.models.plan import Acceptance, Source, SourceKind
from orchestrator.models.workflow import Node

FAILED, PASSED = "failed", "passed"


def argv(ctx: RunContext, state: RunState, node: Node, name: str) -> Update:
    """Outcomes: passed (exit 0), failed."""
    if node.effect is not None:
        return act(ctx, state, node, name)
    proposal = in_hand(ctx, state)
    if proposal is None:
        return {"outcome": _on_the_line(ctx, state, node, name)}
    tip = GitOid(state["tip"])
    try:
        tree = ctx.trees.integrate(proposal.base_commit, proposal.tree, tip)
        return _on_the_change(ctx, state, node, name, change_on(ctx, proposal, tip, tree))
    except (IntegrationConflict, LimitReached) as problem:
        return {"outcome": FAILED, **failed_command(ctx, state, "\n".join([str(problem), *problem.details]))}


def _on_the_line(ctx: RunContext, state: RunState, node: Node, name: str) -> str:
    try:
        done = result_on_tree(ctx, name, grant_of(ctx, node).limits, node.argv, ctx.trees.tree_of(GitOid(state["tip"])))
    except LimitReached as limit:
        ctx.emit(EventKind.COMMAND, name, why=str(limit))
        return FAILED
    ctx.emit(EventKind.COMMAND, name, exit_code=done.exit_code, output=done.output)
    return PASSED if done.exit_code == 0 else FAILED


def _on_the_change(ctx: RunContext, state: RunState, node: Node, name: str, change: Change) -> Update:
    step = process_step(ctx, state)
    wanted = Acceptance(argv=node.argv, source=Source(kind=SourceKind.WORKFLOW, place=name))
    base = ctx.trees.tree_of(change.identity.tip)
    run = acceptance_run(ctx, step, wanted, base, change.identity.tree)
    environment = ctx.environment(change.identity.tree)
    runs = (*(r for r in _earlier(ctx, state, change) if r.argv != node.argv), run)
    failed = any(r.shows is Demonstration.FAILED for r in runs)
    report = AcceptanceReport(
        change=change.identity,
        image=ctx.sandboxes().image,
        environment=environment.digest if environment else None,
        result=Result.FAILED if failed else Result.PASSED,
        runs=runs,
        coverage=None if failed else coverage_of(ctx, step, change, [r.argv for r in runs]),
    )
    digest = ctx.keep(report)
    ctx.emit(EventKind.ACCEPTED, name, step.id, change.attempt, result=report.result, report=digest)
    update: Update = {"change": ctx.keep(change), "acceptance": digest}
    if run.shows is Demonstration.FAILED:
        return {**update, "outcome": FAILED, **failed_command(ctx, state, failure(ctx, run))}
    return {**update, "outcome": PASSED}


def _earlier(ctx: RunContext, state: RunState, change: Change) -> tuple[AcceptanceRun, ...]:
    """What other commands have shown of this very change."""
    known = state.get("acceptance")
    report = ctx.load(AcceptanceReport, known) if known else None
    return report.runs if report is not None and report.change == change.identity else ()
