"""What people said in a process, put on record: their signed decisions, in this writer's log.

A run that makes a plan leaves them with its commits. A process may end without any commit; then they go there alone, at
its end, each exactly as it was signed. A run that was cancelled has come to no end and leaves none.
"""

from __future__ import annotations

from typing import Final

from orchestrator.engine.context import RunContext
from orchestrator.engine.evidence import evidence_update
from orchestrator.errors import RepositoryError
from orchestrator.policy.proof.shape import is_planned

_ATTEMPTS: Final = 8
_MOVED: Final = "REPO020"


def put_on_record(ctx: RunContext) -> None:
    """Of a process that has ended. After a crash between the two steps it is done again: lines then stand twice.

    Raises ``RepositoryError`` REPO022 when the log keeps moving.
    """
    key = f"on-record:{ctx.run.id}"
    if is_planned(ctx.workflow) or ctx.index.effect(key) is not None:
        return
    said = [line for item, _ in ctx.index.items_of(ctx.run.id) for line in ctx.index.decisions(item.id)]
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
