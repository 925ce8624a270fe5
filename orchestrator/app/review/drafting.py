"""A decision that cannot be signed or stored now is kept, and sent when it can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from orchestrator.app.clock import SystemClock
from orchestrator.errors import HandrailError, StoreError
from orchestrator.models.decision import Verdict
from orchestrator.models.review import Draft
from orchestrator.review.marks import find_findings
from orchestrator.review.service import Reviews
from orchestrator.review.view import Decided
from orchestrator.store.drafting import Drafts
from orchestrator.store.layout import StateLayout, state_home
from orchestrator.vcs.repository import find

_KEY = "KEY"
_BROKEN_SIGNATURE = "REV013"


def drafts(folder: Path) -> Drafts:
    """Of the repository in or above a folder. Opens no database."""
    return Drafts(StateLayout(state_home() / find(folder).id).root)


def is_kept(problem: HandrailError) -> bool:
    """Whether what went wrong is the key or the store and not the decision."""
    return isinstance(problem, StoreError) or problem.code.startswith(_KEY) or problem.code == _BROKEN_SIGNATURE


@contextmanager
def kept_otherwise(where: Drafts, item: str, verdict: Verdict, *, reason: str, lifts: Sequence[str]) -> Iterator[None]:
    """Keep the decision as a draft when it can be neither signed nor stored; the error says so.

    Raises what happens inside. Nothing is kept of a decision that a rule refuses. The draft of the item is dropped once
    its decision is stored.
    """
    try:
        yield
    except HandrailError as problem:
        if not is_kept(problem):
            raise
        made = Draft(item=item, verdict=verdict, reason=reason, lifts=tuple(lifts), at=SystemClock().now())
        where.keep(made)
        words = f"{problem.message} Your decision is kept as a draft."
        hint = f"{problem.hint}; then: handrail review send {item}"
        raise type(problem)(problem.code, words, hint, problem.details) from problem
    where.drop(item)


def decide(
    reviews: Reviews,
    item: str,
    verdict: Verdict,
    *,
    reason: str,
    lifts: Sequence[str],
    seconds_on_screen: float | None = None,
) -> Decided:
    """As :meth:`Reviews.decide`, with findings named as they are typed; an approval signs prepared waivers too.

    Raises also ``UsageError`` REV022 for a name that is not of one finding.
    """
    view = reviews.view(item)
    named = find_findings(view, lifts)
    if verdict is Verdict.APPROVE:
        named = tuple(dict.fromkeys((*named, *reviews.marks.waivers(view))))
    return reviews.decide(item, verdict, reason=reason, lifts=named, seconds_on_screen=seconds_on_screen)


def send(where: Drafts, reviews: Reviews, item: str) -> Decided:
    """Sign and store the decision that was kept on an item; its draft stays until it is stored.

    Raises as :func:`decide`, and ``UsageError`` REV044 when there is none.
    """
    kept = where.of(item)
    with kept_otherwise(where, item, kept.verdict, reason=kept.reason, lifts=kept.lifts):
        return decide(reviews, item, kept.verdict, reason=kept.reason, lifts=kept.lifts)


def listed(folder: Path) -> tuple[Draft, ...]:
    """What waits to be sent, oldest first."""
    return drafts(folder).all()


def dropped(folder: Path, item: str) -> None:
    """Forget a draft. Raises ``UsageError`` REV044 when there is none."""
    found = drafts(folder)
    found.drop(found.of(item).item)
