"""What people said in a process, put on record: their signed decisions, in this writer's log.

They go there when the run ends, each exactly as it was signed. A run that makes a plan leaves the approvals of plan and
changes with its commits; of it only what was said beside them goes here: answers, tasks, decisions on facts and events.
A run that was cancelled has come to no end and leaves none.
"""

from __future__ import annotations

from typing import Final

from orchestrator.engine.context import RunContext
from orchestrator.engine.evidence import evidence_update, log_size, logged
from orchestrator.errors import RepositoryError
from orchestrator.models.decision import SubjectKind
from orchestrator.policy.proof.shape import is_planned

_ATTEMPTS: Final = 8
_MOVED: Final = "REPO020"
_BESIDE_A_PLAN: Final = frozenset({SubjectKind.WORK, SubjectKind.TASK, SubjectKind.ANSWERS, SubjectKind.EVENT})


def put_on_record(ctx: RunContext) -> None:
    """Of a run that has ended, once: after a crash the log is read from where it ended when this was begun first.

    Raises ``RepositoryError`` REPO022 when the log keeps moving.
    """
    key = f"on-record:{ctx.run.id}"
    if ctx.index.effect(key) is not None:
        return
    wanted = _BESIDE_A_PLAN if is_planned(ctx.workflow) else frozenset(SubjectKind)
    items = [item for item, _ in ctx.index.items_of(ctx.run.id) if item.kind in wanted]
    said = [line for item in items for line in ctx.index.decisions(item.id)]
    there = _there_already(ctx) if said else frozenset[bytes]()
    if left := [line for line in dict.fromkeys(said) if line not in there]:
        _append(ctx, left)
    ctx.index.record_effect(key, ctx.blobs.put(str(len(said)).encode()))


def _there_already(ctx: RunContext) -> frozenset[bytes]:
    """What came to this writer's log since this was begun first. Where it ended then is noted before all else."""
    key = f"on-record-after:{ctx.run.id}"
    known = ctx.index.effect(key)
    if known is not None:
        return frozenset(logged(ctx, int(ctx.blobs.get(known))))
    ctx.index.record_effect(key, ctx.blobs.put(str(log_size(ctx)).encode()))
    ctx.index.settle()
    return frozenset()


def _append(ctx: RunContext, lines: list[bytes]) -> None:
    for _ in range(_ATTEMPTS):
        try:
            ctx.trees.update_refs([evidence_update(ctx, lines, ctx.clock.now())])
        except RepositoryError as problem:
            if problem.code != _MOVED:
                raise
        else:
            return
    raise RepositoryError("REPO022", "The evidence branch kept moving.", f"handrail resume {ctx.run.id}")
