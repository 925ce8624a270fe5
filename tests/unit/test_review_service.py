from __future__ import annotations

from datetime import timedelta

import pytest
from review_support import (
    ANN,
    BOB,
    DIFF,
    EVE,
    HUNKS,
    NOW,
    RUN,
    SAM,
    House,
    acceptance,
    finding,
    identity,
    plan_sheet,
    policy,
    report,
    run,
    sheet,
)

from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.found import Disposition, Result
from orchestrator.models.gate import Demonstration
from orchestrator.models.ids import sha256
from orchestrator.models.review import Comment
from orchestrator.models.run import RunStatus


def house_with(*findings, threshold=1, **rest):
    house = House(policy=policy(threshold, rest.pop("lift_roles", ("reviewer",))))
    house.add(sheet(house.change(findings=findings, **rest)))
    return house


def refused(code, reviews, *args, **rest):
    with pytest.raises(UsageError) as caught:
        reviews.decide("item-1", *args, **rest)
    assert caught.value.code == code
    assert caught.value.hint
    return caught.value


def test_a_decision_names_the_change_everything_shown_and_every_hunk():
    house = house_with()
    decided = house.reviews().decide("item-1", Verdict.APPROVE, reason="reads well")
    item, decision = house.index.item("item-1"), decided.decision
    assert decided.outcome is Verdict.APPROVE
    assert house.index.outcome("item-1") == "approve"
    assert (decision.subject, decision.change) == (item.subject, item.change)
    assert decision.hunks == tuple(h.id for h in HUNKS)
    assert decision.shown == item.shown
    assert (decision.reviewer, decision.role, decision.decided_at) == ("ann", "reviewer", NOW)
    assert Comment.model_validate_json(house.blobs.get(decision.comment)).text == "reads well"


def test_the_view_holds_the_exact_diff_and_what_must_be_lifted():
    first, second = finding(), finding("deleted-test", path="tests/test_a.py")
    note = finding("style", Disposition.NOTE, path="shop/search.py")
    view = house_with(note, first, second, first).reviews().view("item-1")
    assert [d.text for d in view.diffs] == [DIFF]
    assert view.to_lift == (first, second)
    assert [f.rule for f in view.findings] == ["protected-path", "deleted-test", "protected-path", "style"]
    assert view.acceptance[0].shows is Demonstration.DEMONSTRATED


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.REQUEST_CHANGES])
def test_no_without_a_reason_is_refused(verdict):
    house = house_with()
    refused("REV001", house.reviews(), verdict)
    refused("REV001", house.reviews(), verdict, reason=" \n\t ")
    assert house.index.decisions("item-1") == ()
    decided = house.reviews().decide("item-1", verdict, reason="Keep the limit.")
    assert decided.outcome is verdict
    assert house.reviews().reasons("item-1") == ("Keep the limit.",)


def test_each_finding_for_a_person_must_be_named():
    first, second = finding(), finding("deleted-test", path="tests/test_a.py", line=0)
    house = house_with(first, second)
    error = refused("REV002", house.reviews(), Verdict.APPROVE, lifts=[first.fingerprint])
    assert len(error.details) == 1
    assert error.details[0].startswith(f"{second.fingerprint} deleted-test tests/test_a.py:0")
    both = [first.fingerprint, second.fingerprint, first.fingerprint]
    assert house.reviews().decide("item-1", Verdict.APPROVE, lifts=both).decision.lifts == tuple(both[:2])


def test_what_is_no_finding_of_the_item_cannot_be_lifted():
    denied = finding("gitlink", Disposition.DENY)
    house = house_with(denied)
    refused("REV003", house.reviews(), Verdict.APPROVE, lifts=[denied.fingerprint])
    refused("REV003", house.reviews(), Verdict.APPROVE, lifts=[sha256(b"other")])
    refused("REV014", house.reviews(), Verdict.REJECT, reason="no", lifts=[sha256(b"other")])


def test_only_a_role_that_the_policy_names_lifts():
    first = finding()
    house = house_with(first, lift_roles=("security",))
    refused("REV012", house.reviews(ANN), Verdict.APPROVE, lifts=[first.fingerprint])
    assert house.reviews(ANN).decide("item-1", Verdict.APPROVE).outcome is None
    refused("REV002", house.reviews(SAM), Verdict.APPROVE)
    assert house.reviews(SAM).decide("item-1", Verdict.APPROVE, lifts=[first.fingerprint]).outcome is Verdict.APPROVE


def test_only_the_role_asked_decides():
    house = house_with()
    error = refused("REV004", house.reviews(EVE), Verdict.APPROVE)
    assert "ann, bob, sam" in error.hint
    refused("REV004", house.reviews(ANN, reviewer="bob"), Verdict.APPROVE)
    refused("REV004", house.reviews(ANN, keyid="0" * 64), Verdict.APPROVE)


def test_two_people_are_two_people():
    house = house_with(threshold=2)
    assert house.reviews(ANN).decide("item-1", Verdict.APPROVE).outcome is None
    refused("REV005", house.reviews(ANN), Verdict.REJECT, reason="changed my mind")
    assert house.index.outcome("item-1") is None
    assert house.reviews(BOB).decide("item-1", Verdict.APPROVE).outcome is Verdict.APPROVE
    refused("REV006", house.reviews(SAM), Verdict.REJECT, reason="too late")


@pytest.mark.parametrize("status", [RunStatus.DONE, RunStatus.CANCELLED, RunStatus.REJECTED])
def test_a_run_that_is_over_takes_no_verdict(status):
    house = house_with()
    house.index.save_run(run(status))
    refused("REV006", house.reviews(), Verdict.APPROVE)


def test_an_outdated_item_takes_no_verdict():
    house = house_with()
    refused("REV007", house.reviews(outdated=lambda item: item.id == "item-1"), Verdict.APPROVE)
    old = house.index.item("item-1")
    newer = old.model_copy(
        update={"id": "item-2", "subject": sha256(b"new"), "created_at": old.created_at + timedelta(minutes=1)}
    )
    house.index.add_item(newer)
    refused("REV007", house.reviews(), Verdict.APPROVE)


@pytest.mark.parametrize("result", [Result.FAILED, Result.ERROR])
def test_no_approval_lifts_a_gate_that_refused_or_broke(result):
    of = identity()
    house = house_with(reports=(report(of, result=result),))
    error = refused("REV011", house.reviews(), Verdict.APPROVE)
    assert str(result) in error.details[0]
    assert house.reviews().decide("item-1", Verdict.REJECT, reason="the gate is right").outcome is Verdict.REJECT
    accepted = acceptance(of, Demonstration.FAILED, result)
    refused("REV011", house_with(accepted=accepted).reviews(), Verdict.APPROVE)


def test_a_decision_is_counted_by_whoever_stores_it():
    house = house_with()
    assert house.reviews().decide("item-1", Verdict.APPROVE).outcome is Verdict.APPROVE
    assert house.index.outcome("item-1") == Verdict.APPROVE
    refused("REV006", house.reviews(BOB), Verdict.REJECT, reason="no")


def test_a_signature_of_something_else_is_never_stored():
    house = house_with()
    with pytest.raises(EvidenceInvalid) as caught:
        house.reviews(seal=BOB.seal).decide("item-1", Verdict.APPROVE)
    assert caught.value.code == "REV013"
    other = lambda d: ANN.seal(d.model_copy(update={"verdict": Verdict.APPROVE}))  # noqa: E731  one line, used once
    with pytest.raises(EvidenceInvalid):
        house.reviews(seal=other).decide("item-1", Verdict.REJECT, reason="no")
    assert house.index.decisions("item-1") == ()


def test_a_decision_moved_to_another_item_is_found():
    house = house_with()
    first = house.index.item("item-1")
    house.index.add_item(first.model_copy(update={"id": "item-2"}))
    house.reviews().decide("item-1", Verdict.APPROVE)
    house.index.add_decision("item-2", ANN.keyid, house.index.decisions("item-1")[0])
    with pytest.raises(EvidenceInvalid) as caught:
        house.reviews().view("item-2")
    assert caught.value.code == "REV016"


def test_a_plan_is_approved_by_its_digest():
    house = House()
    item = house.add(plan_sheet(), kind=SubjectKind.PLAN)
    decided = house.reviews().decide("item-1", Verdict.APPROVE)
    assert decided.decision.subject == item.subject == house.reviews().view("item-1").sheet.plan.digest()
    assert decided.decision.hunks == ()


def mismatch(house):
    with pytest.raises(EvidenceInvalid) as caught:
        house.reviews().view("item-1")
    assert caught.value.code == "REV008"
    return caught.value.details


def test_what_is_shown_must_be_what_is_asked_about():
    house = House()
    house.add(plan_sheet(), kind=SubjectKind.PLAN, subject=sha256(b"another plan"))
    assert mismatch(house) == ("the plan shown is not the plan that is asked about",)

    house = House()
    house.add(sheet(house.change()), change=identity("other"), subject=identity("other").digest())
    assert "the change shown does not end in the tree that is asked about" in mismatch(house)

    house = House()
    house.add(sheet(house.change(reports=(report(identity("other")),))))
    assert mismatch(house) == ("the report of gate bandit is about another change",)

    house = House()
    house.add(sheet(house.change(accepted=acceptance(identity("other")))))
    assert mismatch(house) == ("the acceptance of step S01 is about another change",)

    house = House()
    house.add(sheet(house.change(findings=(finding(),))), findings=())
    assert "is not in the item" in mismatch(house)[0]


def test_a_diff_must_show_all_of_the_change_and_nothing_else():
    house = House()
    house.add(sheet(house.change(hunks=HUNKS[:1])))
    assert mismatch(house) == ("shop/search.py:21 is in the diff and in no hunk of the change",)

    house = House()
    cut = DIFF[: DIFF.index(b"diff --git a/.github")]
    house.add(sheet(house.change(text=cut)))
    assert mismatch(house) == (".github/workflows/ci.yml is changed and the diff does not show it",)


def test_a_stored_document_that_is_none():
    house = house_with()
    broken = house.index.item("item-1").model_copy(update={"id": "item-3", "document": house.blobs.put(b"{}")})
    house.index.add_item(broken)
    with pytest.raises(EvidenceInvalid) as caught:
        house.reviews().view("item-3")
    assert caught.value.code == "REV015"


def test_remarks_go_back_with_their_place():
    house = house_with(threshold=2)
    house.reviews(ANN).comment("item-1", "Name the limit.", "shop/search.py", 24)
    house.reviews(BOB).comment("item-1", "And document it.")
    house.reviews(BOB).decide("item-1", Verdict.REQUEST_CHANGES, reason="Two things.")
    assert house.reviews().reasons("item-1") == (
        "Two things.",
        "shop/search.py:24: Name the limit.",
        "And document it.",
    )
    assert [c.reviewer for c in house.reviews().view("item-1").comments] == ["ann", "bob"]


@pytest.mark.parametrize(
    ("text", "path", "line", "code"),
    [
        ("  ", "", 0, "REV009"),
        ("x" * 65_537, "", 0, "REV009"),
        ("\udc80", "", 0, "REV009"),
        ("fine", "no/such.py", 1, "REV010"),
        ("fine", "", 3, "REV010"),
        ("fine", "shop/search.py", -1, "REV010"),
    ],
)
def test_remarks_that_cannot_be_kept(text, path, line, code):
    house = house_with()
    with pytest.raises(UsageError) as caught:
        house.reviews().comment("item-1", text, path, line)
    assert caught.value.code == code
    assert house.index.comments("item-1") == ()


def test_waiting_is_what_is_open():
    house = house_with()
    assert [i.id for i in house.reviews().waiting(RUN)] == ["item-1"]
    house.reviews().decide("item-1", Verdict.APPROVE)
    assert house.reviews().waiting() == ()
