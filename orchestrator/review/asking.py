"""What a decision on an item says of what is asked, whatever is decided. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orchestrator.models.decision import Decision, Verdict
from orchestrator.models.ids import Digest, RequirementId, canonical, sha256
from orchestrator.models.review import ReviewSheet
from orchestrator.review.view import ItemView


def question(view: ItemView, reviewer: str, at: datetime) -> Decision:
    """A decision of this reviewer on the item; verdict, comment and lifts are still to be said."""
    item = view.item
    return Decision(
        item=item.id,
        run=item.run,
        kind=item.kind,
        step=item.step,
        subject=item.subject,
        change=item.change,
        hunks=view.hunks,
        shown=item.shown,
        verdict=Verdict.REJECT,
        reviewer=reviewer,
        role=item.role,
        document=item.document,
        diff=_diff_digest([part.change.diff for part in view.diffs]),
        requirements=_requirements(view.sheet),
        decided_at=at,
    )


def _diff_digest(diffs: Sequence[Digest]) -> Digest | None:
    """Of the one diff shown; of several, of the list of their digests."""
    if not diffs:
        return None
    return diffs[0] if len(diffs) == 1 else sha256(canonical(list(diffs)))


def _requirements(sheet: ReviewSheet) -> tuple[RequirementId, ...]:
    shown = [*sheet.requirements, *(r for part in sheet.changes for r in part.requirements)]
    return tuple(dict.fromkeys(r.id for r in shown))
