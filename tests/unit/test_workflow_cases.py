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


@pytest.mark.parametrize(
    "head",
    [
        "The scribe must:",
        "The scribe, if asked, should:",
        "Scribe shall do the following:",
        "It is the duty of the scribe to follow these steps:",
        "The scribe is responsible for the following:",
    ],
)
def test_a_sentence_before_a_list_says_who_does_it(head: str) -> None:
    made = read(f"# T\n\n{head}\n\n1. Wash the cup.\n2. The cook fills it.\n\n## Then\n\n- Close the door.\n")
    assert [n.role for n in made.nodes.values() if n.role] == ["scribe", "cook", "operator"]


def test_whoever_is_not_known_is_not_replaced() -> None:
    assert kinds("The widget should:\n\n1. Wash the cup.\n") == ["remark", "error"]


def test_a_verb_alone_is_of_the_things_below_it() -> None:
    text = "Maintain:\n\n- Member list\n- Repair records\n- The third key\n"
    assert doers(text) == [("operator", "The operator maintains these: Member list; Repair records; The third key")]
    assert kinds("Maintain:\n\n- Wash the cup.\n") == ["node", "node"]


def test_a_step_that_is_not_read_is_not_told_before_those_of_its_list() -> None:
    text = "Do these with the cup:\n\n1. Wash it.\n2. The widget thing.\n3. Fill it.\n"
    assert kinds(text) == ["node", "node", "error", "node"]


@pytest.mark.parametrize("text", ["Repair by a technician", "The form is filed by the clerk or the lead"])
def test_what_somebody_else_does_is_not_put_to_whoever_does_the_rest(text: str) -> None:
    assert kinds(f"1. {text}.\n") == ["error"]


def test_what_a_member_of_a_group_does_is_of_its_role() -> None:
    ((role, _),) = doers("1. The form is checked by another member of the board.\n")
    assert role == "board"


@pytest.mark.parametrize("text", ["The purpose of the scribe is to write", "Your plan as scribe is to write"])
def test_a_thing_of_somebody_is_nobody(text: str) -> None:
    assert kinds(f"- {text}.\n") == ["error"]


def test_your_job_as_somebody_is_a_step() -> None:
    assert doers("- Your job as scribe is to write a note.\n") == [("operator", "The operator writes a note")]


def test_a_second_condition_within_a_step_is_an_error() -> None:
    assert kinds("- Read the list; if you are in doubt, call the lead.\n") == ["error"]
    assert kinds("- Read the list, and if necessary, the book.\n") == ["node"]


def test_a_thing_in_a_rare_state_is_a_case() -> None:
    text = "# T\n\n## Keys\n\n- Count the keys.\n\n## Lost keys\n\n- Call the guard.\n"
    assert any(n.kind is NodeKind.DECIDE for n in read(text).nodes.values())
    alone = "# T\n\n## Lost keys\n\n- Call the guard.\n"
    assert all(n.kind is not NodeKind.DECIDE for n in read(alone).nodes.values())


def test_a_box_to_be_ticked_says_what_has_to_be_done() -> None:
    text = "- [ ] Contact paths confirmed\n- [ ] Open cups washed before lunch\n"
    assert doers(text) == [
        ("operator", "The operator sees to this: Contact paths confirmed"),
        ("operator", "The operator sees to this: Open cups washed before lunch"),
    ]
    assert kinds(text.replace("[ ] ", "")) == ["error", "error"]
    assert kinds("- [ ] Plan approved by the chair\n") == ["error"]


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("The cups must be washed by the cook, together with the clerk", "cook"),
        ("The cups must be washed by the cook before lunch", "cook"),
        ("Before they are seen by the guest, the cups must be washed", "operator"),
        ("The cups must be washed by hand", "operator"),
    ],
)
def test_whoever_stands_behind_by_does_it(text: str, role: str) -> None:
    assert [who for who, _ in doers(f"- {text}.\n")] == [role]


@pytest.mark.parametrize(
    "text",
    [
        "Alert thresholds verified",
        "Post-restore verification of the cups",
        "TODO: Wash the cups",
        "Copy the text, and wait for confirmation from the chair",
        "The cups must be washed by the cook and the clerk",
    ],
)
def test_names_notes_and_consent_are_no_steps(text: str) -> None:
    assert kinds(f"- {text}.\n") == ["error"]


def test_people_are_alerted() -> None:
    assert next(n.kind for n in read("- Alert the guard.\n").nodes.values()) is NodeKind.NOTIFY


@pytest.mark.parametrize("heading", ["Response: Cat 2 - a lost key", "Type B", "Severity 1: all are lost"])
def test_a_heading_that_counts_cases_is_a_condition(heading: str) -> None:
    nodes = read(f"# T\n\n- Wash the cup.\n\n## {heading}\n\n- Call the guard.\n").nodes.values()
    assert any(n.kind is NodeKind.DECIDE for n in nodes)
    assert all(n.kind is not NodeKind.DECIDE for n in read("# T\n\n## Phase 2\n\n- Call the guard.\n").nodes.values())


def test_the_number_of_a_step_alone_is_no_step() -> None:
    assert kinds("- Step 1. Wash the cup.\n- Step 2. Fill the cup.\n") == ["edge", "node", "edge", "node"]


def test_things_of_a_list_whose_head_is_not_read_are_no_steps() -> None:
    assert (
        kinds("The blob has this:\n\n- Rollback plan\n- Start date for the wash\n- Cup number\n")[1:] == ["error"] * 3
    )
    assert kinds("The blob has this:\n\n- Test the cup.\n- Wash cups and plates.\n")[1:] == ["node", "node"]


@pytest.mark.parametrize(
    "text",
    [
        "Upon which, the cup is washed",
        "Repeat all or a part of the process",
        "The cup must have at least 1 approval of the cook",
        "The cups must be washed by the kitchen personnel or the cook",
    ],
)
def test_what_hangs_on_something_else_is_an_error(text: str) -> None:
    assert kinds(f"- {text}.\n") == ["error"]


@pytest.mark.parametrize(
    "text",
    ["The cup must be filled by the cook and checked by the clerk", "Anyone near the cup must be careful with it"],
)
def test_what_two_or_any_do_is_an_error(text: str) -> None:
    assert kinds(f"- {text}.\n") == ["error"]


@pytest.mark.parametrize("phase", ["Background", "Impact", "Notes"])
def test_a_step_that_is_read_back_below_a_heading_that_explains_is_a_step(phase: str) -> None:
    below = "- The operator must wash the cup.\n- If it is red, the operator must call the guard.\n"
    text = f"# T\n\n- Fill the cup.\n\n## {phase}\n\n{below}"
    assert [title for _, title in doers(text)][-1].endswith("call the guard")


def test_what_ends_on_an_abbreviation_ends_there() -> None:
    assert doers("- Wash cups, plates, etc. Fill it.\n") == [
        ("operator", "The operator washes cups, plates, etc"),
        ("operator", "The operator fills it"),
    ]
    assert kinds("- Wash cups, e.g. Fridays.\n") == ["node"]
    assert [title for _, title in doers("- Take the box of A and stop.\n")] == ["The operator takes the box of A"]


def test_a_condition_that_says_nothing_is_an_error() -> None:
    assert kinds("- If desired:\n  - Wash the cup.\n") == ["error", "error"]
    assert kinds("- If desired, wash the cup.\n") == ["node"]


@pytest.mark.parametrize("said", ["rejected", "not approved", "it is not approved", "it is rejected"])
def test_a_word_alone_is_the_outcome_of_the_approval_before_it(said: str) -> None:
    nodes = read(f"1. The lead approves the form. If {said}, stop.\n2. File the form.\n").nodes.values()
    review = next(n for n in nodes if n.kind is NodeKind.REVIEW)
    assert review.on["reject"] == "stopped"
    assert all(n.kind is not NodeKind.DECIDE for n in nodes)


@pytest.mark.parametrize(
    "text",
    [
        "1. The access is revoked by Acme.\n",
        "1. The mailbox is closed with zero manual intervention.\n",
        "1. The record must be removed without any manual work.\n",
    ],
)
def test_what_others_or_programs_do_is_nobodys_step(text: str) -> None:
    assert kinds(text) == ["error"]


@pytest.mark.parametrize(
    "text",
    [
        "1. The access must be revoked by Friday.\n",
        "1. The access must be revoked by EOD.\n",
        "1. The mailbox is closed without delay.\n",
    ],
)
def test_a_day_does_nothing_by_itself(text: str) -> None:
    assert kinds(text) == ["node"]


def test_steps_below_a_condition_that_is_not_read_are_not_read_either() -> None:
    text = "If, as one of the crew, you have to answer a report, follow the additional steps outlined below.\n\n"
    assert kinds(f"{text}1. Open a case.\n2. Call the lead.\n") == ["error", "error", "error"]


def test_what_a_list_is_used_for_is_no_step_of_it() -> None:
    assert kinds("Use this checklist when a contract ends.\n\n- Close the account.\n") == ["remark", "node"]
    assert kinds("1. Use this key when the door is shut.\n") == ["node"]


APPROVED = "1. Count the boxes.\n2. The manager approves the delivery."


@pytest.mark.parametrize("said", ["the manager requests changes", "they want corrections", "the manager sends it back"])
def test_what_the_reviewer_asks_for_is_the_outcome_of_the_review(said: str) -> None:
    found = read(f"{APPROVED} If {said}, go back to step 1, at most twice.\n")
    assert found.nodes["manager-approves-delivery"].on["request-changes"] == "operator-counts-boxes"
    assert not any(node.kind is NodeKind.ASK for node in found.nodes.values())


def test_what_somebody_else_asks_for_is_no_outcome_of_a_review() -> None:
    found = read(
        f"Roles: manager, client.\n\n{APPROVED} If the client requests changes, go back to step 1, at most twice.\n"
    )
    assert found.nodes["manager-approves-delivery"].on["request-changes"] == "rejected"
    assert any(node.kind is NodeKind.ASK for node in found.nodes.values())
