"""How people write who have not read the grammar: answers, lateness, tables, dotted numbers, headings, details."""

from __future__ import annotations

import pytest
from workflow_support import bare, compiled, workflow

from orchestrator.models.workflow import NodeKind, RuleKind, Workflow
from orchestrator.workflows.compile import Kind, compile_prose
from orchestrator.workflows.say import explain


def said(made: Workflow) -> list[str]:
    return [n.title for n in made.nodes.values() if n.kind is not NodeKind.END]


def kinds(text: str, by: str | None = None) -> list[str]:
    return [read.kind.value for read in compiled(text, by).read]


def come_back(made: Workflow) -> None:
    again = compile_prose(explain(made).encode(), "p", "test")
    assert again.workflow is not None, again.problems
    assert bare(again.workflow) == bare(made)


ANSWERS = """1. The DBA copies the rows.
2. Is the row count the same on both sides?
   - Yes: go on.
   - No: The DBA rolls back and go back to step 1.
3. Is it dark? If so, stop. If not, go on.
"""


def test_a_question_has_answers_and_is_put_to_whoever_did_the_step_before() -> None:
    bounded = ANSWERS.replace("go back to step 1", "stop")
    made = workflow(bounded)
    asks = [n for n in made.nodes.values() if n.kind is NodeKind.ASK]
    assert [(n.role, n.title) for n in asks] == [
        (
            "dba",
            'Ask the DBA whether the answer to "Is the row count the same on both sides" is yes'.replace("DBA", "dba"),
        ),
        ("dba", "Ask the dba whether it is dark"),
    ]
    first, second = (n for n in made.nodes.values() if n.kind is NodeKind.DECIDE)
    assert made.nodes[first.on["holds"]].title == asks[1].title
    assert made.nodes[first.on["otherwise"]].title == "The DBA rolls back"
    assert (second.on["holds"], second.on["otherwise"]) == ("stopped", "done")
    come_back(made)


@pytest.mark.parametrize(
    "text",
    [
        "1. The clerk opens it.\n2. Is it dark?\n   - Yes: stop.\n   - Yes: go on.",
        "1. The clerk opens it.\n2. Is it dark?\n   - Yes: stop.\n   - The clerk waits for light.",
        "1. The clerk opens it.\n2. Is it dark?",
    ],
)
def test_answers_that_do_not_fit_are_reported(text: str) -> None:
    assert compiled(text).workflow is None


def test_somebody_who_is_late_is_the_timer_of_the_step_before() -> None:
    made = workflow(
        "1. The incoming engineer confirms the handover.\n\n"
        "If the incoming engineer does not confirm within 30 minutes, the outgoing engineer calls the team lead.\n"
    )
    confirms, calls = (n for n in made.nodes.values() if n.kind is NodeKind.TASK)
    assert (confirms.within_seconds, made.nodes[confirms.on["expired"]]) == (1800, calls)
    come_back(made)
    other = compiled("1. The clerk tells the boss.\n2. If the boss does not answer within 2 hours, stop.")
    assert [p.line for p in other.problems] == [2]
    twice = compiled("1. The clerk tells the boss within 1 day.\n2. If nobody answers within 2 hours, stop.")
    assert [p.line for p in twice.problems] == [2]


def test_a_denied_condition_compares_the_answer_that_was_asked_for() -> None:
    made = workflow(
        "1. The physician decides whether the patient is fit.\n2. If the patient is not fit, stop.\n"
        "3. The clerk decides whether the rule applies.\n4. If the rule does not apply, stop.\n"
    )
    assert sum(n.kind is NodeKind.ASK for n in made.nodes.values()) == 2
    decided = [n.cases[0].when[0].value for n in made.nodes.values() if n.kind is NodeKind.DECIDE]
    assert decided == [False, False]
    come_back(made)


def test_a_condition_is_put_to_whoever_can_know() -> None:
    made = workflow(
        "1. When a request arrives, the clerk logs it.\n"
        "2. The seller checks every price. If a price is wrong, the boss corrects it.\n"
        "3. Once the shop is open, the boss puts a sign up.\n"
    )
    asked = [(n.role, n.kind) for n in made.nodes.values() if n.kind in {NodeKind.ASK, NodeKind.WAIT}]
    assert asked == [("clerk", NodeKind.ASK), ("seller", NodeKind.ASK), ("seller", NodeKind.WAIT)]
    assert compiled("1. If a child is missing, call the head teacher.").workflow is None


TABLE = """| Step | Who | Action | Deadline |
|------|-----|--------|----------|
| 1 | Clerk | Fill in the form | |
| 2 | Line manager | Checks the form against the budget. | 2 days |
| 3 | Finance | Pay the bill | within 1 week |
"""


def test_a_table_of_steps_is_read_row_by_row() -> None:
    made = workflow(TABLE)
    assert said(made) == [
        "The Clerk fills in the form",
        "The Line manager checks the form against the budget",
        "The Finance pays the bill",
    ]
    steps = [n for n in made.nodes.values() if n.kind is NodeKind.TASK]
    assert [(n.role, n.within_seconds) for n in steps] == [
        ("clerk", None),
        ("line-manager", 172_800),
        ("finance", 604_800),
    ]
    assert [n.span.line for n in steps if n.span] == [3, 4, 5]
    come_back(made)


@pytest.mark.parametrize(
    "text",
    [
        TABLE.replace("Deadline", "Colour"),
        TABLE.replace("2 days", "soon"),
        TABLE.replace("Who", "Action"),
        TABLE.replace("| Clerk |", "| The agent and nobody |"),
        "| Activity | Responsible | Accountable |\n|---|---|---|\n| Pay | Clerk | Boss |\n",
    ],
)
def test_a_table_that_says_anything_else_is_reported_whole(text: str) -> None:
    assert compiled(f"1. The clerk opens it.\n\n{text}").workflow is None


def test_dotted_numbers_and_headings_in_a_list_keep_their_numbers_and_places() -> None:
    text = """By default, the technician does each step.

1. Purpose: samples are stored safely.
2. Responsibilities
   2.1 The technician logs samples.
3. Procedure
   3.1 Check the label. If it is torn, go back to step 3.2, at most twice.
   3.2 Store the tube at 4.5 degrees.

4.1 Tell the lab.
"""
    found = compiled(text)
    assert [r.kind.value for r in found.read] == [
        "role",
        "remark",
        "edge",
        "role",
        "edge",
        "node",
        "node",
        "node",
        "node",
    ]
    assert found.workflow is not None
    assert [r.sentence.span.column for r in found.read][-2:] == [8, 5]
    decide = next(n for n in found.workflow.nodes.values() if n.kind is NodeKind.DECIDE)
    assert found.workflow.nodes[decide.on["holds"]].title.endswith("stores the tube at 4.5 degrees")
    come_back(found.workflow)
    assert kinds("1. The clerk fills\n3.5 Litres of it in.")[0] != "edge"


@pytest.mark.parametrize("title", ["On Mondays", "Only for admins", "Optional", "Either", "We will not", "Never"])
def test_what_qualifies_a_list_is_no_heading_of_it(title: str) -> None:
    assert kinds(f"1. The clerk opens it.\n2. {title}:\n   - The clerk closes it.")[1] == "error"


def test_what_is_said_about_a_step_is_told_with_it_and_read_back() -> None:
    made = workflow(
        "1. The clerk files the form. This usually takes an hour. About this: the red one.\n2. The clerk closes it.\n"
    )
    assert made.nodes["clerk-files-form"].details == ("This usually takes an hour", "the red one")
    assert "About this: This usually takes an hour. About this: the red one." in explain(made)
    come_back(made)


@pytest.mark.parametrize(
    "text",
    [
        "It is signed by the boss.",
        "It is then sent to the bank.",
        "The form must be signed.",
        "This must not be late.",
        "It is only sent if the boss agrees.",
        "The customer is told.",
        "The boss will sign it",
        "Those managers will sign it.",
        "It goes back to step 1.",
        "Nobody signs it.",
        "This needs the approval of the boss.",
    ],
)
def test_a_duty_a_condition_or_a_person_is_no_detail(text: str) -> None:
    assert Kind.DETAIL not in [r.kind for r in compiled(f"1. The clerk files it. {text}").read]


def test_steps_before_the_first_list_are_steps() -> None:
    text = "The clerk opens the shop. This page is about shops.\n\n1. The clerk closes it.\n"
    assert kinds(text) == ["node", "detail", "node"]
    assert kinds("Shops are lovely.\n\n1. The clerk closes it.\n") == ["remark", "node"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Warning: never tell the shop before step 1 is done.", RuleKind.UNLESS),
        ("The clerk must never tell the shop before step 1 is done.", RuleKind.UNLESS),
        ("The clerk must not tell the shop after step 1.", RuleKind.AFTER),
    ],
)
def test_prohibitions_with_a_subject_or_a_warning_are_rules(text: str, kind: RuleKind) -> None:
    steps = "1. The clerk files the form.\n2. The clerk tells the shop."
    found = compiled(f"{steps}\n\n{text}")
    assert found.read[-1].kind is Kind.RULE
    assert found.workflow is not None
    assert found.workflow.rules[0].kind is kind
    other = compiled(f"{steps}\n\nThe boss must never tell the shop before step 1 is done.")
    assert [p.code for p in other.problems] == ["WF115"]


@pytest.mark.parametrize(
    ("text", "roles", "by"),
    [
        ("Who: class teacher, head teacher", {"class-teacher", "head-teacher"}, None),
        ("Owner: head of support", set[str](), None),
        ("Owner: support lead", {"support-lead"}, None),
        ("Performed by: the lab technician", {"lab-technician"}, "lab-technician"),
    ],
)
def test_labels_that_name_people(text: str, roles: set[str], by: str | None) -> None:
    made = compiled(f"{text}\n\n1. The clerk opens it.\n2. Close it.")
    assert (made.workflow is not None) is (by is not None)
    if made.workflow:
        assert roles <= set(made.workflow.roles)
        assert said(made.workflow)[1] == "The lab technician closes it"


def test_what_is_promised_is_seen_to_by_its_time() -> None:
    text = """## Required information

- Affected version(s) and parts

## Our commitments

- First answer: Within 24 hours
- Status updates: Every 7 days
- Regular scans of the shop
- Reply to each letter
"""
    made = compiled(text, "clerk").workflow
    assert made is not None
    assert said(made) == [
        "The clerk must have affected version(s) and parts",
        "The clerk sees to this: First answer",
        "The clerk sees to this: Status updates every 7 days",
        "The clerk sees to this: Regular scans of the shop",
        "The clerk replies to each letter",
    ]
    assert [n.within_seconds for n in made.nodes.values()][1] == 86_400
    assert set(kinds(text)) == {"error"}
    come_back(made)


def test_a_verb_alone_and_a_duty_of_a_thing_are_reported() -> None:
    assert kinds("1. Open it.\n2. Then run\n", "clerk") == ["node", "error"]
    duty = "1. Open it. It is the duty of the shop to ensure that all is well."
    assert kinds(duty, "clerk") == ["node", "error"]
    listed = "1. Open it.\n\nThe following are not considered faults:\n\n- Close the door.\n"
    assert kinds(listed, "clerk")[-1] == "error"


LOOPS = """Roles: security lead

1. Ask the agent to fix the bug.
2. Run the gates.
3. Run `make check`.
4. If the tests fail, go back to step 1, at most twice. Otherwise, {then}.
5. The security lead approves the change.
6. {merge}.
"""


@pytest.mark.parametrize("merge", ["Merge", "Merge it", "Merge the change"])
def test_otherwise_is_the_one_other_end_of_the_step_before(merge: str) -> None:
    made = workflow(LOOPS.format(then="continue", merge=merge))
    run = next(n for n in made.nodes.values() if n.kind is NodeKind.COMMAND)
    assert made.nodes[run.on["passed"]].kind is NodeKind.REVIEW
    assert made.nodes[run.on["failed"]].kind is NodeKind.AGENT
    come_back(made)


def test_otherwise_may_lead_elsewhere() -> None:
    made = workflow(LOOPS.format(then="stop", merge="Merge"))
    assert next(n for n in made.nodes.values() if n.kind is NodeKind.COMMAND).on["passed"] == "stopped"


def test_otherwise_of_a_step_with_several_other_ends_is_not_guessed() -> None:
    text = "1. The lead approves the claim.\n2. If the lead rejects it, stop. Otherwise, go on.\n"
    problems = compile_prose(text.encode(), "p", "test").problems
    assert [p.code for p in problems] == ["WF110"]
    assert "it ends as" in problems[0].message or "it ends as" in (problems[0].hint or "")


@pytest.mark.parametrize("asked", ["what the laptop costs", "how many came back", "when it arrives"])
def test_a_question_word_asks_and_its_kind_of_answer_is_not_guessed(asked: str) -> None:
    made = workflow(f"1. Ask the buyer {asked} (a number).\n2. If {asked} is above 3, stop.\n")
    (question,) = (n for n in made.nodes.values() if n.kind is NodeKind.ASK)
    assert [f.question for f in made.facts.values()] == [asked]
    assert question.role == "buyer"
    come_back(made)
    problems = compile_prose(f"1. Ask the buyer {asked}.".encode(), "p", "test").problems
    assert "(a number" in (problems[0].hint or "") + problems[0].message


def test_when_something_has_happened_is_waited_for_and_no_question_that_a_no_goes_past() -> None:
    made = workflow("1. The buyer orders it.\n2. When it has arrived, the clerk signs for it.\n")
    wait = next(n for n in made.nodes.values() if n.kind is NodeKind.WAIT)
    assert (wait.role, made.nodes[wait.on["happened"]].role) == ("buyer", "clerk")
    assert not any(n.kind is NodeKind.DECIDE for n in made.nodes.values())
    come_back(made)


@pytest.mark.parametrize(
    "text",
    [
        "1. The buyer orders it.\n2. When it has been open for 3 days, the clerk asks again.\n",
        "1. The buyer orders it.\n2. When it is late, the clerk asks again.\n",
        "1. Ask the buyer whether it has arrived.\n2. When it has arrived, the clerk signs for it.\n",
    ],
)
def test_when_something_holds_is_a_condition(text: str) -> None:
    made = workflow(text)
    assert any(n.kind is NodeKind.DECIDE for n in made.nodes.values())
    assert not any(n.kind is NodeKind.WAIT for n in made.nodes.values())
