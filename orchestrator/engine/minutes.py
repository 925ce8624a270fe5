"""What people said in a process, put on record: their signed decisions, in this writer's log.

They go there when the run ends, each exactly as it was signed. A run that makes a plan leaves the approvals of plan and
changes with its commits; of it only what was said beside them goes here: answers, tasks, decisions on facts and events.
A run that was cancelled has come to no end and leaves none.
"""

from __future__ import annotations

from typing import Final

from orchestrator.engine.context import RunContext
from orchestrator.engine.evidence import evidence_update
from orchestrator.errors import RepositoryError
from orchestrator.models.decision import SubjectKind
from orchestrator.policy.proof.shape import is_planned

_ATTEMPTS: Final = 8
_MOVED: Final = "REPO020"
_BESIDE_A_PLAN: Final = frozenset({SubjectKind.WORK, SubjectKind.TASK, SubjectKind.ANSWERS, SubjectKind.EVENT})


def put_on_record(ctx: RunContext) -> None:
    """Of a run that has ended. After a crash between the two steps it is done again: lines then stand twice.

    Raises ``RepositoryError`` REPO022 when the log keeps moving.
    """
    key = f"on-record:{ctx.run.id}"
    if ctx.index.effect(key) is not None:
        return
    wanted = _BESIDE_A_PLAN if is_planned(ctx.workflow) else frozenset(SubjectKind)
    items = [item for item, _ in ctx.index.items_of(ctx.run.id) if item.kind in wanted]
    said = [line for item in items for line in ctx.index.decisions(item.id)]
    if said:
        _append(ctx, list(dict.fromkeys(said)))
    ctx.index.record_effect(key, ctx.blobs.put(str(len(said)).encode()))


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
