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
from orchestrator.models.base import Digest
from orchestrator.models.decision import SubjectKind
from orchestrator.policy.proof.shape import is_planned
from orchestrator.provenance import checkpoint, dsse, log

_ATTEMPTS: Final = 8
_MOVED: Final = "REPO020"
_BESIDE_A_PLAN: Final = frozenset({SubjectKind.WORK, SubjectKind.TASK, SubjectKind.ANSWERS, SubjectKind.EVENT})


def put_on_record(ctx: RunContext) -> None:
    """Of a run that has ended. After a crash it is done again, and what stands there already is left out.

    Raises ``RepositoryError`` REPO022 when the log keeps moving.
    """
    key = f"on-record:{ctx.run.id}"
    if ctx.index.effect(key) is not None:
        return
    wanted = _BESIDE_A_PLAN if is_planned(ctx.workflow) else frozenset(SubjectKind)
    items = [item for item, _ in ctx.index.items_of(ctx.run.id) if item.kind in wanted]
    said = [line for item in items for line in ctx.index.decisions(item.id)]
    if said:
        _append(ctx, list(dict.fromkeys(said)), _earliest(ctx))
    ctx.index.record_effect(key, ctx.blobs.put(str(len(said)).encode()))


def _earliest(ctx: RunContext) -> str:
    """Where in the log this run's lines can lie: at or after its end when they were first to be put there."""
    key = f"on-record-from:{ctx.run.id}"
    known = ctx.index.effect(key)
    if known is None:
        tip = ctx.trees.ref(log.branch(ctx.signer.keyid))
        note = ctx.trees.file(tip, log.HEAD) if tip else None
        size = checkpoint.read(note, ctx.signer.public_key).size if note else 0
        ctx.index.record_effect(key, ctx.blobs.put(log.bundle_path(size).encode()))
        ctx.blobs.flush()  # known before the log moves
        known = ctx.index.effect(key)
    return ctx.blobs.get(Digest(str(known))).decode()


def _append(ctx: RunContext, lines: list[bytes], since: str) -> None:
    for _ in range(_ATTEMPTS):
        stand = _standing(ctx, since)
        left = [line for line in lines if line not in stand]
        if not left:
            return
        try:
            ctx.trees.update_refs([evidence_update(ctx, left, ctx.clock.now())])
        except RepositoryError as problem:
            if problem.code != _MOVED:
                raise
        else:
            return
    raise RepositoryError("REPO022", "The evidence branch kept moving.", f"handrail resume {ctx.run.id}")


def _standing(ctx: RunContext, since: str) -> frozenset[bytes]:
    files = ctx.trees.evidence(log.branch(ctx.signer.keyid), since)
    return frozenset(line for path in files if path.startswith("log/") for line in dsse.lines_of(files[path]))
