"""Owning a run: the lease, signals, cancellation, and what is written down when it stops."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from orchestrator.app.project import Project
from orchestrator.app.room import room
from orchestrator.app.runs.scratch import scratch
from orchestrator.app.signals import signals
from orchestrator.engine.came import ill_end
from orchestrator.engine.context import RunContext
from orchestrator.engine.halting import halted
from orchestrator.engine.run import Ended, Waiting, advance
from orchestrator.errors import ExitCode, HandrailError, Interrupted, LimitReached, RunBusy, StoreError
from orchestrator.models.decision import ReviewItem
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import RunId
from orchestrator.models.run import Run, RunStatus
from orchestrator.models.workflow import NodeKind
from orchestrator.policy.proof.shape import is_planned
from orchestrator.store.owning import Owner

_POLL_SECONDS = 0.25
_THEN = "resume the run"
_ENDINGS = {
    ExitCode.DONE: RunStatus.DONE,
    ExitCode.GATE_REFUSED: RunStatus.REFUSED,
    ExitCode.REJECTED: RunStatus.REJECTED,
    ExitCode.LIMIT: RunStatus.LIMIT,
}


def drive(
    project: Project,
    ctx: RunContext,
    abort: Callable[[], None],
    *,
    plan: str | None = None,
    ask: Callable[[ReviewItem], None] | None = None,
) -> Ended | Waiting:
    """Advance a run as its only owner.

    ``abort`` ends every live sandbox at once; it is called when the run is
    cancelled or halted or this process is told to stop. Raises ``RunBusy`` when another
    process owns the run (RUN002) or took it over while this one stalled (RUN014), ``Interrupted`` on
    cancellation, SIGINT or SIGTERM, ``LimitReached`` (HALT001) while an order to halt stands that is about it,
    ``StoreError`` (STORE022) where the disk was full or read-only for a file that is nobody's in particular.
    Whatever is raised, the run's row says why and whether it can go on; but after RUN014 that row is another's.
    """
    folder = project.layout.run(ctx.run.id)
    with room(_THEN), project.owners.own(ctx.run.id) as owner, _stopping(project, ctx, owner, abort) as stop:
        _note(project, ctx.run.id, RunStatus.RUNNING, "")
        try:
            # The folder is gone before the run's end is on record: after that nobody comes to take it away.
            with room(_THEN), scratch(folder):
                project.blobs.sweep()
                _refuse_halted(ctx, stop)
                with owner.checkpoints(project.state_key) as saver:
                    result = advance(ctx, saver, plan=plan, ask=ask)
        except BaseException as problem:
            if stop.lost or owner.lost:
                project.index.forget_staged()
                raise stop.lost or owner.lost or problem from problem
            told = Interrupted("RUN003", stop.reason, f"handrail resume {ctx.run.id}") if stop.reason else None
            said = stop.halt or told
            _stopped(project, ctx.run.id, said or problem, cancelled=stop.cancelled)
            if said is not None:
                raise said from problem
            raise
        _settled(project, ctx, result)
        return result


class _Stop:
    """Why this process must stop, if it must."""

    def __init__(self) -> None:
        self.reason = ""
        self.cancelled = False
        self.halt: LimitReached | None = None
        self.lost: RunBusy | None = None


def _refuse_halted(ctx: RunContext, stop: _Stop) -> None:
    """A run that only waits comes to no node: it is asked before, not only on the way."""
    stop.halt = halted(ctx)
    if stop.halt is not None:
        raise stop.halt


@contextmanager
def _stopping(project: Project, ctx: RunContext, owner: Owner, abort: Callable[[], None]) -> Iterator[_Stop]:
    stop, over, run = _Stop(), threading.Event(), ctx.run.id

    def on_signal(number: int, _frame: FrameType | None) -> None:
        if stop.reason:
            return  # it stops already, within seconds; a second one must not break that off
        stop.reason = f"Stopped by {signal.Signals(number).name}; the run can be resumed."
        abort()
        raise KeyboardInterrupt

    def watch() -> None:
        while not over.wait(_POLL_SECONDS):
            stop.lost = owner.lost
            if stop.lost is not None:
                abort()
                return
            with contextlib.suppress(StoreError):  # the owner meets the same trouble, and tells it
                project.index.flush()  # so that others see what happens while an agent is quiet
                if project.index.asked(run).cancel:
                    stop.reason, stop.cancelled = f"Run {run} was cancelled.", True
                    abort()
                    return
                stop.halt = halted(ctx)
                if stop.halt is not None:
                    abort()
                    return

    thread = threading.Thread(target=watch, name="cancel", daemon=True)
    with signals(on_signal):
        thread.start()
        try:
            yield stop
        finally:
            over.set()
            thread.join()


def _stopped(project: Project, run: RunId, problem: BaseException, *, cancelled: bool) -> None:
    status = RunStatus.CANCELLED if cancelled else RunStatus.STOPPED
    words = "cancelled" if cancelled else str(problem) or type(problem).__name__
    with contextlib.suppress(StoreError):  # a full disk: the first error is the one to tell
        _note(project, run, status, words, problem.exit_code if isinstance(problem, HandrailError) else None)


def _settled(project: Project, ctx: RunContext, result: Ended | Waiting) -> None:
    run = ctx.run.id
    if isinstance(result, Waiting):
        waits = [
            f"waits for {'an' if item.role[0] in 'aeiou' else 'a'} {item.role}: {item.title}" for item in result.items
        ]
        words = "; ".join(waits) or f"waits until {result.due_at and result.due_at.isoformat(timespec='seconds')}"
        _note(project, run, RunStatus.WAITING, words[:500])
        return
    code = ExitCode(result.exit_code)
    lost = [f"{step} {status}: {why}" for step, (status, why) in result.steps.items() if status != "merged"]
    told = lost if is_planned(ctx.workflow) else [_end_of(ctx), *lost]
    _note(project, run, _ENDINGS.get(code, RunStatus.FAILED), "; ".join(filter(None, told))[:500], code)


def _end_of(ctx: RunContext) -> str:
    """The sentence of the end that a process came to, and of which node led there where all is not well."""
    passed = [e for _, e in ctx.index.events(ctx.run.id) if e.kind is EventKind.TRANSITION]
    node = ctx.workflow.nodes.get(str(passed[-1].node)) if passed else None
    if node is None or node.kind is not NodeKind.END:
        return ""
    before, outcome = (str(passed[-1].data[name]) for name in ("before", "outcome"))
    told = ill_end(ctx, before, outcome) or f"{before}: {outcome}"
    return f"{node.title} ({told})" if node.exit else node.title


def _note(project: Project, run: RunId, status: RunStatus, message: str, code: int | None = None) -> Run:
    found = project.index.run(run)
    update = {"status": status, "message": message, "exit_code": code, "updated_at": project.clock.now()}
    changed = found.model_copy(update=update)
    project.index.save_run(changed)
    return changed
