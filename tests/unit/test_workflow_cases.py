"""Cases and their labels, doers at the end of a step, headings that deny, and people without an article."""

from __future__ import annotations

import pytest
from workflow_support import bare, compiled

from orchestrator.models.workflow import NodeKind, Workflow
from orchestrator.workflows.compile import compile_prose
from orchestrator.workflows.say import explain


def kinds(text: str, by: str | None = "operator") -> list[str]:
    return [read.kind.value for read in compiled(text, by).read]


def read(text: str, by: str | None = "operator") -> Workflow:
    made = compile_prose(text.encode(), "p", "test", by)
    assert made.workflow is not None, [str(p) for p in made.problems]
    again = compile_prose(explain(made.workflow).encode(), "p", "test").workflow
    assert again is not None
    assert bare(again) == bare(made.workflow)
    return made.workflow


def doers(text: str) -> list[tuple[str | None, str]]:
    return [(n.role, n.title) for n in read(text).nodes.values() if n.kind is not NodeKind.END]


@pytest.mark.parametrize(
    ("text", "role", "title"),
    [
        ("Wash the roof - Security", "security", "The security washes the roof"),
        ("Wash the roof \u2014 Roof Team", "roof-team", "The roof team washes the roof"),
    ],
)
def test_whoever_stands_at_the_end_does_it(text: str, role: str, title: str) -> None:
    assert doers(f"1. {text}\n") == [(role, title)]


def test_two_at_the_end_are_an_error_and_a_remark_at_the_end_is_none() -> None:
    assert kinds("1. Wash the roof - DevOps and Security\n") == ["error"]
    assert doers("1. Wash the roof - it is dirty\n") == [("operator", "The operator washes the roof - it is dirty")]


@pytest.mark.parametrize("heading", ["Option A: by bus", "Case 2", "Scenario B - a lost key", "Painting (optional)"])
def test_a_heading_of_one_case_is_a_condition(heading: str) -> None:
    nodes = read(f"# T\n\n1. Wash the cup.\n\n## {heading}\n\n- Call the bus.\n\n## Last\n\n- Close the door.\n").nodes
    whether = next(n for n in nodes.values() if n.kind is NodeKind.DECIDE)
    assert nodes[whether.on["holds"]].title == "The operator calls the bus"
    assert nodes[whether.on["otherwise"]].title == "The operator closes the door"


@pytest.mark.parametrize("label", ["Red flags", "High priority", "Sev 1", "P2", "Approved", "Critical"])
def test_a_label_that_is_a_case_is_not_done_in_every_case(label: str) -> None:
    assert kinds(f"- {label}: Call the guard within 30 minutes.\n") == ["error"]
    assert kinds("- Red paint: Call the guard within 30 minutes.\n") == ["node"]


@pytest.mark.parametrize("heading", ["Don't do these", "What not to do", "Never", "Avoid"])
def test_what_stands_below_a_denial_and_its_headings_is_no_step(heading: str) -> None:
    denied = f"## {heading}\n\n- Drop the cup.\n\n### Ever\n\n- Break the cup."
    text = f"# T\n\n- Wash the cup.\n\n{denied}\n\n## So\n\n- Fill it.\n"
    assert kinds(text) == ["node", "error", "error", "node"]


def test_names_below_references_are_no_steps() -> None:
    text = "# T\n\n- Wash the cup.\n\n## {}\n\n- [Securely dispose of the cup](a.md)\n"
    assert kinds(text.format("References")) == ["node", "remark"]
    assert kinds(text.format("Afterwards")) == ["node", "node"]


def test_a_list_of_things_is_no_step_of_the_first() -> None:
    assert kinds("- Owner data: Name, email, and age\n") == ["error"]
    assert kinds("- Owner data: Wash, dry and fold the cloth\n") == ["node"]


@pytest.mark.parametrize(
    "text",
    [
        "Under no circumstances shall the key be shared",
        "Group leaders and managers are to call their teams",
        "Sometimes a user will ask us to call",
    ],
)
def test_what_only_looks_like_a_step_is_an_error(text: str) -> None:
    assert kinds(f"- {text}.\n") == ["error"]


def test_people_without_an_article_do_what_is_no_thing() -> None:
    assert doers("- Employee submits request via the form.\n") == [
        ("employee", "Employee submits request via the form")
    ]
    assert kinds("- Employee reports about lost keys.\n") == ["error"]
    assert doers("1. Manager reviews against budget.\n") == [("manager", "Manager reviews against budget")]
    assert kinds("1. Security checks in the pipeline.\n") == ["error"]


def test_a_condition_behind_a_label_is_one() -> None:
    nodes = read("- Money: If the cup is dear, call the owner.\n").nodes.values()
    assert [n.title for n in nodes if n.kind is NodeKind.TASK] == ["The operator calls the owner (Money)"]


def test_what_follows_an_unread_condition_behind_a_label_is_not_done_without_it() -> None:
    assert kinds("- Cards: If you use one, it appears. Drag it to the list.\n") == ["error", "error"]


def test_a_text_without_lists_and_headings_is_no_introduction() -> None:
    assert kinds("# T\n\nThe cup is washed. The operator fills it.\n") == ["error", "node"]
    assert kinds("# T\n\nThe cup is washed.\n\n- Fill it.\n") == ["remark", "node"]
