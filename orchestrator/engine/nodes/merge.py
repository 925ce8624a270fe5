"""``merge``: check everything once more, then one compare-and-swap of the line, with its evidence beside it.

The branch and the evidence move in one git transaction: there is no merged
commit without evidence. A crash at any point is harmless: the commit is a
function of recorded inputs, so doing it again gives the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orchestrator.engine import items
from orchestrator.engine.authorize import authorize
from orchestrator.engine.context import RunContext
from orchestrator.engine.evidence import change_lines, evidence_update, monitor_line, proof_line
from orchestrator.engine.state import RunState, StepState, StepStatus, Update
from orchestrator.errors import RepositoryError
from orchestrator.models.change import Proposal
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.review import ChangeSheet
from orchestrator.models.workflow import Line, Node
from orchestrator.ports import RefUpdate

_EVIDENCE_ATTEMPTS = 8
_MOVED = "REPO020"


def merge(ctx: RunContext, state: RunState, node: Node) -> Update:
    """Outcomes: merged, moved (somebody else moved the line; the tip is now theirs)."""
    if node.line is Line.STACK:
        return _stack(ctx, state)
    return _publish_stack(ctx, state) if state.get("stack") else _land(ctx, state)


def _land(ctx: RunContext, state: RunState) -> Update:
    sheet = items.change_sheet(ctx, state)
    asked = items.approving(ctx, state, sheet)
    decisions = [line for item in asked for line in ctx.index.decisions(item)]
    authorize(ctx, [sheet], asked)
    when = _instant(ctx, f"merge:{ctx.run.id}:{sheet.change.digest()}")
    commit = _commit(ctx, sheet, when)
    told = [*_first_lines(ctx, state, when), monitor_line(ctx, GitOid(state["tip"]), commit, when)]
    lines = [*told, *change_lines(ctx, state["plan"], sheet, commit, when), *decisions]
    tip = _publish(ctx, GitOid(state["tip"]), commit, lines, when)
    if tip != commit:
        return {"outcome": "moved", "tip": tip}
    return {"outcome": "merged", "tip": commit, **_landed(ctx, state, sheet, commit, StepStatus.MERGED)}


def _stack(ctx: RunContext, state: RunState) -> Update:
    sheet = items.change_sheet(ctx, state)
    authorize(ctx, [sheet], None)
    commit = _commit(ctx, sheet, _instant(ctx, f"merge:{ctx.run.id}:{sheet.change.digest()}"))
    stack = [*state.get("stack", []), commit]
    landed = _landed(ctx, state, sheet, commit, StepStatus.STACKED)
    return {"outcome": "merged", "tip": commit, "stack": stack, **landed}


def _publish_stack(ctx: RunContext, state: RunState) -> Update:
    sheets = items.stacked_sheets(ctx, state)
    name = next(n for n, node in ctx.workflow.nodes.items() if node.reviews == "run")
    item = state["items"][name]
    decisions = ctx.index.decisions(item)
    authorize(ctx, sheets, [item])
    when = _instant(ctx, f"publish:{ctx.run.id}:{item}")
    changes = [
        line
        for sheet, commit in zip(sheets, state["stack"], strict=True)
        for line in change_lines(ctx, state["plan"], sheet, GitOid(commit), when)
    ]
    commit = GitOid(state["stack"][-1])
    told = [*_first_lines(ctx, state, when), monitor_line(ctx, ctx.run.base_commit, commit, when)]
    lines = [*told, *changes, *decisions]
    tip = _publish(ctx, ctx.run.base_commit, commit, lines, when)
    if tip != commit:
        return {"outcome": "moved", "tip": tip}
    steps: dict[str, StepState] = {
        s.step.id: {**state["steps"][s.step.id], "status": StepStatus.MERGED} for s in sheets
    }
    return {"outcome": "merged", "tip": commit, "steps": steps}


def _landed(ctx: RunContext, state: RunState, sheet: ChangeSheet, commit: GitOid, status: StepStatus) -> Update:
    kept = ctx.keep(sheet.model_copy(update={"commit": commit}))
    record: StepState = {**state["steps"][sheet.step.id], "status": status, "commit": commit, "sheet": kept}
    ctx.emit(EventKind("step-" + status), "merge", sheet.step.id, sheet.change.attempt, commit=commit)
    return {"steps": {sheet.step.id: record}}


def _commit(ctx: RunContext, sheet: ChangeSheet, when: datetime) -> GitOid:
    identity, made = sheet.change.identity, ctx.load(Proposal, sheet.change.proposal)
    return ctx.trees.commit(identity.tree, identity.tip, _message(sheet, made), made.agent, when)


def _message(sheet: ChangeSheet, made: Proposal) -> str:
    """The title and what the commit is for, by name: a sentence of the spec in a commit could never be erased (D13)."""
    trailers = [
        f"Handrail-Change: {sheet.change.digest()}",
        *(f"Requirement: {r.id}" for r in sheet.requirements),
        *([f"Assisted-by: {made.agent}/{made.agent_version}"] if made.image else []),
    ]
    return f"{sheet.step.title}\n\n" + "\n".join(trailers) + "\n"


def _instant(ctx: RunContext, key: str) -> datetime:
    """The time of an effect: taken once, the same for ever after."""
    known = ctx.index.effect(key)
    if known is None:
        ctx.index.record_effect(key, ctx.blobs.put(ctx.clock.now().isoformat(timespec="seconds").encode()))
        known = ctx.index.effect(key)
    return datetime.fromisoformat(ctx.blobs.get(Digest(str(known))).decode())


def _first_lines(ctx: RunContext, state: RunState, when: datetime) -> Sequence[bytes]:
    """The workflow's proof and the signed approval of the plan go with the first commit of the run."""
    if GitOid(state["tip"]) != ctx.run.base_commit and not state.get("stack"):
        return []
    name = next((n for n, node in ctx.workflow.nodes.items() if node.reviews == "plan"), None)
    item = state["items"][name] if name else items.opening_id(ctx, state["plan"])
    return [proof_line(ctx, when), *ctx.index.decisions(item)]


def _publish(ctx: RunContext, old: GitOid, commit: GitOid, lines: Sequence[bytes], when: datetime) -> GitOid:
    """The line's tip afterwards: ``commit``, or what somebody else put there."""
    for _ in range(_EVIDENCE_ATTEMPTS):
        present = ctx.trees.ref(ctx.run.run_ref)
        if present == commit:
            return commit
        if (present or ctx.run.base_commit) != old:
            return present or ctx.run.base_commit
        try:
            evidence = evidence_update(ctx, lines, when)
            ctx.blobs.flush()
            ctx.trees.update_refs([RefUpdate(ctx.run.run_ref, commit, present), evidence])
        except RepositoryError as problem:
            if problem.code != _MOVED:
                raise
        else:
            return commit
    raise RepositoryError("REPO022", "The evidence branch kept moving.", f"handrail resume {ctx.run.id}")
