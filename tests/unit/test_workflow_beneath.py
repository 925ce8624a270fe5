"""What may hold under something else alone: a condition that was not read, an unanswered question, a title, a label."""

from __future__ import annotations

import pytest
from test_workflow_lasting import kinds, tasks
from workflow_support import compiled

from orchestrator.models.workflow import NodeKind


@pytest.mark.parametrize(
    "text",
    [
        "If it rains, shut the door:\n\n- Wash the cup.\n",
        "1. If it rains, shut the door:\n   - Wash the cup.\n",
        "Only needed for guests.\n\n- Wash the cup.\n",
        "Notify the guard unless it rains.\n",
        "- The clerk writes the letter, while the lead signs it.\n",
        "- Each volunteer takes a cup.\n",
        "- Things we ask of you: be on time.\n",
        "- By phone: ask for a name. By letter: file the letter.\n",
        "- Remember that ice must be cold.\n",
        "- We will generally work with ice.\n",
        "- Red ice should always be considered warm.\n",
        "- Small amounts of ice may melt.\n- Larger amounts of ice should be moved.\n",
        "- If the cup is full (e.g. with ice) empty the cup, and wash it.\n",
        "- Step 1 - Kitchen Wash the cup.\n",
        "- Release The nurse signs it.\n",
    ],
)
def test_what_may_hold_under_something_else_is_no_step(text: str) -> None:
    made = compiled(f"# T\n\n## S\n\n- Open the door.\n\n## U\n\n{text}", "operator")
    assert made.workflow is None
    assert any(read.kind.value == "error" for read in made.read)


@pytest.mark.parametrize(
    "text",
    [
        "- The clerk writes the letter and signs it.\n",
        "- By noon: ask for a name. Near the door: file the letter.\n",
        "- Remember to move the ice.\n",
        "- Small cups of ice may melt.\n- Larger amounts of ice must be moved.\n",
        "- If the cup is full (e.g. with ice), empty the cup.\n",
    ],
)
def test_twins_of_those_are_steps(text: str) -> None:
    assert "node" in kinds(f"# T\n\n## S\n\n- Open the door.\n\n## U\n\n{text}")[1:]


@pytest.mark.parametrize(
    "head",
    [
        "In the event of a small spill, the following protocol should be followed:",
        "If there is a spill, do the following:",
    ],
)
def test_a_condition_that_leads_on_to_a_protocol_holds_for_its_list(head: str) -> None:
    made = compiled(f"{head}\n\n- Wash the floor.\n", "operator").workflow
    assert made is not None
    whether = next(n for n in made.nodes.values() if n.kind is NodeKind.DECIDE)
    assert made.nodes[whether.on["holds"]].title == "The operator washes the floor"
    assert whether.on["otherwise"] == "done"


def test_a_title_on_a_line_of_its_own_is_a_heading() -> None:
    text = "# T\n\n**1. Loading**\nFill the box.\n\nStep 2 - Export (Clerk)\nWash the box.\n"
    assert tasks(text) == [("operator", "The operator fills the box"), ("clerk", "The clerk washes the box")]


def test_a_verb_and_its_particle_are_of_the_things_below() -> None:
    text = "- Fill in:\n  - Leave type (holiday or illness)\n  - Start and end dates\n"
    assert [title for _, title in tasks(text)] == [
        "The operator fills in these: Leave type (holiday or illness); Start and end dates"
    ]


def test_whether_what_was_denied_is_so_is_not_clear() -> None:
    assert kinds("1. Check that no cup is broken. If it is, stop.\n") == ["node", "error"]
    assert kinds("1. Check that the cup is broken. If it is, stop.\n")[1] == "node"


def test_where_a_repetition_begins_is_to_be_said() -> None:
    assert kinds("1. Wash the cup. If it is red, repeat once.\n")[1] == "error"
    assert kinds("1. Check that it is red. If it is not, wash it. Otherwise, continue with the next section.\n") == [
        "node",
        "node",
        "edge",
    ]


def test_a_condition_of_the_reader_before_all_steps_may_be_of_the_whole() -> None:
    text = "# T\n\nIf you're the last one, you'll need to lock it.\n\n- Shut the door.\n"
    assert kinds(text) == ["error", "node"]


def test_a_step_that_speaks_of_what_is_not_read_is_not_read_either() -> None:
    text = "# T\n\n## S\n\nIf it rains, call the guard.\n\nYou will then be asked to a talk.\n\n"
    assert kinds(f"{text}You must come to this talk.\n")[-1] == "error"


@pytest.mark.parametrize("heading", ["If moving out", "If you want more", "In case of doubt, or so"])
def test_below_a_heading_that_says_when_and_is_not_read_is_no_step(heading: str) -> None:
    text = f"# T\n\n- Open the door.\n\n## {heading}\n\n- Wash the cup.\n"
    assert kinds(text) == ["node", "error"]
    assert kinds(text.replace(heading, "When done")) == ["node", "node"]


def test_a_line_that_says_when_leads_to_its_list() -> None:
    assert kinds("# T\n\n- Open the door.\n\nDuring the day\n\n- Wash the cup.\n") == ["node", "error", "error"]


def test_an_approval_that_nobody_gives_is_nobodys_to_tell() -> None:
    assert kinds("- Wash the cup.\n- After approval, fill the cup.\n") == ["node", "error"]
    assert kinds("- The lead approves the cup.\n- After approval, fill the cup.\n") == ["node", "edge"]


def test_a_block_without_a_line_is_an_error() -> None:
    assert kinds("- Wash the cup.\n\n```\n```\n") == ["node", "error"]


@pytest.mark.parametrize(
    ("text", "became"),
    [
        ("- Create a record (author)\n", "node"),
        ("- Upload the files (author), at most five\n", "error"),
        ("- Papers: discharge letter, plan, form\n", "error"),
        ("- Papers: fill in the letter, the plan and the form\n", "node"),
    ],
)
def test_names_in_brackets_and_lists_behind_labels(text: str, became: str) -> None:
    assert kinds(text) == [became]


def test_purposes_about_one_thing_are_cases() -> None:
    text = "- To withdraw a paper, write a letter.\n- To change a paper, call the desk.\n"
    assert kinds(text) == ["error", "error"]
    assert kinds(text.replace("change a paper", "tell the press")) == ["node", "node"]


def test_either_of_two_is_nobody() -> None:
    text = "1. Wash the cup.\n2. Fill the cup.\n3. Empty the cup.\n4. The lead or the deputy releases the cup.\n"
    assert kinds(text)[-1] == "error"


@pytest.mark.parametrize(
    "text",
    [
        "- Something missing? Call the guard.\n",
        "- Are there cups? Wash them.\n",
        "- Request \u2013 the owner writes a letter.\n",
        "- Thank you for helping!\n",
        "- After the second loss, the clerk calls the guard.\n",
        "- If it rains, group treasury decides whether to wait.\n",
        "## Who can help\n\n- Ask the guard.\n",
    ],
)
def test_answers_titles_and_what_comes_twice_are_no_steps(text: str) -> None:
    assert "error" in kinds(f"# T\n\n- Open the door.\n\n{text}")
    made = compiled(f"# T\n\n- Open the door.\n\n{text}", "operator")
    assert made.workflow is None


@pytest.mark.parametrize(
    "text",
    [
        "- Are there cups? Yes: wash them.\n",
        "- Removal \u2013 remove the cup from the rack.\n",
        "- After the second day, the clerk calls the guard.\n",
        "- If it rains, group the cups.\n",
    ],
)
def test_twins_of_answers_and_titles_are_steps(text: str) -> None:
    assert "error" not in kinds(f"# T\n\n- Open the door.\n\n{text}")
