"""What decisions on one item come to, where one of those who decide is its author."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from orchestrator.models.decision import Decision, ReviewItem, SubjectKind, Verdict
from orchestrator.models.ids import Digest, RunId, sha256
from orchestrator.models.policy import Policy, Principal, Role
from orchestrator.policy import quorum

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SUBJECT, FINDING = (Digest(sha256(word)) for word in (b"tree", b"finding"))
POLICY = Policy(
    version=1,
    expires=NOW,
    roles={"lead": Role(principals=("ann", "bob", "cy")), "security": Role(principals=("ann", "cy"))},
    principals=tuple(Principal(name=n, keyid=n, public_key="") for n in ("ann", "bob", "cy", "dan")),
    lift_roles=("security",),
)


def item(*, findings: tuple[Digest, ...] = (), threshold: int = 1, apart: tuple[str, ...] = ()) -> ReviewItem:
    return ReviewItem(
        id="R1",
        run=RunId("20261122-abc234"),
        node="review",
        kind=SubjectKind.WORK,
        subject=SUBJECT,
        document=SUBJECT,
        findings=findings,
        authors=("ann",),
        apart=apart,
        title="The change",
        role="lead",
        threshold=threshold,
        created_at=NOW,
    )


def said(
    who: str, *lifts: Digest, verdict: Verdict = Verdict.APPROVE, subject: Digest = SUBJECT
) -> tuple[Decision, str]:
    made = Decision(
        item="R1",
        run=RunId("20261122-abc234"),
        kind=SubjectKind.WORK,
        subject=subject,
        document=SUBJECT,
        verdict=verdict,
        lifts=lifts,
        reviewer=who,
        role="lead",
        decided_at=NOW,
    )
    return made, who


def outcome(asked: ReviewItem, *told: tuple[Decision, str]) -> Verdict | None:
    return quorum.outcome(asked, [d for d, _ in told], POLICY, [k for _, k in told])


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([said("ann", FINDING), said("bob")], None),  # who made it lifts what was found in it
        ([said("bob", FINDING)], None),  # bob lifts nothing
        ([said("ann"), said("cy", FINDING)], Verdict.APPROVE),
        ([said("cy", FINDING)], Verdict.APPROVE),
        ([said("cy", SUBJECT)], None),
        ([said("ann", FINDING), said("cy")], None),
    ],
)
def test_no_author_lifts_what_was_found_in_their_own_work(
    told: list[tuple[Decision, str]], expected: Verdict | None
) -> None:
    assert outcome(item(findings=(FINDING,)), *told) is expected


@pytest.mark.parametrize(
    ("asked", "told", "expected"),
    [
        (item(), [said("ann")], None),
        (item(), [said("bob")], Verdict.APPROVE),
        (item(), [said("dan")], None),
        (item(), [said("bob", subject=FINDING)], None),
        (item(), [said("ann"), said("bob", verdict=Verdict.REJECT)], Verdict.REJECT),
        (item(), [said("dan", verdict=Verdict.REJECT), said("bob")], Verdict.APPROVE),
        (item(apart=("bob",)), [said("bob"), said("ann")], None),
        (item(apart=("bob",)), [said("bob", verdict=Verdict.REJECT), said("cy")], Verdict.APPROVE),
        (item(threshold=2), [said("bob"), said("bob")], None),
        (item(threshold=2), [said("ann"), said("bob")], Verdict.APPROVE),
        (item(threshold=3), [said("ann"), said("bob")], None),
    ],
)
def test_who_counts(asked: ReviewItem, told: list[tuple[Decision, str]], expected: Verdict | None) -> None:
    assert outcome(asked, *told) is expected


def test_a_role_of_the_policy_may_want_more_than_the_workflow() -> None:
    two = POLICY.model_copy(update={"roles": {**POLICY.roles, "lead": Role(principals=("bob", "cy"), threshold=2)}})
    told = [said("bob"), said("cy")]
    assert quorum.outcome(item(), [told[0][0]], two, ["bob"]) is None
    assert quorum.outcome(item(), [d for d, _ in told], two, [k for _, k in told]) is Verdict.APPROVE
