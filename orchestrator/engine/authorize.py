"""The last check before a line moves: everything that was said, read again from the store, of exactly this change."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.engine.context import RunContext
from orchestrator.errors import EvidenceInvalid
from orchestrator.models.change import Change, ChangeIdentity
from orchestrator.models.decision import ReviewItem, Verdict
from orchestrator.models.found import Result
from orchestrator.models.ids import Digest
from orchestrator.models.plan import ReviewMode
from orchestrator.models.review import ChangeSheet
from orchestrator.policy import quorum, verdicts


def authorize(ctx: RunContext, sheets: Sequence[ChangeSheet], items: Sequence[str] | None) -> None:
    """Raises ``EvidenceInvalid`` (EVID010 …) unless gates, acceptance and approval are of these very trees.

    ``items`` are the review items whose decisions approve them; ``None`` for a
    change that is stacked and approved later.
    """
    for sheet in sheets:
        _checked(ctx, sheet)
    if items is not None:
        _approved(ctx, sheets, [ctx.index.item(item) for item in items])


def _checked(ctx: RunContext, sheet: ChangeSheet) -> None:
    identity = sheet.change.identity
    if ctx.trees.manifest(identity.tree) != identity.manifest:
        raise _refused("EVID010", sheet, "its tree is not the one that was judged")
    wanted = {g for n in ctx.workflow.nodes.values() for g in n.gates} | set(ctx.policy.required_gates)
    missing = wanted - {r.gate for r in sheet.reports if r.change == identity}
    if missing:
        raise _refused("EVID011", sheet, f"no report of {', '.join(sorted(missing))} is of this tree")
    if verdicts.worst(r.result for r in sheet.reports) not in {Result.PASSED, Result.NEEDS_PERSON}:
        raise _refused("EVID012", sheet, "a gate did not pass")
    tested = sheet.acceptance
    if tested is None and not ctx.workflow.needs.tests:
        return
    if tested is None or tested.change != identity or tested.result is not Result.PASSED:
        raise _refused("EVID013", sheet, "its acceptance commands did not pass on this tree")


def _approved(ctx: RunContext, sheets: Sequence[ChangeSheet], items: Sequence[ReviewItem]) -> None:
    lifted: set[Digest] = set()
    for item in items:
        opened = [ctx.open_decision(line) for line in ctx.index.decisions(item.id)]
        verdict = quorum.outcome(item, [d for _, d in opened], ctx.policy, [k for k, _ in opened])
        if verdict is not Verdict.APPROVE:
            raise _refused("EVID014", sheets[-1], f"nobody entitled has approved it as {item.role}")
        if item.change is None or not _covers(ctx, item.change, sheets):
            raise _refused("EVID015", sheets[-1], "the approval is of another tree or tip")
        lifted |= {digest for _, decision in opened for digest in decision.lifts}
    missing = set(ctx.workflow.needs.roles) - {item.role for item in items}
    if missing or not items:
        raise _refused("EVID014", sheets[-1], f"nobody has approved it as {', '.join(sorted(missing)) or 'a reviewer'}")
    if not set(verdicts.to_lift(r for s in sheets for r in s.reports)) <= lifted:
        raise _refused("EVID016", sheets[-1], "a finding that needs a person was not lifted")


def _covers(ctx: RunContext, approved: ChangeIdentity, sheets: Sequence[ChangeSheet]) -> bool:
    last = sheets[-1].change.identity
    each = ctx.settings.review is ReviewMode.EACH_STEP
    tip = last.tip if each else ctx.run.base_commit
    return (approved.target_ref, approved.tip, approved.tree) == (ctx.run.run_ref, tip, last.tree)


def _refused(code: str, sheet: ChangeSheet, why: str) -> EvidenceInvalid:
    change: Change = sheet.change
    return EvidenceInvalid(code, f"Step {change.step} cannot be merged: {why}.", f"handrail show {change.run}")
