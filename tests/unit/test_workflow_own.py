"""What ten processes in ten voices stumbled over: labels, chapters, bullets beside steps, who, and where it ends."""

from __future__ import annotations

import pytest
from test_workflow_strangers import come_back, kinds, said
from workflow_support import compiled, workflow

from orchestrator.models.workflow import NodeKind


def test_lines_of_labels_are_a_sentence_each() -> None:
    text = "Owner: support lead\nPerformed by: DBA\n\n1. Copy the rows.\n"
    assert kinds(text) == ["role", "role", "node"]
    assert said(workflow(text)) == ["The dba copies the rows"]
    assert [r.sentence.span.line for r in compiled(text).read] == [1, 2, 4]


def test_a_numbered_chapter_above_dotted_steps_is_a_heading() -> None:
    text = "# Erasure\n\n1 Receipt\n1.1 The clerk logs it.\n\n10 End\n\n10.1 The lead signs it.\n"
    made = workflow(text)
    assert made.title == "Erasure"
    assert [n.phase for n in made.nodes.values()][:2] == ["Receipt", "End"]
    assert kinds(text) == ["node", "node"]
    assert workflow(text.removeprefix("# Erasure\n\n")).title == "test"


def test_bullets_beside_steps_take_no_number_from_them() -> None:
    steps = "1. The clerk files it.\n2. If it fails, go back to step 1, at most twice.\n"
    text = f"- The clerk takes a key.\n- The clerk opens it.\n\n{steps}"
    made = workflow(text)
    assert made.nodes["clerk-files"].on["blocked"] == "clerk-files"


def test_roles_and_who_does_each_step_may_be_said_below() -> None:
    text = "The editor picks a text.\n\nRoles: editor.\n\n1. Print it.\n\nBy default, the editor does each step.\n"
    assert said(workflow(text)) == ["The editor picks a text", "The editor prints it"]
    two = "1. Print it.\n\nBy default, the clerk does each step. By default, the lead does each step.\n"
    assert compiled(two).workflow is None


def test_the_label_of_an_item_names_who_does_the_rest_of_it() -> None:
    made = workflow("1. Engineer: read the notes. Ask questions if anything is unclear.\n2. The clerk files it.\n")
    assert [n.role for n in made.nodes.values() if n.role] == ["engineer", "engineer", "clerk"]
    assert compiled("1. Engineer: read the notes.\n2. File it.\n").workflow is None


def test_what_is_needed_may_stand_below_a_paragraph() -> None:
    made = workflow("By default, the clerk does each step.\n\nWhat you need:\n- gloves\n- a lamp\n\n1. Dig.\n")
    assert said(made)[:2] == ["The clerk must have gloves", "The clerk must have a lamp"]


@pytest.mark.parametrize(
    "text",
    [
        "If it rains, the clerk closes the shop and the process ends.",
        "If it rains, the clerk closes the shop and ends the process.",
        "If it rains, the clerk closes the shop, and then stop.",
    ],
)
def test_a_step_after_which_it_ends_leads_to_an_end(text: str) -> None:
    made = workflow(f"1. Ask the clerk whether it rains.\n2. {text}\n3. The clerk opens the shop.\n")
    closing = next(n for n in made.nodes.values() if "closes the shop" in n.title)
    assert made.nodes[closing.on["done"]].kind is NodeKind.END
    come_back(made)


def test_an_end_within_other_words_is_not_swallowed() -> None:
    assert kinds("1. The lead says that the process ends at noon.") == ["error"]


def test_if_it_does_not_speaks_of_what_was_asked() -> None:
    made = workflow("1. Ask the lead whether it rains. If it doesn't, stop.\n2. The lead waits.\n")
    assert [n.kind for n in made.nodes.values()][:2] == [NodeKind.ASK, NodeKind.DECIDE]
    come_back(made)
    assert "not clear" in compiled("1. The lead calls them. If so, stop.\n").problems[0].message


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("First, ask the agent to look.", NodeKind.AGENT),
        ("Then run `make check`.", NodeKind.COMMAND),
        ("Finally, notify the team.", NodeKind.NOTIFY),
    ],
)
def test_a_word_of_order_makes_no_task_of_what_the_engine_does(text: str, kind: NodeKind) -> None:
    made = workflow(f"1. The clerk begins.\n2. {text}\n")
    assert [n.kind for n in made.nodes.values()][1] is kind


def test_a_wait_for_at_most_a_time_has_that_timer() -> None:
    made = workflow("1. Wait until the parents confirm that it is fine, at most two weeks.\n")
    assert next(iter(made.nodes.values())).within_seconds == 14 * 86_400
    come_back(made)


def test_a_note_in_a_paragraph_of_its_own_stays_a_remark() -> None:
    assert kinds("1. The clerk files it.\n\nNote: it must never get wet.\n") == ["node", "remark"]
