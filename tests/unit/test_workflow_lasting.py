"""What is always to be so, what explains, and what is done seldom: none of it is a step of one run."""

from __future__ import annotations

import pytest
from workflow_support import compiled

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows.compile import compile_prose


def kinds(text: str, by: str | None = "operator") -> list[str]:
    return [read.kind.value for read in compiled(text, by).read]


def tasks(text: str, by: str = "operator") -> list[tuple[str | None, str]]:
    made = compiled(text, by).workflow
    assert made is not None, [str(p) for p in compiled(text, by).problems]
    return [(n.role, n.title) for n in made.nodes.values() if n.kind is NodeKind.TASK]


@pytest.mark.parametrize(
    "text",
    [
        "The clerk checks the locks weekly",
        "Count the keys every two weeks",
        "The cups are washed on a regular basis",
        "Call the guard whenever it rains",
        "Throw the milk away after 3 months of storage",
        "All keys must have an owner",
        "Any loss must be written down",
        "Cooks must wear a hat",
        "The form should contain a date",
        "All purchases must follow this procedure",
        "We must be prepared",
        "Be polite",
        "The lamp no longer needs to be turned off",
        "The door does not need to be checked",
        "Split orders to avoid a signature are prohibited",
        "Oven cleaning may be required",
        "Count verified at noon",
        "Single-dose vials of ink",
        "The key must be given back under the following conditions:",
    ],
)
def test_what_always_holds_or_states_something_is_no_step(text: str) -> None:
    assert kinds(f"- {text}\n") == ["error"]


@pytest.mark.parametrize(
    "text",
    [
        "The clerk checks the weekly report",
        "Count the keys of the week",
        "Use the lift whenever possible",
        "The keys must be counted",
        "The cooks must wear a hat",
        "Check the lamp is lit",
        "Split the orders that are large",
        "Count verified keys twice",
        "Re-run the test",
        "Turn it off if you have to",
        "Run `make` to ensure the lamp is lit",
    ],
)
def test_their_twins_are_steps(text: str) -> None:
    assert kinds(f"- {text}\n") == ["node"]


def test_a_numbered_rule_and_one_under_a_condition_are_steps() -> None:
    assert kinds("1. All cups must be washed.\n2. If it rains, all windows must be shut.\n") == ["node", "node"]


@pytest.mark.parametrize(
    "heading",
    [
        "Best practices",
        "Tone tips for letters",
        "Important notes",
        "Do's and don'ts",
        "Exit criteria",
        "Review & audit",
        "Recent changes",
    ],
)
def test_below_headings_of_rules_and_criteria_is_no_step(heading: str) -> None:
    text = f"# T\n\n1. Wash the cup.\n\n## {heading}\n\n- Call the guard.\n"
    assert kinds(text)[0] == "node"
    assert kinds(text)[1] in {"error", "remark"}
    assert kinds(text.replace(heading, "Gather requirements")) == ["node", "node"]


def test_requirements_after_steps_are_nothing_to_have_before_them() -> None:
    needs = "## Requirements\n\n- A key\n"
    assert kinds(f"# T\n\n{needs}\n## Wash\n\n1. Wash the cup.\n") == ["node", "node"]
    assert kinds(f"# T\n\n## Wash\n\n1. Wash the cup.\n\n{needs}") == ["node", "error"]
    assert kinds("# T\n\n## Requirements\n\n- Reviewed and sealed by two\n") == ["error"]


def test_below_responsibilities_is_no_step() -> None:
    assert kinds("# T\n\n## Responsibilities\n\n- ZQ: Wash, dry or fold the cloth\n- Clerk: files the form\n") == [
        "error",
        "role",
    ]


@pytest.mark.parametrize("heading", ["Disposal", "Storage", "Emergency"])
def test_what_stands_beside_the_procedure_is_not_done_before_it(heading: str) -> None:
    text = f"# T\n\n## {heading}\n\n- Wash the bin.\n\n## Procedure\n\n1. Wash the cup.\n\n"
    text += "## Renewals\n\n- Call the guard.\n"
    assert kinds(text) == ["error", "node", "error"]
    assert kinds(text.replace(heading, "Preparation").replace("Renewals", "After the wash")) == ["node"] * 3


@pytest.mark.parametrize("heading", ["Daily checks", "Heat-sensitive cups", "Quality control"])
def test_what_is_done_again_and_again_or_with_some_things_only_is_no_part_of_the_course(heading: str) -> None:
    text = f"# T\n\n## Washing\n\n1. Wash the cup.\n\n## {heading}\n\n1. Dry the cup.\n"
    assert kinds(text) == ["node", "error"]
    assert kinds(text.replace(heading, "Drying")) == ["node", "node"]
    assert kinds("# Daily checks\n\n## Daily checks\n\n1. Wash the cup.\n\n## Drying\n\n1. Dry the cup.\n")[0] == "node"


def test_a_text_of_topics_has_no_course() -> None:
    text = "# T\n\n" + "".join(
        f"## {title}\n\n- Wash the cup.\n\n" for title in ("Ink storage", "Paper handling", "Glue categories")
    )
    assert kinds(text) == ["error"] * 3
    assert kinds(text.replace("Ink storage", "Wash").replace("Paper handling", "Dry")) == ["node", "node", "node"]


@pytest.mark.parametrize("heading", ["How to escalate", "6. Escalation (exceptions)", "Rollback plan"])
def test_a_condition_below_what_is_done_seldom_is_not_asked_at_the_end(heading: str) -> None:
    assert kinds(f"# T\n\n1. Wash the cup.\n\n## {heading}\n\n- If it breaks, call the guard.\n") == ["node", "error"]


@pytest.mark.parametrize(
    "heading", ["Painting (optional but recommended)", "Painting (if the wall is wet)", "Upon an alarm"]
)
def test_a_heading_of_what_is_done_at_times_is_a_condition(heading: str) -> None:
    made = compiled(f"# T\n\n1. Wash the cup.\n\n## {heading}\n\n- Call the guard.\n", "operator").workflow
    assert made is not None
    assert any(node.kind is NodeKind.DECIDE for node in made.nodes.values())


def test_a_list_below_an_unread_head_of_cases_is_of_cases() -> None:
    assert kinds("Used when:\n\n- Call the guard.\n- The clerk stays here.\n")[1:] == ["error", "error"]


def test_a_sentence_whose_thing_stands_in_what_is_not_read_is_an_error() -> None:
    table = "| Door | Colour |\n|---|---|\n| Front | red |\n"
    assert kinds(f"1. Wash the cup.\n\nMake sure you have access to:\n\n{table}") == ["node", "error", "error"]


def test_a_quotation_is_one_with_its_sentence() -> None:
    text = '1. Send this to the lead: "The cup is lost. Please confirm it."\n2. Say "It is late." Call the guard.\n'
    assert [title for _, title in tasks(text)] == [
        'The operator sends this to the lead: "The cup is lost. Please confirm it."',
        'The operator says "It is late."',
        "The operator calls the guard",
    ]


def test_what_is_done_after_waiting_is_no_part_of_what_is_waited_for() -> None:
    made = compiled("1. Wait until the water is hot, then fill the cup.\n", "operator").workflow
    assert made is not None
    assert [n.title for n in made.nodes.values() if n.kind is not NodeKind.END] == [
        "Wait until the operator confirms that the water is hot",
        "The operator fills the cup",
    ]
    assert kinds("1. Wait until the water is hot and fill the cup.\n") == ["error"]


def test_a_role_of_two_words_does_what_names_nobody() -> None:
    assert tasks("1. Log the call.\n", "Support Lead") == [("support-lead", "The support lead logs the call")]
    refused = compile_prose(b"1. Log the call.\n", "p", "t", "they")
    assert refused.workflow is None
    assert "nobody's name" in refused.problems[0].message


def test_pictures_before_a_sentence_are_taken_off_whole() -> None:
    assert tasks("- \U0001f3d8\ufe0f Wash the cup.\n- \U0001f468\u200d\U0001f373 Fill it.\n") == [
        ("operator", "The operator washes the cup"),
        ("operator", "The operator fills it"),
    ]
    assert kinds("- Wash\u200dthe cup.\n") == []


def test_short_forms_within_a_bracket_end_no_sentence() -> None:
    assert kinds("- Send the papers (ex. the list, the note) to them.\n") == ["node"]
    assert kinds("- [Read this first.](a.md) Wash the cup.\n") == ["node", "node"]


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("# T\n\n## Phase 1: Intake (Clerk)\n\n- Wash the cup.\n", "clerk"),
        ("# T\n\n## Incident commander\n\n- Wash the cup.\n", "incident-commander"),
        ("# T\n\nThese steps are carried out by the clerk.\n\n- Wash the cup.\n", "clerk"),
        ("# T\n\nThe clerk does the following:\n\n- Wash the cup.\n", "clerk"),
        ("# T\n\n- Wash the cup. Owner: clerk.\n", "clerk"),
        ("# T\n\n- Wash the cup.\n  - Responsible: the clerk\n", "clerk"),
        ("# T\n\n1. Review by the clerk\n   - Wash the cup.\n", "clerk"),
        ("# T\n\n- Wash the cup (Clerk)\n", "clerk"),
    ],
)
def test_whoever_stands_apart_from_a_step_does_it(text: str, role: str) -> None:
    assert tasks(text)[-1][0] == role


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\n## Intake (Clerk and Lead)\n\n- Wash the cup.\n",
        "# T\n\n## Security\n\n- Wash the cup.\n",
        "# T\n\n- Wash the cup. Responsible: Zork.\n",
        "# T\n\n1. Review by the clerk or the lead\n   - Wash the cup.\n",
    ],
)
def test_whoever_is_not_one_is_not_replaced(text: str) -> None:
    assert "node" not in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\n## Teachers\n\n- Wash the cup.\n",
        "# T\n\n## Bus company\n\n- Wash the cup.\n",
        "# T\n\n- File the contract @archive\n",
        "# T\n\n- The supplier ships the cups.\n",
        "# T\n\n- You should see a lamp.\n",
        "# T\n\n- Follow one of the sections below.\n",
        "# T\n\n- SEV-1: the lamp is red. Call the guard.\n- SEV-2: it is green. Wash the cup.\n",
        "# T\n\nSmall spill:\n- Wash the floor.\n\nLarge spill:\n- Call the guard.\n",
    ],
)
def test_what_is_of_others_of_a_case_or_foretold_is_nobodys_step(text: str) -> None:
    assert "node" not in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\n## Nurse\n\n- Wash the cup.\n",
        "# T\n\n- Notify the team via @archive\n",
        "# T\n\nRoles: supplier.\n\n- The supplier ships the cups.\n",
        "# T\n\n- Follow one of the signs.\n",
        "# T\n\nKitchen:\n- Wash the floor.\n\nBar:\n- Call the guard.\n",
    ],
)
def test_their_twins_are_somebodys_steps(text: str) -> None:
    assert "node" in kinds(text)


def test_questions_of_several_kinds_are_joined_by_commas() -> None:
    asked = "the amount (a number in euros), for the shop (a text) and for the kind (one of `a` and `b`)"
    text = f"1. Ask the buyer for {asked}.\n"
    made = compiled(text, "operator").workflow
    assert made is not None
    assert set(made.facts) == {"amount", "shop", "kind"}


def test_a_loop_over_things_that_nobody_was_asked_for_says_how_to_ask() -> None:
    hints = [p.hint for p in compiled("1. For each of the places:\n   - Wash the cup.\n", "clerk").problems]
    assert "Ask the clerk for the places (a list of at most 10)" in hints


def test_a_step_that_is_not_read_is_not_said_to_be_missing() -> None:
    told = [
        p.message
        for p in compiled("1. The widget thing.\n2. Wash the cup. If it breaks, go back to step 1.\n", "clerk").problems
    ]
    assert "Step 1 is there, and is not read." in told
    assert not any("There is no step" in message for message in told)
