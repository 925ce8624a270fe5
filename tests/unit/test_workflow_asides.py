"""More of how others write: what is optional, where, why, times before the step, members of groups, and asides."""

from __future__ import annotations

import pytest
from test_workflow_phrasing import titles
from test_workflow_strangers import come_back, kinds
from workflow_support import compiled, workflow

FIRST = "1. The clerk begins.\n2. "


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("(Optional) Fill in the form.", "The clerk fills in the form (optional)"),
        ('Under "General" click "New key".', 'The clerk clicks "New key" (under "General")'),
        ("A good way to do that is to use the list:", "The clerk uses the list (a good way to do that)"),
        ("The first step is to figure out the name.", "The clerk figures out the name (the first step)"),
        ("You are able to mend it.", "The clerk mends it (optional)"),
        ("Can use `a` by hand.", "The clerk uses `a` by hand (optional)"),
        ("B. Prep the room:", "The clerk preps the room"),
        ("Or use the other door.", "The clerk uses the other door (alternatively)"),
        (
            "The workflow will update it, so double-check it again.",
            "The clerk double-checks it again (the workflow will update it)",
        ),
        ("Note the time of arrival.", "The clerk notes the time of arrival"),
        ("See that the lamp is lit.", "The clerk sees that the lamp is lit"),
        ("Colour - set the lamp.", "The clerk sets the lamp (Colour)"),
        ("A member of the security team calls.", "A member of the security team calls"),
        ("The lead answers within 2 hours of the call.", "The lead answers within 2 hours of the call"),
    ],
)
def test_what_else_stands_around_an_instruction(text: str, title: str) -> None:
    assert titles(text) == [title]


def test_a_time_before_the_step_is_its_timer_and_one_from_something_else_is_told() -> None:
    made = workflow("1. Within 2 hours, the lead answers.\n2. The lead calls within a day of the call.\n")
    assert [n.within_seconds for n in made.nodes.values()][:2] == [7200, None]
    come_back(made)


def test_members_of_a_group_hold_its_role() -> None:
    made = workflow("1. A member of the board signs it.\n2. Two members of the board approve the letter.\n")
    assert {n.role for n in made.nodes.values() if n.role} == {"board"}
    come_back(made)


@pytest.mark.parametrize(
    "text",
    [
        "(It takes an hour.)",
        "See the guide.",
        "Please refer to the guide.",
        "For more information, read the guide.",
        "Note that you must have two keys.",
        "Note: you should not do it alone.",
        "e.g. the red one.",
        "Usually, this takes a day.",
        "`tool` is faster than the old one.",
        "Some branches are used for old versions.",
    ],
)
def test_what_goes_with_the_step_before_it_is_told_with_it(text: str) -> None:
    whole = f"1. The clerk files it. {text}"
    assert kinds(whole) == ["node", "detail"]
    come_back(workflow(whole))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Note: nothing much.", "remark"),
        ("Why: it is faster.", "remark"),
        ("This is only permitted with two keys.", "error"),
        ("The build will only run if two leads agree.", "error"),
        ("(Nobody may do it alone.)", "error"),
        ("Managers can see it.", "error"),
        ("Should work.", "error"),
        ("Access: read only.", "error"),
    ],
)
def test_a_remark_stays_one_and_what_binds_is_no_aside(text: str, kind: str) -> None:
    assert kinds(f"1. The clerk files it. {text}", "clerk") == ["node", kind]


def test_an_aside_is_not_told_with_a_step_of_another_item() -> None:
    assert kinds("1. The clerk files it.\n2. The gates check the change. See the guide.") == ["node", "node", "remark"]


def test_names_of_things_below_a_lead_that_is_not_read_are_no_steps() -> None:
    listed = "- Concurrently: Run commands concurrently\n- Reviewer: check it\n"
    text = f"1. The clerk begins.\n\nThe modules we will use:\n\n{listed}"
    assert kinds(text, "clerk") == ["node", "error", "error", "node"]
    assert "one of its things" in compiled(text, "clerk").problems[1].message


def test_an_approval_within_a_time_of_something_else_is_not_guessed() -> None:
    assert kinds("1. The lead approves the change within 2 hours of the report.") == ["error"]


@pytest.mark.parametrize(
    "lead",
    [
        "The workflow will:",
        "The script automatically:",
        "The job uploads:",
        "The lead publishes it to:",
        "File: `.ci/release.yml`",
    ],
)
def test_what_a_program_does_and_what_it_is_for_are_no_steps(lead: str) -> None:
    text = f"1. The clerk begins.\n\n{lead}\n\n- Update the list.\n- The clerk signs it.\n\n## Next\n\n1. Close it.\n"
    assert kinds(text, "clerk")[2:] == ["error", "node", "node"]


@pytest.mark.parametrize(
    "text",
    [
        "`Set a placeholder in it.`",
        "A bot should pick it up automatically.",
        "Auto-increment only bumps it.",
        "Release Workflow (`a.yml`) - Builds it.",
        "Level: write protected.",
        "We take care.",
    ],
)
def test_what_was_misread_is_an_error(text: str) -> None:
    assert kinds(f"{FIRST}{text}", "clerk")[-1] == "error"


def test_what_we_do_is_of_whoever_does_what_names_nobody() -> None:
    assert titles("We usually post a note.") == ["The clerk posts a note (usually)"]
    assert kinds("1. We post a note.") == ["error"]


def test_a_lead_to_commands_is_no_step_of_its_own() -> None:
    text = "1. The clerk begins.\n\nTo ship it, run:\n\n```sh\nmake ship\n```\n\nYou need to:\n\n- close it\n"
    assert kinds(text, "clerk") == ["node", "edge", "node", "edge", "node"]
