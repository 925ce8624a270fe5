"""What leads on to something: ``Otherwise``, colons, pointers, bold numbers; beside what only looks like it."""

from __future__ import annotations

import pytest
from workflow_support import bare, compiled, workflow

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows.say import explain

BY = "By default, the clerk does each step.\n\n"


def kinds(text: str) -> list[str]:
    return [read.kind.value for read in compiled(text, "clerk").read]


def titles(text: str) -> list[str]:
    made = workflow(BY + text)
    assert bare(workflow(explain(made))) == bare(made)
    return [n.title for n in made.nodes.values() if n.kind is NodeKind.TASK]


@pytest.mark.parametrize(
    "text",
    [
        "1. If it rains, shut the roof. Otherwise, open the roof.\n",
        "1. If it rains, shut the roof.\n2. Otherwise, open the roof.\n",
        "1. If it rains:\n   - Shut the roof.\n2. Otherwise, open the roof.\n",
        "1. If it rains, shut the roof. Note: it is old. Otherwise, open the roof.\n",
    ],
)
def test_otherwise_right_behind_a_condition_is_its_other_way(text: str) -> None:
    assert titles(text) == ["The clerk shuts the roof", "The clerk opens the roof"]


@pytest.mark.parametrize(
    "text",
    [
        "1. If it rains, shut the roof. Wash the cups. Otherwise, open the roof.\n",
        "1. If it rains, shut the roof.\n2. Wash the cups.\n3. Otherwise, open the roof.\n",
        "1. If it rains, shut the roof. If possible, wash the cups. Otherwise, open the roof.\n",
        "1. If it rains, shut the roof. Otherwise, open the roof. Otherwise, wash the cups.\n",
        "1. If it rains, shut the roof.\n2. Zark the blurb.\n3. Otherwise, open the roof.\n",
    ],
)
def test_otherwise_behind_something_else_is_an_error(text: str) -> None:
    assert kinds(text)[-1] == "error"


@pytest.mark.parametrize(
    "text",
    [
        "1. Before painting, make sure:\n   - They are old. They are red.\n",
        "1. Depending on the weather, please follow these guidelines:\n   - Wash the roof.\n",
        "1. Set the clock using one of these ways:\n   - They are old. They are red.\n",
        "1. Record the following:\n\n> Nothing.\n",
    ],
)
def test_a_sentence_with_a_colon_and_nothing_read_below_it_is_no_task(text: str) -> None:
    assert kinds(text)[0] == "error"


def test_what_names_its_own_thing_or_has_read_things_below_it_is_one() -> None:
    assert titles("1. Record the following:\n   - Colour of the hat\n   - Size of the hat\n") == [
        "The clerk records the following: Colour of the hat; Size of the hat"
    ]
    assert titles("1. Clean the kitchen:\n   - Wash the cups.\n") == [
        "The clerk cleans the kitchen",
        "The clerk washes the cups",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "For parcels, see the mail guide.",
        "For the other colours, please refer to `docs/colours.md`.",
        "For large orders and their forms, see Appendix B.",
    ],
)
def test_a_pointer_is_a_remark(text: str) -> None:
    assert kinds(f"1. Wash the cups.\n\n{text}\n") == ["node", "remark"]


@pytest.mark.parametrize(
    "text",
    [
        "For the key, see the janitor.",
        "For the label, read the number out.",
        "For refunds, see the policy and check it.",
    ],
)
def test_what_is_done_for_something_is_no_pointer(text: str) -> None:
    assert kinds(f"1. Wash the cups.\n2. {text}\n") == ["node", "node"]


def test_a_hyphen_that_does_not_break_is_a_hyphen_but_not_in_code() -> None:
    assert titles("1. Re\u2011open `a\u2011b`.\n") == ["The clerk re-opens `a\u2011b`"]
    assert kinds("1. Sign\u2011Out: it is late.\n") == ["error"]


def test_a_bold_number_is_that_of_a_step() -> None:
    text = "**1. Wash the cups.** Dry the cups.\n\n**2. Notify the cook.**\n\nGo back to step 1.\n"
    assert kinds(text) == ["node", "node", "node", "edge"]
    made = workflow(BY + text)
    assert made.nodes["notify-cook"].on["sent"] == "clerk-washes-cups"


def test_a_condition_runs_on_into_the_steps_that_must_follow() -> None:
    text = "If a cup breaks the following steps would happen.\n\n1. The cook would sweep it.\n2. The cup is replaced.\n"
    made = workflow(BY + text)
    asked = [n.title for n in made.nodes.values() if n.kind is NodeKind.ASK]
    assert asked == ["Ask the clerk whether a cup breaks"]


def test_a_notice_that_fails_is_unsent() -> None:
    made = workflow("1. Notify the team by webhook `a.example/x`. If it fails, continue.\n2. The clerk files it.\n")
    (notice,) = (n for n in made.nodes.values() if n.kind is NodeKind.NOTIFY)
    assert notice.on["unsent"] == "clerk-files"


def test_what_says_that_this_is_how_it_goes_is_a_remark() -> None:
    assert kinds("When a cup breaks, this is how they get a new one.\n\n1. Wash the cups.\n") == ["remark", "node"]
    assert kinds("When a cup breaks, they must get a new one.\n\n1. Wash the cups.\n")[0] != "remark"


@pytest.mark.parametrize(
    "text",
    [
        "1. If it rains, shut the roof. Stop.\n2. Wash the cups.\n",
        "1. If it rains, shut the roof.\n2. Go back to step 1.\n",
        "1. If it rains, shut the roof. Otherwise, open the roof. Stop.\n2. Wash the cups.\n",
    ],
)
def test_a_way_on_behind_a_step_under_a_condition_may_be_that_of_either(text: str) -> None:
    assert "error" in kinds(text)


def test_a_way_on_within_a_condition_or_behind_one_without_a_step_is_clear() -> None:
    assert kinds("1. If it rains, shut the roof and stop.\n2. Wash the cups.\n") == ["node", "node"]
    assert kinds("1. Wash the cups. If it rains, go back to step 1. Stop.\n") == ["node", "node", "edge"]


LINES = "```sh\n{0}rm cup\n{0}```\n"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("1. If it is red, run the following:\n\n   " + LINES.format("   "), "The clerk runs the following: `rm cup`"),
        ("If it is red, run this command:\n\n" + LINES.format(""), "The clerk runs this command: `rm cup`"),
        ("1. If it is red:\n\n   " + LINES.format("   "), "The clerk runs these lines: `rm cup`"),
        ("If it is red:\n\n" + LINES.format(""), "The clerk runs these lines: `rm cup`"),
    ],
)
def test_lines_below_a_condition_that_leads_on_to_them_are_under_it(text: str, title: str) -> None:
    made = workflow(f"{BY}## Look\n\n{text}\n## Then\n\n1. Wash the cups.\n")
    assert bare(workflow(explain(made))) == bare(made)
    (decide,) = (n for n in made.nodes.values() if n.kind is NodeKind.DECIDE)
    assert made.nodes[decide.on["holds"]].title == title
    assert made.nodes[decide.on["otherwise"]].title == "The clerk washes the cups"


def test_lines_behind_a_whole_condition_in_its_item_may_be_under_it() -> None:
    assert kinds("1. If it is red, call the guard.\n\n   " + LINES.format("   ")) == ["node", "error"]
