from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from review_support import ANN, BOB, EVE, SAM, House, finding, opener, policy, sheet

from orchestrator.errors import UsageError
from orchestrator.models.decision import Verdict

FINDINGS = tuple(finding(f"rule-{n}", line=n + 1) for n in range(3))
PEOPLE = (ANN, BOB, EVE, SAM)
ACTS = st.tuples(
    st.sampled_from(PEOPLE),
    st.sampled_from(Verdict),
    st.sets(st.sampled_from([f.fingerprint for f in FINDINGS])),
    st.sampled_from(["", "because"]),
)


@settings(deadline=None)
@given(
    acts=st.lists(ACTS, max_size=12),
    needed=st.integers(1, 3),
    count=st.integers(0, 3),
    roles=st.sampled_from([("reviewer",), ("security",), ()]),
)
def test_no_order_of_verdicts_approves_what_was_not_lifted_or_lacks_people(acts, needed, count, roles):
    house = House(policy=policy(1, roles))
    house.add(sheet(house.change(findings=FINDINGS[:count])), threshold=needed)
    for person, verdict, lifts, reason in acts:
        try:
            house.reviews(person).decide("item-1", verdict, lifts=tuple(sorted(lifts)), reason=reason)
        except UsageError:
            continue
    if house.index.outcome("item-1") != Verdict.APPROVE:
        return
    given_ = [opener(house.policy)(line) for line in house.index.decisions("item-1")]
    approvers = {d.reviewer for _, d in given_ if d.verdict is Verdict.APPROVE}
    lifters = {p.name for p in PEOPLE if any(house.policy.holds(p.keyid, role) for role in roles)}
    lifted = {f for _, d in given_ if d.reviewer in lifters for f in d.lifts}
    assert len(approvers) >= needed
    assert approvers <= {"ann", "bob", "sam"}
    assert {f.fingerprint for f in FINDINGS[:count]} <= lifted
    assert all(d.verdict is Verdict.APPROVE for _, d in given_)


@settings(deadline=None)
@given(acts=st.lists(ACTS, min_size=1, max_size=12))
def test_the_first_no_ends_it(acts):
    house = House()
    house.add(sheet(house.change(findings=FINDINGS)), threshold=3)
    for person, verdict, lifts, reason in acts:
        closed = house.index.outcome("item-1")
        try:
            decided = house.reviews(person).decide("item-1", verdict, lifts=tuple(lifts), reason=reason)
        except UsageError:
            assert house.index.outcome("item-1") == closed
            continue
        assert closed is None
        if verdict is not Verdict.APPROVE:
            assert decided.outcome is verdict
