"""Who alone may do something, nobody approves their own, and tables that say who is there for what."""

from __future__ import annotations

import pytest
from test_workflow_strangers import come_back, kinds, said
from workflow_support import compiled, workflow

from orchestrator.models.workflow import NodeKind

CLAIM = "1. The employee files the claim.\n2. The manager approves the claim.\n3. The accountant pays the claim.\n\n"
EDITED = """It may write `docs/**`.
A merge needs no tests.

1. The author edits the change.
2. The gates check the change.
3. The editor-in-chief approves the change.
4. Merge the change.

"""


@pytest.mark.parametrize(
    "text",
    [
        "Nobody approves their own claim.",
        "Nobody may approve their own work.",
        "The manager must not approve his or her own claim.",
        "The employee cannot approve their own claim.",
        "Never approve your own claim.",
    ],
)
def test_whoever_made_it_does_not_count_among_those_who_approve_it(text: str) -> None:
    made = workflow(CLAIM + text)
    (review,) = (n for n in made.nodes.values() if n.kind is NodeKind.REVIEW)
    assert review.other_than == ("employee-files-claim",)
    assert kinds(CLAIM + text)[-1] == "rule"
    come_back(made)


def test_nobody_approves_a_change_of_their_own_names_every_step_that_edits() -> None:
    made = workflow(EDITED.replace("editor-in-chief", "lead") + "Nobody approves their own changes.")
    (review,) = (n for n in made.nodes.values() if n.kind is NodeKind.REVIEW)
    assert review.other_than == ("author-edits-change",)
    come_back(made)


@pytest.mark.parametrize(
    "text",
    [
        "1. The clerk checks the claim.\n" + CLAIM + "Nobody approves their own claim.",
        CLAIM + "Nobody approves their own letter.",
        "1. The clerk files it.\n\nNobody approves their own work.",
        CLAIM.replace("The manager approves the claim", "The claim must be approved by the manager")
        + "Nobody approves their own claim.",
        CLAIM + "Only the clerk may pay the claim.",
        CLAIM + "Only the manager may fly.",
        CLAIM + "Only the accountant may pay the claim after noon.",
    ],
)
def test_whose_own_it_is_and_what_only_some_may_do_is_not_guessed(text: str) -> None:
    found = compiled(text)
    assert found.workflow is None
    assert [p.code for p in found.problems] == ["WF115"]
    assert kinds(text)[-1] == "error"


def test_only_those_may_who_do() -> None:
    assert kinds(CLAIM + "Only the accountant may pay the claim. Only the manager is allowed to approve the claim.")[
        -2:
    ] == ["rule", "rule"]


RACI = """1. The clerk files it.

| Activity | Clerk | Manager | Auditor |
|---|---|---|---|
| File it | R | A | I |
| Pay it | R | A/C | - |
"""


def test_tables_of_who_is_there_for_what_are_roles_and_no_steps() -> None:
    assert kinds(RACI) == ["node", "role", "role", "role", "role"]
    assert said(workflow(RACI)) == ["The clerk files it"]
    assert workflow(RACI).roles == ("clerk", "manager")
    duties = "1. The clerk files it.\n\n| Role | Responsibilities |\n|---|---|\n| Team lead | Decides. Pays. |\n"
    assert kinds(duties) == ["node", "role"]
    assert workflow(duties).roles == ("clerk", "team-lead")


@pytest.mark.parametrize("cell", ["X", "RX", "", "-"])
def test_a_row_of_which_nobody_is_responsible_leaves_the_table_unread(cell: str) -> None:
    text = RACI.replace("| Pay it | R | A/C | - |", f"| Pay it | {cell} | C | - |")
    assert [p.message for p in compiled(text).problems] == ["This is a table, which is not read."]
