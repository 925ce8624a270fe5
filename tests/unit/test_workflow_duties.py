"""What a text says of who is there for what, beside its steps."""

from __future__ import annotations

import pytest
from workflow_support import compiled

COURSE = "## How the shop opens\n\n1. Unlock the door.\n2. Count the cash.\n"


def read_of(text: str) -> dict[str, str]:
    return {read.sentence.text: read.kind.value for read in compiled(text, "operator").read}


@pytest.mark.parametrize(
    "title",
    [
        "Shop Manager Responsibilities",
        "Release Manager Responsibilities",
        "Responsibilities of the nurse",
        "Roles and Responsibilities",
        "3. Duties of the class teacher",
        "Herd accountabilities",
        "Who does what in the kitchen",
        "RACI matrix",
        "Responsibilities during an outage",
        "Your duties",
        "What the porter does",
        "Team roles",
        "Who is responsible for what?",
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_duties_beside_steps_are_no_steps(title: str, before: bool) -> None:  # noqa: FBT001
    duties = f"## {title}\n\n### Mornings\n\n- Sweep the yard\n- Feed the hens\n\n"
    found = read_of("# T\n\n" + (duties + COURSE if before else COURSE + "\n" + duties))
    assert found["Sweep the yard"] == found["Feed the hens"] == "error"
    assert found["Unlock the door"] == "node"


def test_an_item_that_names_duties_has_no_steps_below_it() -> None:
    found = read_of(
        "# T\n\n1. Unlock the door.\n2. Responsibilities of the cook:\n   - Sweep the yard\n   - Feed the hens\n"
    )
    assert found["Sweep the yard"] == "error"


@pytest.mark.parametrize(
    "title",
    ["Assign the responsibilities", "Steps for the operator", "Assigning roles", "The yard"],
)
def test_other_headings_are_of_the_course(title: str) -> None:
    assert read_of(f"# T\n\n{COURSE}\n## {title}\n\n- Sweep the yard\n- Feed the hens\n")["Sweep the yard"] == "node"


def test_who_is_there_is_still_declared() -> None:
    found = read_of(f"# T\n\n## Roles and duties\n\n- Clerk: files the form\n\n{COURSE}")
    assert found["Clerk: files the form"] == "role"
