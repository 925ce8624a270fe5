"""Steps that say before which other one they are done, and footnotes, which stand elsewhere."""

from __future__ import annotations

import pytest
from workflow_support import compiled


def read_of(*steps: str) -> list[str]:
    text = "# T\n\n" + "".join(f"{n}. {step}\n" for n, step in enumerate(steps, 1))
    made = compiled(text, "operator")
    assert {problem.code for problem in made.problems} <= {"WF113"}, [str(problem) for problem in made.problems]
    return [read.kind.value for read in made.read]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("Seal the crate.", "Weigh the crate before sealing it."),
        ("Close the till.", "You can also count the coins before closing the till."),
        ("Sterilise the tray.", "The tray must be rinsed before sterilising the tray."),
        ("Merge the branch.", "Run the tests prior to merging the branch."),
        ("Feed the calves.", "Wash the buckets ahead of feeding the calves."),
        ("Publish the minutes.", "Check the names before publishing the minutes."),
        ("Weigh each coral.", "The water must be measured immediately before buoyant weighing the corals."),
        ("Wash the buckets after feeding the calves.", "Feed the calves."),
        ("Print the list.", "Check the spelling before printing."),
    ],
)
def test_a_step_on_the_wrong_side_of_another_is_an_error(first: str, then: str) -> None:
    assert read_of("Open the door.", first, then).count("error") == 1


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("Weigh the crate before sealing it.", "Seal the crate."),
        ("Feed the calves.", "Wash the buckets after feeding the calves."),
        ("Seal the crate.", "Count the coins before sealing the envelope."),
        ("Open the gate.", "Check the lamp before noon."),
        ("Weigh the crate.", "Check the lamp before opening the gate."),
    ],
)
def test_a_step_on_its_side_stays_one(first: str, then: str) -> None:
    assert read_of(first, then) == ["node", "node"]


@pytest.mark.parametrize("mark", ["[^1]", "[^note]"])
def test_a_footnote_is_no_step(mark: str) -> None:
    made = compiled(
        f"# T\n\n1. Open the box.{mark}\n2. Close the lid{mark}.\n\n{mark}: Use the key. Lock the gate.\n", "operator"
    )
    assert [(read.sentence.text, read.kind.value) for read in made.read][:2] == [
        ("Open the box", "node"),
        ("Close the lid", "node"),
    ]
    assert [read.kind.value for read in made.read][2:] == ["error"]
    assert "a footnote" in str(made.problems[0])


def test_a_footnote_within_a_paragraph_ends_it() -> None:
    made = compiled(
        "# T\n\n1. Open the box.[^a] Close the lid.\n\n[^a]: Use the key.\n[^b]: Lock the gate.\n", "operator"
    )
    assert [read.kind.value for read in made.read] == ["node", "node", "error"]
