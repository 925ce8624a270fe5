"""What stands around a step in procedures of people: headings, circumstances, conditions in other words, two doers."""

from __future__ import annotations

import pytest
from workflow_support import bare, compiled, workflow

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows.compile import compile_prose
from orchestrator.workflows.say import explain


def kinds(text: str, by: str | None = "operator") -> list[str]:
    return [read.kind.value for read in compiled(text, by).read]


def titles(text: str, by: str | None = None) -> list[str]:
    made = compile_prose(text.encode(), "p", "test", by).workflow
    assert made is not None
    again = compile_prose(explain(made).encode(), "p", "test").workflow
    assert again is not None
    assert bare(again) == bare(made)
    return [n.title for n in made.nodes.values() if n.kind is not NodeKind.END]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Upon receipt of the form, the clerk records it", "The clerk records it (upon receipt of the form)"),
        ("Within 4 working days, the clerk answers it", "The clerk answers it (within 4 working days)"),
        ("The owner, together with the clerk, checks the list", "The owner checks the list (together with the clerk)"),
        ("With the help of the lead, the cook opens it", "The cook opens it (with the help of the lead)"),
    ],
)
def test_a_circumstance_stands_behind_what_somebody_does(text: str, title: str) -> None:
    assert titles(f"1. {text}.\n") == [title]


@pytest.mark.parametrize(
    "text",
    [
        "With the approval of the lead, the clerk pays the bill",
        "The clerk, with the consent of the lead, pays the bill",
        "After the permission of the board, the clerk pays the bill",
    ],
)
def test_a_consent_is_no_circumstance(text: str) -> None:
    assert kinds(f"1. The clerk opens it.\n2. {text}.\n") == ["node", "error"]


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("In the event of a fire, the guard calls them", "Ask the guard whether there is a fire"),
        ("In the event that it rains, the guard calls them", "Ask the guard whether it rains"),
        ("Where the access is privileged, the guard records it", "Ask the guard whether the access is privileged"),
        ("Provided that the door is shut, the guard locks it", "Ask the guard whether the door is shut"),
    ],
)
def test_a_condition_in_other_words_is_one(text: str, asked: str) -> None:
    assert titles(f"1. {text}.\n")[0] == asked


def test_on_approval_speaks_of_the_review_before_it() -> None:
    made = workflow("1. The lead approves the plan.\n2. On approval, the clerk files it.\n")
    review = next(n for n in made.nodes.values() if n.kind is NodeKind.REVIEW)
    assert made.nodes[review.on["approve"]].title == "The clerk files it"
    assert not [n for n in made.nodes.values() if n.kind is NodeKind.ASK]


def test_two_who_both_do_it_each_say_so() -> None:
    assert titles("1. Both the owner and the security officer sign the form.\n") == [
        "The owner signs the form",
        "The security officer signs the form",
    ]
    assert titles("1. The clerk and the team lead must each keep a copy.\n") == [
        "The clerk keeps a copy",
        "The team lead keeps a copy",
    ]
    assert kinds("1. The clerk opens it.\n2. Both the form and the letter show the date.\n") == ["node", "error"]


def test_a_list_of_more_to_do_belongs_to_its_condition() -> None:
    made = workflow(
        "1. Ask the clerk whether it is urgent.\n"
        "2. If it is urgent, there are two more steps to take:\n"
        "   - The clerk calls them.\n   - The clerk files it.\n"
        "3. The cook opens it.\n"
    )
    decide = next(n for n in made.nodes.values() if n.kind is NodeKind.DECIDE)
    assert made.nodes[decide.on["holds"]].title == "The clerk calls them"
    assert made.nodes[decide.on["otherwise"]].title == "The cook opens it"


ROLES = """# Access

## 3. Roles and responsibilities

- Requester: submits the request.
- Responsibility for the register lies with the security officer.
- It is the duty of the head of support to keep it short.
- The IT service desk is accountable for the accounts.

### Incident commander

- Leads the call.
- Decides what is done.

## Steps

1. The requester files the form.
"""


def test_people_are_said_in_many_ways_under_roles() -> None:
    made = workflow(ROLES)
    assert made.roles == (
        "head-of-support", "incident-commander", "it-service-desk", "requester", "security-officer",
    )  # fmt: skip
    assert [n.title for n in made.nodes.values() if n.kind is NodeKind.TASK] == ["The requester files the form"]


def test_preconditions_and_records_are_seen_to() -> None:
    text = "# It\n\n## Preconditions\n\n- The form is signed.\n- A key.\n\n## Records\n\n- The form is kept.\n"
    assert titles(text, "clerk") == [
        "The clerk sees to this: The form is signed",
        "The clerk must have a key",
        "The clerk sees to this: The form is kept",
    ]


def test_an_approval_is_no_precondition_to_see_to() -> None:
    assert kinds("# It\n\n## Preconditions\n\n- The plan has been approved.\n") == ["error"]


ABOUT = """# Access

## Purpose

This procedure explains how access is given.

## Scope

It does not apply to visitors. You must tell the guard first.

## Definitions

- Requester: the person who needs access.

## Steps

1. File the form. This page is short.
"""


def test_purpose_scope_and_definitions_are_remarks_but_for_what_they_ask() -> None:
    assert kinds(ABOUT) == ["remark", "remark", "node", "remark", "node", "detail"]


@pytest.mark.parametrize(
    "text",
    [
        "The parcel should arrive within 2 days with the papers",
        "The form can only be signed once the lead has seen it",
        "You must have been here for a year",
        "The clerks already need to know the law",
        "Credit for the find goes to the guest",
        "Unless done for a good reason, the door should never be opened at night",
    ],
)
def test_what_is_foretold_or_holds_of_people_is_no_step(text: str) -> None:
    assert kinds(f"1. The clerk opens it.\n\n2. {text}.\n")[-1] in {"error", "detail"}


def test_a_pointer_to_details_is_no_step() -> None:
    assert kinds("1. File it. For details about this, see the guide.\n") == ["node", "detail"]


def test_a_step_after_an_unread_condition_is_not_unconditional() -> None:
    text = "1. Check the lamp. If it blinked, something was odd with it. Call the guard!\n"
    assert kinds(text)[-1] == "error"
    assert kinds("1. Check the lamp.\n2. Call the guard!\n") == ["node", "node"]


def test_then_after_a_condition_may_belong_to_it() -> None:
    text = "1. Ask the clerk whether it rains.\n2. If it rains, call the guard. Then lock it.\n"
    assert kinds(text)[-1] == "error"


EXAMPLE = """1. File the form.

You may see such a thing in the log of last year, which looks like this:

```sh
rm -rf old
```

```python
x = 1
```
"""


def test_blocks_below_what_is_not_read_are_no_steps() -> None:
    found = compiled(EXAMPLE, "clerk").read
    assert [read.kind.value for read in found] == ["node", "error", "error", "error"]


def test_what_a_program_does_beside_its_name_is_nobodys() -> None:
    text = "- File it.\n- `tidy --now`. This command will:\n- Close all tickets.\n\n## Next\n\n- Close the door.\n"
    assert kinds(text) == ["node", "node", "error", "error", "node"]


def test_an_escaped_number_before_a_title_is_no_sentence() -> None:
    text = "* [ ] 1\\. **Asking people:**\n  * [ ] Ask the guard whether it rains.\n  * Call the lead.\n"
    found = compiled(text, "clerk").read
    assert [(r.sentence.text, r.kind.value) for r in found] == [
        ("Asking people:", "edge"),
        ("Ask the guard whether it rains", "node"),
        ("Call the lead", "node"),
    ]


def test_no_x_should_be_done_until_y_is_a_rule() -> None:
    made = workflow(
        "1. The clerk checks the list.\n2. The clerk sends the list.\n\nNo list should be sent until step 1.\n"
    )
    assert [rule.text for rule in made.rules] == ["Never step `clerk-sends-list` before step `clerk-checks-list`"]


def test_somebody_in_a_team_has_its_role() -> None:
    made = workflow("1. A person in the security team also answers the mail.\n")
    assert made.roles == ("security-team",)


@pytest.mark.parametrize(("one", "many"), [("dish", "dishes"), ("box", "boxes"), ("service", "services")])
def test_each_of_a_list_is_named_by_its_singular(one: str, many: str) -> None:
    made = workflow(f"1. Ask the cook for the {many} (a list of at most 5).\n2. For each {one}: the cook tests it.\n")
    each = next(n for n in made.nodes.values() if n.kind is NodeKind.FOR_EACH)
    assert each.repeat is not None
    assert each.repeat.fact == many


def test_the_hint_for_a_list_has_its_plural() -> None:
    (problem,) = compiled("1. For each dish: the cook tests it.\n").problems
    assert "the dishes (a list" in problem.hint


def test_what_follows_a_condition_begins_with_a_capital_letter_and_a_command_as_it_is() -> None:
    assert titles("1. Ask the cook whether it rains.\n2. If it rains, the cook locks it.\n")[-1] == "The cook locks it"
    assert titles("1. git push --tags\n", "cook") == ["The cook runs `git push --tags`"]
