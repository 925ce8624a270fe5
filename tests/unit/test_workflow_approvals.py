"""Approvals are read strictly: who, how many and what; nothing that only sounds like one becomes a review."""

from __future__ import annotations

import pytest
from workflow_support import bare, compiled, workflow

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows.compile import Kind, compile_prose
from orchestrator.workflows.naming import role_name
from orchestrator.workflows.say import explain

OPENS = "1. The clerk opens it.\n2. "


@pytest.mark.parametrize(
    "text",
    [
        "The developer must not approve their own change.",
        "The developer may not approve the change.",
        "The manager never approves the change.",
        "The lead hardly approves the change.",
        "The lead rarely approves the change.",
        "Nobody approves their own claim.",
        "The lead approves their own change.",
        "Neither approves the plan.",
        "No manager approves the change.",
        "Only managers approve the change.",
        "The lead or the counsel approves the change.",
        "Please approve the change.",
        "Automatically approve the change.",
        "Approve automatically.",
        "The system approves the change.",
        "CI approves the change.",
        "The agent approves the change.",
        "Ask the agent to approve the change.",
        "All leads approve the change.",
        "Each of the leads approves the change.",
        "Up to two leads approve the change.",
        "A majority of the leads approve the change.",
        "0 of the leads approve the change.",
        "Zero leads approve the change.",
        "The lead approves the change if it is small.",
        "The lead approves the change unless it is large.",
        "The lead approves the change only on Mondays.",
        "The lead approves the change and merges it.",
        "The lead silently approves the change automatically.",
        "The lead does not edit the change.",
        "The clerk never files it.",
        "The clerk no longer files it.",
        "Wait until nobody says stop.",
        "Warning: do not file it.",
        "Please don't file it.",
    ],
)
@pytest.mark.parametrize("by", [None, "clerk"])
def test_what_denies_or_leaves_open_is_no_step(text: str, by: str | None) -> None:
    found = compiled(OPENS + text, by)
    assert found.workflow is None
    assert [read.kind for read in found.read] == [Kind.NODE, Kind.ERROR]


@pytest.mark.parametrize(
    ("text", "role", "approvals"),
    [
        ("The lead approves the change.", "lead", 1),
        ("One of the leads approves the change.", "lead", 1),
        ("Any of the leads approves the change.", "lead", 1),
        ("Three security leads approve the change.", "security-lead", 3),
        ("The change must be approved by two of the leads.", "lead", 2),
        ("Get sign-off from the data protection officer for the change.", "data-protection-officer", 1),
        ("Finance approves the change.", "finance", 1),
    ],
)
def test_who_and_how_many(text: str, role: str, approvals: int) -> None:
    made = workflow(OPENS + text)
    review = next(n for n in made.nodes.values() if n.kind is NodeKind.REVIEW)
    assert (review.role, review.approvals) == (role, approvals)


def test_two_that_approve_are_two_reviews_that_end_alike() -> None:
    text = (
        "The lead and the legal counsel both approve the change within 2 days, otherwise stop as late. "
        "If it is rejected, go back to step 1, at most twice."
    )
    made = workflow(OPENS + text)
    first, second = (n for n in made.nodes.values() if n.kind is NodeKind.REVIEW)
    assert (first.role, second.role) == ("lead", "legal-counsel")
    assert made.nodes[first.on["approve"]] == second
    assert second.on["approve"] == "done"
    for review in (first, second):
        assert review.on["reject"] == "clerk-opens"
        assert review.at_most == {"reject": 2}
        assert (review.within_seconds, review.on["expired"]) == (172_800, "late")
    again = compile_prose(explain(made).encode(), "p", "test").workflow
    assert again is not None
    assert bare(again) == bare(made)


@pytest.mark.parametrize(
    "text", ["the clerk never", "all leads", "lead or counsel", "nobody", "who", "developer must not"]
)
def test_no_name_is_made_of_words_that_deny_or_count(text: str) -> None:
    assert role_name(text) is None


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("the head of sales", "head-of-sales"),
        ("Heads of Operations", "head-of-operations"),
        ("operations", "operations"),
        ("the heads of the teams", "head-of-the-teams"),
        ("members of the board", "board"),
        ("security leads", "security-lead"),
    ],
)
def test_a_role_is_one_of_its_kind_and_a_field_of_work_stays_whole(text, name):
    assert role_name(text) == name


def test_a_question_in_its_own_words_is_told_how_to_be_asked():
    found = compiled(OPENS + "Ask the head of sales: Is the total above target?")
    assert [p.code for p in found.problems] == ["WF110"]
    assert "Ask the head of sales whether" in str(found.problems[0])
