"""What somebody is asked for a condition, and the lines of code that a step under a condition leads on to."""

from __future__ import annotations

import pytest
from workflow_support import bare, workflow

from orchestrator.models.workflow import NodeKind, Workflow
from orchestrator.workflows.say import explain

BY = "By default, the clerk does each step.\n\n"


def asked(made: Workflow) -> tuple[str, bool]:
    """The question, and the answer on which the guard is called."""
    (fact,) = made.facts.values()
    decide = next(n for n in made.nodes.values() if n.kind is NodeKind.DECIDE)
    assert bare(workflow(explain(made))) == bare(made)
    return fact.question, decide.cases[0].when[0].value is True


@pytest.mark.parametrize(
    ("when", "question"),
    [
        ("it does not start", "it starts"),
        ("the lamp isn't lit", "the lamp is lit"),
        ("the cup cannot be washed", "the cup can be washed"),
        ("the parcel has not arrived", "the parcel has arrived"),
    ],
)
def test_asked_is_whether_something_is_so_and_not_whether_it_is_not(when: str, question: str) -> None:
    assert asked(workflow(f"{BY}1. The clerk opens it.\n2. If {when}, call the guard.\n3. Close it.\n")) == (
        question,
        False,
    )


@pytest.mark.parametrize(
    "when",
    [
        "the lamp is lit",
        "the door was not shut and the room is not warm",
        "it is not red or it is late",
        "all cups are not washed",
        "the form is not yet signed",
        "it is not ready because it rains",
        "nobody is there",
        "the guest did not pay",
    ],
)
def test_what_has_no_plain_opposite_is_asked_as_it_stands(when: str) -> None:
    assert asked(workflow(f"{BY}1. The clerk opens it.\n2. If {when}, call the guard.\n3. Close it.\n")) == (when, True)


@pytest.mark.parametrize("indent", ["   ", ""])
def test_a_block_belongs_to_the_step_under_a_condition_that_leads_on_to_it(indent: str) -> None:
    block = f"{indent}```yaml\n{indent}- uses: a/b@v1\n{indent}```\n"
    made = workflow(f"{BY}1. The clerk opens it.\n2. If it is late, add this to the file:\n\n{block}\n3. Close it.\n")
    decide = next(n for n in made.nodes.values() if n.kind is NodeKind.DECIDE)
    assert made.nodes[decide.on["holds"]].title == "The clerk adds this to the file: `- uses: a/b@v1`"
    assert made.nodes[decide.on["otherwise"]].title == "The clerk closes it"
    assert bare(workflow(explain(made))) == bare(made)


@pytest.mark.parametrize("joint", [", then ", ", after that "])
def test_what_follows_then_is_under_the_condition_and_no_other_way(joint):
    steps = f"1. If it rains: call the guard{joint}shut the door.\n2. Sweep it up."
    made = workflow(f"# Bell\n\nBy default, the clerk does each step.\n\n{steps}\n")
    decide = next(node for node in made.nodes.values() if node.kind is NodeKind.DECIDE)
    assert made.nodes[decide.on["holds"]].title == f"The clerk calls the guard{joint}shut the door"
    assert made.nodes[decide.on["otherwise"]].title == "The clerk sweeps it up"


def test_after_a_number_of_times_then_is_what_follows_them():
    steps = "1. The guard looks.\n2. If it rains, go to step 1, at most twice, then stop.\n3. The guard leaves."
    made = workflow(f"# Rain\n\n{steps}\n")
    decide = next(node for node in made.nodes.values() if node.kind is NodeKind.DECIDE)
    assert (decide.on["exhausted"], decide.on["otherwise"]) == ("stopped", "guard-leaves")
