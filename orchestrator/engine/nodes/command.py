"""``command``: the step's acceptance commands, on the base and on the change, each in a fresh sandbox (D4)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from orchestrator.engine.attempts import Attempt, again
from orchestrator.engine.context import RunContext
from orchestrator.engine.coverage import coverage_of
from orchestrator.engine.execute import CommandResult, cannot_run, result_on_tree
from orchestrator.engine.state import RunState, StepStatus, Update
from orchestrator.errors import LimitReached
from orchestrator.models.change import Change
from orchestrator.models.coverage import Coverage
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.found import Result
from orchestrator.models.gate import AcceptanceReport, AcceptanceRun, Demonstration
from orchestrator.models.ids import GitOid
from orchestrator.models.plan import Acceptance, Step, StepKind

_TAIL_BYTES = 4096
_TIMED_OUT = 124


def command(ctx: RunContext, state: RunState) -> Update:
    """Outcomes: passed, again (back to the agent, or out of attempts or time).

    Without any command the step passes and demonstrates nothing, which is said.
    """
    now, change = Attempt.current(ctx, state), ctx.load(Change, state["change"])
    base = ctx.trees.tree_of(change.identity.tip)
    with ThreadPoolExecutor(1) as beside:
        looked = beside.submit(coverage_of, ctx, now.step, change, [a.argv for a in now.step.acceptance])
        try:
            runs = tuple(acceptance_run(ctx, now.step, a, base, change.identity.tree) for a in now.step.acceptance)
        except LimitReached as limit:
            lost = again(ctx, now.step, now.remembered(), [str(limit)], exhausted=StepStatus.LIMIT, final=True)
            return {**lost, "outcome": "again"}
    return _judged(ctx, now, change, runs, looked.result())


def _judged(
    ctx: RunContext, now: Attempt, change: Change, runs: tuple[AcceptanceRun, ...], coverage: Coverage
) -> Update:
    failed = _failed(now.step, runs)
    environment = ctx.environment(change.identity.tree)
    report = AcceptanceReport(
        change=change.identity,
        image=ctx.sandboxes().image,
        environment=environment.digest if environment else None,
        result=Result.FAILED if failed else Result.PASSED,
        runs=runs,
        coverage=None if failed else coverage,
    )
    digest = ctx.keep(report)
    ctx.emit(EventKind.ACCEPTED, "command", now.step.id, change.attempt, result=report.result, report=digest)
    if failed:
        return {**again(ctx, now.step, now.remembered(), [failure(ctx, r) for r in failed]), "outcome": "again"}
    return {"outcome": "passed", "acceptance": digest}


def _failed(step: Step, runs: tuple[AcceptanceRun, ...]) -> list[AcceptanceRun]:
    """What sends the step back: failures, or of a step of tests every command when none is red."""
    if step.kind is StepKind.TESTS and not any(r.shows is Demonstration.RED for r in runs):
        return list(runs)
    return [r for r in runs if r.shows is Demonstration.FAILED]


def _shows(
    ctx: RunContext, step: Step, argv: tuple[str, ...], before: CommandResult, after: CommandResult
) -> Demonstration:
    if after.exit_code == 0:
        shown = before.exit_code != 0 and step.kind is StepKind.IMPLEMENT
        return Demonstration.DEMONSTRATED if shown else Demonstration.REGRESSION
    began = cannot_run(argv, after.exit_code, ctx.blobs.get(after.output)) is None
    if step.kind is StepKind.TESTS and began and after.exit_code != _TIMED_OUT:
        return Demonstration.RED
    return Demonstration.FAILED


def acceptance_run(ctx: RunContext, step: Step, acceptance: Acceptance, base: GitOid, tree: GitOid) -> AcceptanceRun:
    """One command on the change and on its base."""
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(_before, ctx, step, acceptance, base)
        after = result_on_tree(ctx, step.id, step.capabilities.limits, acceptance.argv, tree)
        before = waiting.result()
    shows = _shows(ctx, step, acceptance.argv, before, after)
    return AcceptanceRun(
        argv=acceptance.argv,
        source=f"{acceptance.source.kind}: {acceptance.source.place}",
        exit_on_base=before.exit_code,
        exit_on_change=after.exit_code,
        shows=shows,
        output=after.output,
        duration_seconds=after.duration_seconds,
    )


def _before(ctx: RunContext, step: Step, acceptance: Acceptance, base: GitOid) -> CommandResult:
    """On the base a command may well never end: that is one way to fail, and the change may be what mends it."""
    try:
        return result_on_tree(ctx, step.id, step.capabilities.limits, acceptance.argv, base)
    except LimitReached as limit:
        return CommandResult(exit_code=_TIMED_OUT, output=ctx.blobs.put(str(limit).encode()), duration_seconds=0.0)


def failure(ctx: RunContext, run: AcceptanceRun) -> str:
    """What the agent is told of it."""
    if run.exit_on_change == 0:
        return f"The command {' '.join(run.argv)} passes before anything is implemented: the new tests show nothing."
    output = ctx.blobs.get(run.output)[-_TAIL_BYTES:].decode(errors="replace")
    base = " and on the base, so it may not work here at all" if run.exit_on_base == run.exit_on_change else ""
    ended = f"The command {' '.join(run.argv)} ended with {run.exit_on_change} on the change{base}."
    return f"{ended}\nIts output ended:\n{output}"
