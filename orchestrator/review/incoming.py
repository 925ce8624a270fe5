"""A decision that somebody made elsewhere: whether they could have made it here, of what is asked here."""

from __future__ import annotations

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.decision import Decision, Verdict
from orchestrator.models.ids import Digest
from orchestrator.models.policy import Policy
from orchestrator.models.review import Comment
from orchestrator.review import rules
from orchestrator.review.escape import escape
from orchestrator.review.service import Reviews
from orchestrator.review.view import ItemView

_OWN = frozenset({"verdict", "reviewer", "comment", "lifts", "decided_at"})
"""What a reviewer says. All else of a decision is what was asked, and must be word for word what is asked here."""


def check(reviews: Reviews, policy: Policy, keyid: str, decision: Decision, comment: Comment | None) -> ItemView:
    """Raise what :meth:`Reviews.decide` would have raised, or ``EvidenceInvalid``.

    REM030: it is about something else than what is asked. REM031: its comment is not the one that was signed, or
    is another's. REM036: it keeps a time on screen, which the policy does not ask for. Checked before: its signature.
    """
    view = reviews.view(decision.item)
    _same_question(reviews, view, decision)
    _same_comment(decision, comment)
    _no_time_unasked(policy, decision, comment)
    reviews.ensure_open(view, keyid)
    rules.may_decide(view.item, policy, keyid, decision.reviewer)
    rules.another_than_the_author(view.item, policy, decision.reviewer, decision.verdict)
    words = rules.text(comment.text) if comment else ""
    rules.reason(decision.verdict, words)
    rules.fits(view.item, view.sheet, decision.verdict, words)
    rules.lifts(view, policy, keyid, decision.verdict, decision.lifts)
    if comment is not None:
        rules.in_force(comment.waivers, decision.decided_at)
    if decision.verdict is Verdict.APPROVE:
        rules.sound(view)
    return view


def _same_question(reviews: Reviews, view: ItemView, decision: Decision) -> None:
    asked = reviews.question(view).model_dump()
    said = decision.model_dump()
    differs = sorted(name for name in asked if name not in _OWN and asked[name] != said[name])
    if differs:
        raise EvidenceInvalid(
            "REM030",
            f"A decision of {escape(decision.reviewer)} is about another {', '.join(differs)} than what is asked.",
            "have it decided again on what waits now: handrail review inbox",
        )


def _same_comment(decision: Decision, comment: Comment | None) -> None:
    digest: Digest | None = comment.digest() if comment else None
    wrong = comment is not None and (comment.item, comment.reviewer) != (decision.item, decision.reviewer)
    if digest != decision.comment or wrong:
        raise EvidenceInvalid(
            "REM031",
            f"The comment of {escape(decision.reviewer)} is not the one that was signed.",
            "ask them to push it again",
        )


def _no_time_unasked(policy: Policy, decision: Decision, comment: Comment | None) -> None:
    """Nobody's time is kept here because somebody else's program wrote it down (D13)."""
    if comment is None or comment.seconds_on_screen is None or policy.keep_review_times:
        return
    raise EvidenceInvalid(
        "REM036",
        f"A decision of {escape(decision.reviewer)} says how long they looked, and the policy does not keep that.",
        "ask them to decide again with a Handrail that reads this policy",
    )
