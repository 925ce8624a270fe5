"""``command``: the step's acceptance commands, on the base and on the change, each in a fresh sandbox (D4)."""

from __future__ import annotations

from orchestrator.engine.attempts import Attempt, again
from orchestrator.engine.context import RunContext
from orchestrator.engine.state import RunState, StepStatus, Update
from orchestrator.errors import LimitReached
from orchestrator.models.base import Digest, GitOid, Noun, canonical, sha256
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import Change
from orchestrator.models.gate import AcceptanceReport, AcceptanceRun, Demonstration, Result
from orchestrator.models.plan import Acceptance, Step
from orchestrator.ports import SandboxRequest

_TAIL_BYTES = 4096
_TIMED_OUT = 124


class CommandResult(Noun):
    """How one command ended on one tree."""

    exit_code: int
    output: Digest
    duration_seconds: float


def command(ctx: RunContext, state: RunState) -> Update:
    """Outcomes: passed, again (back to the agent, or out of attempts or time).

    Without any command the step passes and demonstrates nothing, which is said.
    """
    now, change = Attempt.current(ctx, state), ctx.load(Change, state["change"])
    base = ctx.trees.tree_of(change.identity.tip)
    try:
        runs = tuple(_run(ctx, now.step, a, base, change.identity.tree) for a in now.step.acceptance)
    except LimitReached as limit:
        lost = again(ctx, now.step, now.remembered(), [str(limit)], exhausted=StepStatus.LIMIT, final=True)
        return {**lost, "outcome": "again"}
    return _judged(ctx, now, change, runs)


def _judged(ctx: RunContext, now: Attempt, change: Change, runs: tuple[AcceptanceRun, ...]) -> Update:
    failed = [r for r in runs if r.shows is Demonstration.FAILED]
    environment = ctx.environment()
    report = AcceptanceReport(
        change=change.identity,
        image=ctx.sandboxes().image,
        environment=environment[0] if environment else None,
        result=Result.FAILED if failed else Result.PASSED,
        runs=runs,
    )
    digest = ctx.keep(report)
    ctx.emit("accepted", "command", now.step.id, change.attempt, result=report.result, report=digest)
    if failed:
        return {**again(ctx, now.step, now.remembered(), [_sentence(ctx, r) for r in failed]), "outcome": "again"}
    return {"outcome": "passed", "acceptance": digest}


def _run(ctx: RunContext, step: Step, acceptance: Acceptance, base: GitOid, tree: GitOid) -> AcceptanceRun:
    after = _result(ctx, step, acceptance, tree)
    before = _before(ctx, step, acceptance, base)
    shows = Demonstration.FAILED
    if after.exit_code == 0:
        shows = Demonstration.REGRESSION if before.exit_code == 0 else Demonstration.DEMONSTRATED
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
        return _result(ctx, step, acceptance, base)
    except LimitReached as limit:
        return CommandResult(exit_code=_TIMED_OUT, output=ctx.blobs.put(str(limit).encode()), duration_seconds=0.0)


def _result(ctx: RunContext, step: Step, acceptance: Acceptance, tree: GitOid) -> CommandResult:
    """Run once per (tree, command, environment, image, limits): the same inputs are not run twice in one store."""
    environment = ctx.environment()
    inputs = [tree, acceptance.argv, environment[0] if environment else "", ctx.sandboxes().image]
    key = "accept:" + sha256(canonical([*inputs, step.capabilities.limits.model_dump()]))
    known = ctx.index.effect(key)
    if known is not None:
        return ctx.load(CommandResult, known)
    result = _execute(ctx, step, acceptance, tree, environment[1] if environment else None)
    ctx.index.record_effect(key, ctx.keep(result))
    return result


def _execute(
    ctx: RunContext, step: Step, acceptance: Acceptance, tree: GitOid, environment: str | None
) -> CommandResult:
    limits = step.capabilities.limits
    request = SandboxRequest(
        key=f"{ctx.run.id}:{step.id}:accept", run=ctx.run.id, limits=limits, environment=environment, open_tree=True
    )
    with ctx.sandboxes().open(request) as sandbox:
        sandbox.copy_in(ctx.trees.entries(tree), ctx.trees.blobs, Capabilities(write=("**",)), ())
        done = sandbox.execute(acceptance.argv, timeout_seconds=limits.wall_seconds)
    return CommandResult(
        exit_code=done.exit_code,
        output=ctx.blobs.put(done.stdout + done.stderr),
        duration_seconds=round(done.duration_seconds, 3),
    )


def _sentence(ctx: RunContext, run: AcceptanceRun) -> str:
    output = ctx.blobs.get(run.output)[-_TAIL_BYTES:].decode(errors="replace")
    return (
        f"The command {' '.join(run.argv)} ended with {run.exit_on_change} on the change. Its output ended:\n{output}"
    )
