"""Sections and items that are cases of one thing, beside phases of one course."""

from __future__ import annotations

import pytest
from workflow_support import compiled

from orchestrator.models.workflow import NodeKind

CASES = [
    ("Short-term action", "Long-term action"),
    ("High-priority items", "Low-priority items"),
    ("Staff change", "Network change"),
    ("3.1 Windows", "3.2 macOS"),
    ("Full-time staff", "Contractors"),
    ("New hire", "Leaver"),
    ("Minor", "Major"),
    ("Key requests", "Badge requests"),
    ("Check-in", "Check-out"),
    ("For the press", "Announcement"),
    ("Under 500 euros", "Between 500 and 2,000 euros"),
    ("How to wash the cup", "How to break the cup"),
    ("Who washes the cup?", "Cups"),
    ("Using the web page", "Using the terminal"),
    ("Kitchen (night shift only)", "Bar"),
    ("Berlin office", "Paris office"),
    ("Mobile app tour", "Desktop reader"),
    ("Setup on Linux", "Setup on Windows"),
]
PHASES = [
    ("Preparation", "Execution"),
    ("Step 1: Small change", "Step 2: Large change"),
    ("Wash the cup", "Dry the cup"),
    ("Washing", "Drying"),
    ("Before the wash", "After the wash"),
    ("Planning phase", "Recovery phase"),
    ("Initial review", "Final review"),
    ("Stop the service", "Start the service"),
    ("Publish to the shop", "Publish to the archive"),
    ("Week 1", "Week 2"),
    ("Kitchen", "Bar"),
]


def kinds(text: str) -> list[str]:
    return [read.kind.value for read in compiled(text, "operator").read]


def headed(one: str, two: str) -> str:
    return f"# T\n\n1. Open the door.\n\n## {one}\n\n- Wash the cup.\n\n## {two}\n\n- Call the guard.\n"


@pytest.mark.parametrize(("one", "two"), CASES)
def test_what_stands_below_one_of_several_cases_is_not_done_in_every_run(one: str, two: str) -> None:
    made = compiled(headed(one, two), "operator")
    assert made.workflow is None
    assert [read.kind.value for read in made.read][1] == "error"
    assert any("only for" in problem.message and "If this is about" in problem.hint for problem in made.problems)


@pytest.mark.parametrize(("one", "two"), PHASES)
def test_phases_stay_one_after_the_other(one: str, two: str) -> None:
    assert kinds(headed(one, two)) == ["node", "node", "node"]


def test_cases_that_are_said_to_follow_each_other_do() -> None:
    text = headed("Small change", "Large change")
    assert kinds(f"{text}\nThe phases follow each other.\n") == ["node", "node", "node", "role"]


def test_a_sentence_that_speaks_of_the_case_decides_for_its_list() -> None:
    below = "If the change is small:\n\n- Wash the cup.\n\n"
    below += "## Large change\n\nIf the change is large:\n\n- Call the guard.\n"
    made = compiled(f"# T\n\n## Small change\n\n{below}", "operator")
    assert made.workflow is not None
    assert sum(node.kind is NodeKind.DECIDE for node in made.workflow.nodes.values()) == 2
    assert kinds(f"# T\n\n## Small change\n\n{below.replace('small', 'red')}")[:2] == ["error", "error"]


def test_names_of_a_table_are_cases() -> None:
    table = "| Colour | Means |\n|---|---|\n| Teal | is fine |\n| Ochre | is not |\n"
    text = headed("Teal", "Ochre")
    assert kinds(text) == ["node", "node", "node"]
    assert kinds(text.replace("1. Open the door.", table)) == ["error", "error", "error"]


def test_items_that_are_cases_are_not_done_one_after_the_other() -> None:
    below = "- Minor spill\n  - Wipe the floor.\n- Major spill\n  - Call the guard.\n"
    assert kinds(f"# T\n\n{below.replace('spill', 'item')}") == ["error"] * 4
    assert kinds("- Windows: Press the key.\n- Linux: Press the button.\n") == ["error", "error"]
    assert kinds("- Kitchen: Press the key.\n- Bar: Press the button.\n") == ["node", "node"]


def test_headings_below_a_case_belong_to_it() -> None:
    cases = "## Minor spill\n\n### Wash\n\n- Wipe the floor.\n\n## Major spill\n\n- Call the guard.\n\n"
    assert kinds(f"# T\n\n{cases.replace('spill', 'item')}## Then\n\n- Close the door.\n") == ["error", "error", "node"]


def test_a_rule_and_an_end_below_a_case_hold_for_no_other() -> None:
    text = "# T\n\n1. The lead approves the change.\n\n## Small change\n\n- Stop.\n"
    text += "- Never merge the change before the lead approved it.\n\n## Large change\n\n- Wash the cup.\n"
    assert kinds(text) == ["node", "error", "error", "node"]
