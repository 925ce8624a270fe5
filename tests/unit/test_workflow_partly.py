"""What has the form of a step and is none of every run; each kind beside one that is."""

from __future__ import annotations

import pytest
from workflow_support import compiled, workflow

from orchestrator.models.workflow import NodeKind


def kinds(text: str) -> list[str]:
    return [read.kind.value for read in compiled(text, "clerk").read]


def doers(text: str) -> list[str | None]:
    made = compiled(text, "clerk").workflow
    assert made is not None
    return [node.role for node in made.nodes.values() if node.kind is NodeKind.TASK]


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("The cook maintains regular contact with the farm.", "The cook writes the weekly menu."),
        ("The legal team conducts annual contract reviews.", "The legal team conducts a review of the contract."),
        ("Call the boss if unresolved in 15 minutes.", "Call the boss if needed."),
        ("Ring the guard up and tell them if it fails.", "Look for the guard if anything is odd."),
        ("Plan the cups, but for plates, you are free to choose.", "Plan the cups, but not the plates."),
        ("In this case, wash the cup.", "In the kitchen, wash the cup."),
        ("Not all cups are washed.", "All cups are washed."),
        ("That makes this a step to be done by all.", "The lid has to be washed by the cook."),
        ("Welcome by HR and a tour.", "Welcome the guest by name."),
        (
            "If you take a cup, go to fill it, and it says that it is red, wash the cup.",
            "If you take a cup, wash it, and fill it.",
        ),
    ],
)
def test_what_is_done_again_after_a_failure_or_not_at_all_is_no_step(text: str, twin: str) -> None:
    assert kinds(f"1. Dry the cup.\n2. {text}\n")[1] == "error"
    assert kinds(f"1. Dry the cup.\n2. {twin}\n")[1] == "node"


def test_what_is_asked_behind_can_be_asked_before() -> None:
    made = workflow("By default, the clerk does each step.\n\n1. Dry it.\n2. If it is not fixed, call the boss.\n")
    assert any(node.kind is NodeKind.DECIDE for node in made.nodes.values())


def test_a_condition_of_the_whole_text_is_no_first_step() -> None:
    steps = "\n\n1. Wash the cup.\n"
    assert kinds(f"If the sink leaks, a process of its own must be followed.{steps}") == ["error", "node"]
    assert kinds(f"If the sink leaks, the cook must shut it.{steps}") == ["node", "node"]


def test_how_lines_are_filled_in_is_told_with_them() -> None:
    block = "1. Cut it:\n\n   ```sh\n   git switch <name>\n   ```\n\n   Replace `<{}>` with your own.\n"
    assert kinds(block.format("name"))[-1] == "detail"
    assert kinds(block.format("other"))[-1] == "node"


def test_below_notes_behind_the_steps_only_what_names_somebody_is_a_step() -> None:
    text = "# T\n\n## Wash\n\n1. Wash the cup.\n\n## Notes\n\n- Rinse it with water.\n- The cook must dry the cup.\n"
    assert kinds(text) == ["node", "error", "node"]
    assert kinds(text.replace("## Notes", "## Drying")) == ["node", "node", "node"]


def test_a_step_behind_an_exception_that_is_not_read_may_be_meant_for_it() -> None:
    assert kinds("- Acme does not, as it were, number them. Sign the bill.\n") == ["error", "error"]
    assert kinds("- It does not, as it were, matter. Sign the bill.\n")[1] == "node"


def test_what_waits_for_an_offer_is_under_its_condition() -> None:
    text = "## Spending\n\nIf there is a party, you can seek a preapproval.\n\n{}\n\nWash the cup.\n"
    assert kinds(text.format("Once it has been preapproved, buy the cake.")) == ["node", "error", "error"]
    assert kinds(text.format("Once the shop has been opened, buy the cake.")) == ["node", "node", "node"]


HEADED = "# T\n\n## First day\n\n1. Wash the cup.\n\n## {}\n\n1. Dry the cup.\n"


@pytest.mark.parametrize(
    ("heading", "who"),
    [
        ("Manager preparation (a week before)", "manager"),
        ("Supervisor checklist", "supervisor"),
        ("Patient preparation", "clerk"),
        ("User setup", "clerk"),
        ("Team activities", "clerk"),
    ],
)
def test_a_heading_names_who_prepares_and_not_whom(heading: str, who: str) -> None:
    assert doers(HEADED.format(heading)) == ["clerk", who]


@pytest.mark.parametrize("heading", ["IT setup", "Finance preparation", "Buddy responsibilities", "Guest duties"])
def test_a_department_and_standing_duties_are_no_steps_of_the_clerk(heading: str) -> None:
    assert kinds(HEADED.format(heading)) == ["node", "error"]


def test_the_department_of_the_doer_is_the_doer() -> None:
    found = compiled(HEADED.format("HR preparation"), "hr specialist").workflow
    assert found is not None
    assert {node.role for node in found.nodes.values() if node.role} == {"hr-specialist"}


def test_opening_and_closing_an_account_are_cases() -> None:
    text = "# T\n\n## New account creation\n\n1. Wash it.\n\n## Account deactivation\n\n1. Dry it.\n"
    assert kinds(text) == ["error", "error"]


def test_when_somebody_leaves_is_a_condition() -> None:
    made = workflow(
        "By default, the clerk does each step.\n\n1. Wash it.\n2. Upon staff termination, the key must be returned.\n"
    )
    assert [n.title for n in made.nodes.values() if n.kind is NodeKind.ASK] == [
        "Ask the clerk whether there is staff termination"
    ]


def test_actions_of_a_list_below_a_condition_are_under_it() -> None:
    text = "If it is red, you should take the following actions to mend it:\n\n1. Wash it.\n2. Call the guard.\n"
    assert kinds(f"# T\n\n## Lamp\n\n{text}") == ["node", "node", "node"]


def test_a_name_in_capitals_behind_a_label_does_it() -> None:
    assert doers("1. Action: Release Manager drafts the notes.\n") == ["release-manager"]
