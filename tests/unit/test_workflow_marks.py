"""Letters, front matter, headings that are conditions, paragraphs below lists, and short names of people."""

from __future__ import annotations

import pytest
from workflow_support import bare, compiled

from orchestrator.models.workflow import NodeKind, Workflow
from orchestrator.workflows.compile import compile_prose
from orchestrator.workflows.marks import front_matter, numbered
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


def titles(text: str, by: str | None = "operator") -> list[str]:
    return [n.title for n in read(text, by).nodes.values() if n.kind is not NodeKind.END]


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        (["a. One", "b. Two"], ["1. One", "2. Two"]),
        (["a) One", "b) Two"], ["1) One", "2) Two"]),
        (["(a) One", "(b) Two"], ["1) One", "2) Two"]),
        (["i. One", "ii. Two", "iii. Three", "iv. Four"], ["1. One", "2. Two", "3. Three", "4. Four"]),
        (["h. Eight", "i. Nine", "j. Ten"], ["8. Eight", "9. Nine", "10. Ten"]),
        (["a. One", "", "a. Two"], ["1. One", "", "1. Two"]),
        (["1.2 One"], ["-   One"]),
    ],
)
def test_letters_before_items_are_numbers(lines: list[str], numbers: list[str]) -> None:
    assert numbered("\n".join(lines)).split("\n") == numbers


@pytest.mark.parametrize(
    "text", ["See the plan of\na. Bee", "A. Bee wrote this", "e.g. a bee", "```\na. Bee\n```", "xyz) Bee"]
)
def test_what_is_no_letter_of_an_item_stays(text: str) -> None:
    assert numbered(text) == text


def test_steps_with_letters_are_steps_in_order() -> None:
    text = "# T\na. Wash the cup.\n\na. Fill in the form:\n\n    i. the name\n\n    i. the date\n\n"
    text += "(b) The clerk files it.\n"
    assert titles(text) == [
        "The operator washes the cup",
        "The operator fills in the form: the name; the date",
        "The clerk files it",
    ]


def test_front_matter_is_a_remark_with_its_lines() -> None:
    text = "---\ntitle: A plan\nowner: nobody\n---\n\n# Plan\n\n- Wash the cup.\n"
    found = compiled(text, "operator")
    assert [r.kind.value for r in found.read] == ["remark", "node"]
    assert (found.read[0].sentence.span.line, found.read[0].sentence.span.end_line) == (1, 4)
    assert found.read[1].sentence.span.line == 8


@pytest.mark.parametrize("text", ["---\nno fields here\n---\n", "a\n---\nb: c\n---\n", "---\n"])
def test_lines_are_no_front_matter(text: str) -> None:
    assert front_matter(text) == 0


CONDITION = """# T

- Open the gate.

## If the gate is stuck

1. Wash the gate.
2. Call the guard.
{}
## Last

- Close the gate.
"""


@pytest.mark.parametrize("deeper", ["", "\n### Details\n\n3. Write a note.\n"])
def test_a_heading_that_is_a_condition_holds_for_all_below_it(deeper: str) -> None:
    nodes = read(CONDITION.format(deeper)).nodes
    whether = next(n for n in nodes.values() if n.kind is NodeKind.DECIDE)
    last = next(name for name, n in nodes.items() if n.title == "The operator closes the gate")
    assert nodes[whether.on["holds"]].title == "The operator washes the gate"
    assert whether.on["otherwise"] == last


@pytest.mark.parametrize("heading", ["When to open the gate", "Gate if any", "Iffy gates"])
def test_other_headings_are_no_conditions(heading: str) -> None:
    assert titles(f"# T\n\n## {heading}\n\n- Open the gate.\n") == ["The operator opens the gate"]


@pytest.mark.parametrize(
    "heading",
    [
        "Rollback",
        "3. Back-out plan",
        "Troubleshooting",
        "Escalation",
        "Special scenarios",
        "Common error messages",
        "Exceptions",
    ],
)
def test_what_is_not_done_each_time_is_no_step_each_time(heading: str) -> None:
    held = "- Wash the gate.\n- If it rains, close the roof.\n\n### More\n\n- Wash it."
    text = f"# T\n\n1. Open the gate.\n\n## {heading}\n\n{held}\n\n## Last\n\n- Close it.\n"
    assert kinds(text) == ["node", "error", "error", "error", "node"]


def test_a_document_that_is_a_rollback_has_steps() -> None:
    assert titles("# T\n\n## Rollback\n\n- Wash the gate.\n") == ["The operator washes the gate"]


def test_a_case_before_a_list_is_a_condition() -> None:
    text = "1. Open the gate.\n2. For late visitors:\n   - Call the guard.\n3. Close the gate.\n"
    assert "Ask the operator whether this is about late visitors" in titles(text)
    assert kinds("1. For the visitors' comfort:\n   - Call the guard.\n") == ["error", "error"]


def test_a_paragraph_below_a_list_comes_after_it() -> None:
    text = "1. Wash:\n   - Wash the cup.\n   - Wash the plate.\n\n   Then close the door.\n2. Call the guard.\n"
    made = titles("1. Prepare it all.\n   - Wash the cup.\n\n   Then close the door.\n2. Call the guard.\n")
    assert made == [
        "The operator prepares it all",
        "The operator washes the cup",
        "The operator closes the door",
        "The operator calls the guard",
    ]
    assert kinds(text)[1:] == ["node", "node", "node", "node"]


def test_below_the_list_of_a_condition_it_is_not_clear_whether_it_holds() -> None:
    assert kinds("1. If it rains:\n   - Close the roof.\n\n   Call the guard.\n") == ["node", "node", "error"]


def test_a_block_below_a_list_belongs_to_the_item_that_leads_on_to_it() -> None:
    text = "1. If it rains:\n   - Close the roof:\n\n   ```sh\n   roof close\n   ```\n2. Call the guard.\n"
    made = read(text)
    block = next(n for n in made.nodes.values() if "roof close" in n.title)
    assert made.nodes[block.on["done"]].title == "The operator calls the guard"
    assert (
        made.nodes[next(n for n in made.nodes.values() if n.kind is NodeKind.DECIDE).on["otherwise"]].title
        == "The operator calls the guard"
    )


def test_short_names_of_people_are_roles() -> None:
    text = "- Assign a Duty Manager (DM).\n- The DM must immediately call the guard.\n"
    assert {n.role for n in read(text).nodes.values() if n.role} == {"operator", "dm"}
    assert kinds("- Assign a Data Model (DM).\n- The DM must call the guard.\n")[1] == "error"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The Duty Manager (DM) must call the guard", "The Duty Manager must call the guard"),
        ("The clerk must promptly file it", "The clerk must promptly file it"),
        ("The company must review the list", "The operator sees to this: The company must review the list"),
        ("Notice: The lead must be called", "The operator sees to this: The lead must be called (Notice)"),
        ("Where necessary, the clerk files it", "The clerk files it (where necessary)"),
    ],
)
def test_who_does_it_is_read_in_more_words(text: str, title: str) -> None:
    assert titles(f"- {text}.\n") == [title]


@pytest.mark.parametrize("text", ["The clerk will apply the stamp", "The clerk must reply to the letter"])
def test_a_verb_on_ly_is_a_verb(text: str) -> None:
    assert titles(f"- {text}.\n") == [text]


@pytest.mark.parametrize(
    ("text", "roles"),
    [
        ("Each form must be reviewed and approved by the lead and the counsel", {"lead", "counsel"}),
        ("The lead approves or rejects the form", {"lead"}),
        ("The lead reviews and approves the form", {"lead"}),
    ],
)
def test_approvals_in_more_words_are_reviews(text: str, roles: set[str]) -> None:
    nodes = read(f"- {text}.\n").nodes.values()
    assert {n.role for n in nodes if n.kind is NodeKind.REVIEW} == roles


def test_it_is_the_thing_that_the_condition_is_about() -> None:
    assert titles("- If a cup is broken, it must be thrown away.\n")[-1].endswith("The cup must be thrown away")
    assert kinds("- If it rains, it must be closed.\n") == ["error"]


def test_what_follows_a_condition_may_be_told_in_the_passive() -> None:
    assert (
        titles("- If the cup is broken, the guard is called.\n")[-1] == "The operator sees to this: The guard is called"
    )
    assert kinds("- If the cup is broken, the guard is called automatically.\n") == ["error"]


def test_stop_if_is_a_condition_and_no_task() -> None:
    nodes = read("1. Wash the cup.\n2. Stop if the cup is broken.\n3. Fill the cup.\n").nodes
    whether = next(n for n in nodes.values() if n.kind is NodeKind.DECIDE)
    assert whether.on["holds"] == "stopped"


def test_a_numbered_name_among_steps_is_a_step() -> None:
    steps = "1. Wash the cup.\n2. Fill the cup.\n3. Inspection of the cup.\n4. Close the box.\n"
    assert titles(steps)[2] == "The operator sees to this: Inspection of the cup"
    assert kinds("1. Wash the cup.\n2. Inspection of the cup.\n3. Colour of the cup.\n") == ["node", "error", "error"]
    assert (
        kinds(steps.replace("1. ", "- ").replace("2. ", "- ").replace("3. ", "- ").replace("4. ", "- "))[2] == "error"
    )


@pytest.mark.parametrize(
    "text",
    [
        "The cups, plates, and spoons must be washed",
        "All cups (glass, paper) must be washed",
        "Upon receipt of a cup (or plate), the cup is washed",
    ],
)
def test_a_duty_about_several_things_is_one(text: str) -> None:
    assert kinds(f"- {text}.\n") == ["node"]


def test_what_only_explains_is_a_remark_and_what_asks_is_a_step() -> None:
    text = "# T\n\n- Wash the cup.\n\n## Impact\n\n- Cups become dirty.\n- Wash them again.\n"
    assert kinds(text) == ["node", "remark", "node"]


def test_a_condition_that_is_not_read_is_never_told_as_a_detail() -> None:
    assert kinds("1. Wash the cup. If the box is red, cancel the order.\n") == ["node", "error"]
