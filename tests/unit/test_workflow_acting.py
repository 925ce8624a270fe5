"""Who does what in words that no list holds, and two people in one sentence; beside what only looks like it."""

from __future__ import annotations

import pytest
from workflow_support import bare, compiled, workflow

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows.say import explain

HEAD = "# P\n\nRoles: kitchen.\n\n1. The clerk files the form.\n2. "


def tasks(text: str) -> list[tuple[str, str]]:
    """Who does what from the second step on."""
    made = workflow(HEAD + text)
    again = workflow(explain(made))
    assert bare(again) == bare(made)
    found = [(n.role or "", n.title) for n in made.nodes.values() if n.kind in {NodeKind.TASK, NodeKind.REVIEW}]
    return found[1:]


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("The janitor waxes the floor.", "janitor"),
        ("The nurse must swaddle the baby.", "nurse"),
        ("The kitchen fries 3 onions.", "kitchen"),
        ("The cashier bills Acme Ltd for the work.", "cashier"),
        ("The painter should also varnish two chairs.", "painter"),
        ("The manager postpones it.", "manager"),
        ("The gardener paints walls.", "gardener"),
    ],
)
def test_a_verb_of_no_list_behind_somebody_is_a_step(text: str, role: str) -> None:
    assert tasks(text) == [(role, text.rstrip("."))]


@pytest.mark.parametrize(
    "text",
    [
        "The manager bills are paid.",
        "The manager bills the clerk wrote are late.",
        "The user rights the admin grants.",
        "The kitchen lights the clerk bought are on.",
        "The team members all agree.",
        "The team members the lead chose are told.",
        "The manager owns the process.",
        "The customer loves the product.",
        "The patient suffers a fall.",
        "The clerk mistakes the form for a bill.",
        "The director chairs the board.",
        "The staff must deserve the praise.",
        "The nurse must not swaddle the baby.",
        "The nurse never swaddles the baby.",
        "The janitor waxes.",
        "The boiler denotes the width.",
        "The integer encodes the flags.",
    ],
)
def test_a_thing_or_what_somebody_is_or_suffers_is_none(text: str) -> None:
    assert compiled(HEAD + text + "\n").workflow is None


def test_two_people_in_one_sentence_are_two_steps() -> None:
    said = "The technician hands over the laptop and the employee signs for it."
    assert tasks(said) == [
        ("technician", "The technician hands over the laptop"),
        ("employee", "The employee signs for it"),
    ]
    said = "The clerk packs the box; then the porter loads it and the guard opens the gate."
    assert [role for role, _ in tasks(said)] == ["clerk", "porter", "guard"]


def test_what_fails_in_the_second_step_is_said_of_that_one() -> None:
    made = workflow(HEAD + "The clerk packs it and the porter loads it. If it cannot be done, end as refused.\n")
    first, second = (n for n in made.nodes.values() if n.title.endswith((" packs it", " loads it")))
    assert (first.on["blocked"], second.on["blocked"]) == ("stopped", "refused")


@pytest.mark.parametrize(
    "text",
    [
        "The clerk packs it and the porter loads it within 2 days.",
        "The clerk tells the lead that the box is late and the porter loads it.",
        "The clerk confirms the date and the porter loads it.",
        "The clerk packs it, while the porter loads it.",
        "The clerk packs it, and the porter must load it or the van.",
        "The clerk packs it and the porter loads it if it rains.",
    ],
)
def test_two_people_whose_part_is_not_clear_are_an_error(text: str) -> None:
    assert compiled(HEAD + text + "\n").workflow is None


@pytest.mark.parametrize("text", ["The clerk packs the box and the bag.", "The clerk packs it and loads it."])
def test_one_person_with_two_things_is_one_step(text: str) -> None:
    assert tasks(text) == [("clerk", text.rstrip("."))]


def test_an_approval_without_an_object_is_of_what_was_done_before() -> None:
    text = (
        "1. Ask the clerk for the price (a number).\n"
        "2. If the price is above 1500, the head cook must approve within 2 days, otherwise escalate to the owner.\n"
        "3. The clerk orders it.\n"
    )
    made = workflow(text)
    reviews = [(n.role, n.reviews, n.within_seconds) for n in made.nodes.values() if n.kind is NodeKind.REVIEW]
    assert sorted(reviews, key=str) == [("head-cook", "work", 172_800), ("owner", "work", None)]
    assert bare(workflow(explain(made))) == bare(made)


@pytest.mark.parametrize(
    "text", ["1. The lead must approve.\n", "1. The clerk files it.\n2. All leads must approve.\n"]
)
def test_an_approval_of_nothing_is_an_error(text: str) -> None:
    assert compiled(text).workflow is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The baker would knead the dough.", "The baker must knead the dough"),
        ("A release manager would create a branch.", "A release manager must create a branch"),
    ],
)
def test_what_a_numbered_step_would_do_is_done(text: str, said: str) -> None:
    assert [title for _, title in tasks(text)] == [said]


@pytest.mark.parametrize("text", ["2. The baker would like a cup.\n", "\nThe baker would knead the dough.\n"])
def test_a_wish_and_what_is_imagined_is_none(text: str) -> None:
    assert compiled(f"# P\n\n1. The clerk files the form.\n{text}").workflow is None


def test_a_part_with_its_doer_and_its_time_is_a_step_of_that_doer() -> None:
    made = tasks("Tasting — **Head Cook** (30m): try the soup.")
    assert made == [("head-cook", "The head cook tries the soup (Tasting, 30m)")]
    assert compiled(HEAD + "Screening — **Recruiter** (45m): resume filter and call.\n").workflow is None


def test_whoever_is_had_to_do_something_is_no_thing_to_have() -> None:
    had = "Have the guest reporting the loss write the details down."
    made = workflow(f"By default, the clerk does each step.\n\n1. {had}\n2. Have a pen ready.\n")
    assert [n.title for n in made.nodes.values() if n.role] == [
        "The clerk gets the guest reporting the loss to write the details down",
        "The clerk must have a pen ready",
    ]
    assert bare(workflow(explain(made))) == bare(made)
