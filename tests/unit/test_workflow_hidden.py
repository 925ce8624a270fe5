"""What looks like a step and is more, or none: ways on, approvals, listed conditions, prohibitions, things."""

from __future__ import annotations

import pytest
from workflow_support import bare, compiled, workflow

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows.compile import compile_prose
from orchestrator.workflows.say import explain


def kinds(text: str, by: str | None = "operator") -> list[str]:
    return [read.kind.value for read in compiled(text, by).read]


def doers(text: str, by: str | None = "operator") -> list[tuple[str | None, str]]:
    made = compile_prose(text.encode(), "p", "test", by).workflow
    assert made is not None
    again = compile_prose(explain(made).encode(), "p", "test").workflow
    assert again is not None
    assert bare(again) == bare(made)
    return [(n.role, n.title) for n in made.nodes.values() if n.kind is not NodeKind.END]


@pytest.mark.parametrize(
    "text",
    [
        "Check the passport \u2014 refuse it if it has expired",
        "Check the passport, otherwise call the guard",
        "Check the passport; call the guard if it has expired",
        "Check the passport, reject it when it has expired",
    ],
)
def test_a_step_that_holds_two_ways_on_is_an_error(text: str) -> None:
    assert kinds(f"1. {text}.\n") == ["error"]


@pytest.mark.parametrize(
    "text",
    [
        "Take the bus, otherwise you will be late",
        "Check whether the passport has expired",
        "Turn it off if you have to",
    ],
)
def test_a_reason_and_a_habit_are_no_way_on(text: str) -> None:
    assert kinds(f"1. {text}.\n") == ["node"]


@pytest.mark.parametrize("then", ["refuse the visit", "cancel the visit and tell the guest"])
def test_whether_it_goes_on_after_a_refusal_has_to_be_said(then: str) -> None:
    text = f"1. Check the list.\n2. If the guest is not on it, {then}{{}}.\n3. Open the gate.\n"
    assert kinds(text.format("")) == ["node", "error", "node"]
    assert kinds(text.format(", and continue")) == ["node", "node", "node"]
    ended = compiled(text.format(", and the process ends"), "operator").workflow
    assert ended is not None
    refused = next(n for n in ended.nodes.values() if n.kind is NodeKind.TASK and "visit" in n.title)
    assert refused.on["done"] == "done"


@pytest.mark.parametrize(
    "text",
    [
        "Draft the letter, and get the chair's approval before it is posted",
        "Prepare the preview, which requires Legal sign-off",
        "Move the money without the consent of the owner",
    ],
)
def test_an_approval_within_a_step_is_an_error(text: str) -> None:
    assert kinds(f"1. {text}.\n") == ["error"]


@pytest.mark.parametrize(
    "text", ["File the approval of the chair", "Tell the owner of the consent", "Get approval from the chair"]
)
def test_a_step_about_an_approval_and_an_approval_are_none(text: str) -> None:
    assert kinds(f"1. {text}.\n") == ["node"]


def test_a_step_whose_list_says_when_it_holds_is_an_error() -> None:
    text = "- Lock the account if there is reason to believe the following:\n  - The password is known.\n"
    assert kinds(text) == ["error", "error"]
    assert kinds("- Lock the following accounts:\n  - root\n") == ["node", "node"]


@pytest.mark.parametrize(
    "text",
    [
        "Keys must not be shared",
        "No letter should be posted to the owner",
        "Failure to report a loss shall be considered a breach",
        "Source code archives are kept for a year",
        "Refund requests are only accepted within 30 days of the sale",
        "The form shall be agreed upon by the client",
        "Target: answer within 30 days",
        "SLA: answer within 30 days",
    ],
)
def test_what_is_no_step_is_none(text: str) -> None:
    assert kinds(f"- {text}.\n") == ["error"]


@pytest.mark.parametrize(
    "text",
    ["Keys must be changed", "Check backups are kept", "Report all losses that are found", "Path: answer the letter"],
)
def test_their_twins_are_steps(text: str) -> None:
    assert kinds(f"- {text}.\n") == ["node"]


def test_a_duty_of_people_is_not_put_to_somebody_else() -> None:
    assert kinds("- All visitors must carry a badge.\n") == ["error"]
    assert kinds("- The visitors must be met at the gate.\n- The badges must be counted.\n") == ["node", "node"]


def test_a_time_after_something_else_is_no_timer() -> None:
    ((_, title),) = doers("- The guard writes a report within 24 hours following the loss.\n")
    assert title.endswith("within 24 hours following the loss")


def test_as_soon_as_possible_is_nothing_to_wait_for() -> None:
    assert [title for _, title in doers("- As soon as possible, call the guard.\n")] == [
        "The operator calls the guard (as soon as possible)"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "If you are near the gate you can try to,\n  - Lock the gate.\n",
        "Once you have the key, have a lamp, and know the way, open the gate.\n",
    ],
)
def test_a_condition_without_a_clear_end_is_an_error(text: str) -> None:
    assert set(kinds(f"- {text}")) == {"error"}


@pytest.mark.parametrize("what", ["Payments above 500 euros", "Visits at least a week long"])
def test_an_approval_of_some_only_is_an_error(what: str) -> None:
    assert kinds(f"- {what} must be approved by the manager.\n") == ["error"]
    assert kinds("- All payments must be approved by the manager.\n") == ["node"]


def test_what_stands_below_an_unread_condition_is_not_done_without_it() -> None:
    head = "For guests in a hurry, as it were:"
    assert kinds(f"1. {head}\n   - Open the side gate.\n2. Close the book.\n") == ["error", "error", "node"]
    assert kinds("1. Do the following:\n   - Open the side gate.\n") == ["edge", "node"]


def test_whoever_a_section_is_given_to_does_its_steps_alone() -> None:
    given = (
        "Delegate to: the scribe\n\n- Write a note.",
        "Performed by: the cook\n\n- Prepare a meal.",
        "- Wash the plates.",
    )
    text = "# T\n" + "".join(f"\n## Part {n}\n\n{part}\n" for n, part in enumerate(given))
    found = compiled(text, "operator").workflow
    assert found is not None
    assert [n.role for n in found.nodes.values() if n.kind is NodeKind.TASK] == ["scribe", "cook", "operator"]


def test_steps_of_a_section_whose_doer_is_unclear_are_not_given_to_another() -> None:
    text = "# T\n\n## One\n\nDelegate to: the scribe or the cook\n\n- Write a note.\n\n## Two\n\n- Prepare a meal.\n"
    assert kinds(text) == ["error", "error", "node"]


def test_one_line_of_who_does_it_still_holds_for_the_whole() -> None:
    assert workflow("# T\n\n## Sheet\n\nPerformed by: the cook\n\n## Steps\n\n- Prepare a meal.\n").roles == ("cook",)
