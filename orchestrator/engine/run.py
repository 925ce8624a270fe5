"""Advances a run until it waits for a person or a time, or ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from orchestrator.engine import waiting
from orchestrator.engine.channels import state_of, written
from orchestrator.engine.compile import compile_workflow
from orchestrator.engine.context import RunContext
from orchestrator.engine.minutes import put_on_record
from orchestrator.engine.opening import opened
from orchestrator.engine.records import ensure_kept
from orchestrator.engine.state import RunState
from orchestrator.errors import ExitCode, StoreError
from orchestrator.models.decision import ReviewItem, Verdict
from orchestrator.models.ids import Digest
from orchestrator.policy.proof.shape import is_planned

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.types import StateSnapshot

_NODES_PER_ATTEMPT = 10
_SLACK = 200
_OF_A_PROCESS = 20_000


@dataclass(frozen=True, slots=True)
class Ended:
    """The run came to an end node: its exit code, and per step where it stands and why."""

    exit_code: int
    steps: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """The run is parked: state saved, nothing held. ``due_at`` is when the first of its timers fires."""

    items: tuple[ReviewItem, ...]
    due_at: datetime | None = None


def advance(
    ctx: RunContext,
    saver: BaseCheckpointSaver[Any],
    *,
    plan: str | None = None,
    ask: Callable[[ReviewItem], None] | None = None,
) -> Ended | Waiting:
    """Go on from the last checkpoint, or from the start.

    ``plan`` is the digest of a stored plan to use instead of making one. ``ask``
    is called with an undecided item and may let a person decide it; when all are
    still undecided afterwards the run is ``Waiting``. Errors of nodes pass
    through; the checkpoints stay and the run can be resumed.
    """
    from langgraph.types import Command  # noqa: PLC0415  costs start-up

    graph: Any = compile_workflow(ctx.workflow, saver)
    if plan is not None and not is_planned(ctx.workflow):
        plan, verdict = opened(ctx, Digest(plan), ask)
        if isinstance(verdict, ReviewItem):
            return Waiting((verdict,))
        if verdict is not Verdict.APPROVE:
            put_on_record(ctx)
            return Ended(ExitCode.REJECTED, {})
    config: Any = {"configurable": {"thread_id": ctx.run.id}, "recursion_limit": _budget(ctx)}
    snapshot = graph.get_state(config)
    _refuse_strange(ctx, snapshot)
    given: Any = None
    if not snapshot.values:
        first = {"run": ctx.run.id, "tip": ctx.run.base_commit, "workflow": ctx.workflow.digest()}
        given = written({**first, **({"plan": plan} if plan else {})})
    elif _begun(snapshot) and not is_planned(ctx.workflow):
        ensure_kept(ctx, state_of(snapshot.values), snapshot.next[0] if snapshot.interrupts else "")
    while True:
        if given is not None or not snapshot.interrupts:
            told = graph.stream(given, config, context=ctx, durability="sync", stream_mode=[])
            deque(told, maxlen=0)  # nothing is told so: what happened is read from the state
            snapshot = graph.get_state(config)
        if not snapshot.next:
            waiting.close_others(ctx, ())
            put_on_record(ctx)
            return _ended(state_of(snapshot.values))
        here = snapshot.next[0]
        resumed, items = waiting.look(ctx, state_of(snapshot.values), here, ask)
        if resumed is None:
            waiting.close_others(ctx, items)
            return Waiting(items, ctx.timers.due(ctx.run.id))
        given = Command(resume=resumed)


def _begun(snapshot: StateSnapshot) -> bool:
    """Whether there is more than the input that the run was given."""
    return snapshot.metadata is not None and snapshot.metadata.get("step", -1) >= 0


def _refuse_strange(ctx: RunContext, snapshot: StateSnapshot) -> None:
    """State in a form that this version does not know would read as none, and the run would begin anew.

    That of another run is refused too; somebody who also writes this run's name into it is not seen without a key.
    """
    begun = _begun(snapshot)
    if begun and not {"run", "workflow"} <= snapshot.values.get("cursor", {}).keys():
        words = f"The state of run {ctx.run.id} has a form that this version of Handrail does not know."
        raise StoreError("STORE035", words, "go on with the version that began it, or begin a new run")
    if begun and snapshot.values["cursor"]["run"] != ctx.run.id:
        words = f"What lies in the folder of run {ctx.run.id} is the state of another run."
        raise StoreError("STORE036", words, "restore the state folder from a backup, or begin a new run")


def _ended(state: RunState) -> Ended:
    steps = {s: (mine.get("status", ""), mine.get("why", "")) for s, mine in state["steps"].items()}
    return Ended(int(state.get("exit", 1)), steps)


def _budget(ctx: RunContext) -> int:
    """LangGraph's own limit, far above what plan and bounds allow: a guard against a fault of ours."""
    if not is_planned(ctx.workflow):
        return _OF_A_PROCESS
    requirements = max(1, len(ctx.spec.requirements))
    return _SLACK + requirements * 20 * _NODES_PER_ATTEMPT
