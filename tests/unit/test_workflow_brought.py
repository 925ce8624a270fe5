"""What has the form of a step, and that nobody brings about in a run."""

from __future__ import annotations

import pytest
from workflow_support import compiled


def became(text: str) -> dict[str, str]:
    return {read.sentence.text: read.kind.value for read in compiled(text, "operator").read}


@pytest.mark.parametrize(
    "text",
    [
        "The label doesn't have to be straight, so feel free to move it",
        "An email is sent to the operator with the result",
        "A reminder is generated a day before",
        "The invoice is printed by the billing system",
        "The key is handed to the operator",
        "The tray must be rinsed by one nurse and dried by a different nurse",
        "The cash is counted by one clerk and recounted by a second clerk",
        "Exceptions need to be approved by the manager",
        "Any deviations must be recorded",
        "Waivers must be approved by the head teacher",
        "Keep in mind, ice may melt, so cups should be checked",
        "Note, the lamp must be moved",
        "Wear the coat all the time",
        "Always wash the cup",
        "Watch the pot throughout",
        "Review/approval meeting held",
    ],
)
@pytest.mark.parametrize(
    "form", ["1. Open the door.\n2. {}.\n3. Shut the door.\n", "- Open the door.\n- {}.\n- Shut the door.\n"]
)
def test_what_nobody_brings_about_is_no_step(text: str, form: str) -> None:
    found = became("# T\n\n" + form.format(text))
    assert found[text] != "node"
    assert found["Open the door"] == found["Shut the door"] == "node"


@pytest.mark.parametrize(
    "text",
    [
        "An email must be sent to the parents",
        "The key is handed to the guest",
        "The tray must be rinsed by the nurse",
        "The invoice must be approved by the manager",
        "The exception must be approved by the manager",
        "Wash and dry the cup",
        "Work with the vendor on the price",
        "Place signs throughout the building",
        "Check that the lamp is always on",
    ],
)
def test_twins_of_those_are_steps(text: str) -> None:
    assert became(f"# T\n\n1. Open the door.\n2. {text}.\n3. Shut the door.\n")[text] == "node"


@pytest.mark.parametrize(
    "item",
    [
        "Scale (Ohaus, X1)",
        "Support for staff",
        "Review of the plan",
        "Scale/stand",
        "Report for the board",
        "Welcome by HR",
    ],
)
def test_among_things_a_word_without_an_object_is_a_thing(item: str) -> None:
    assert became(f"# T\n\n1. Open the door.\n\n## Gear\n\n1. Blue buckets\n2. {item}\n3. Red tape\n")[item] == "error"


@pytest.mark.parametrize(
    "title", ["Purpose", "Scope", "Background", "Overview", "Introduction", "Definitions", "References"]
)
@pytest.mark.parametrize("form", ["{}. It is old.", "- {}.", "1. {}."])
def test_an_imperative_below_what_explains_is_no_step(title: str, form: str) -> None:
    assert (
        became(f"# T\n\n## {title}\n\n{form.format('Wash the cup')}\n\n## Steps\n\n1. Open the door.\n")["Wash the cup"]
        != "node"
    )


@pytest.mark.parametrize(
    "head",
    [
        "Here are some things to keep in mind:",
        "Please remember:",
        "Good practice in the kitchen:",
        "At all times:",
        "Be aware of the following:",
        "Safety rules:",
        "Expectations of pupils:",
        "Never forget to:",
    ],
)
def test_a_list_of_what_holds_throughout_has_no_steps(head: str) -> None:
    found = became(f"# T\n\n{head}\n\n- Wear the coat.\n- Shut the lid.\n\n## Steps\n\n1. Open the door.\n")
    assert "node" not in {found["Wear the coat"], found["Shut the lid"]}
    assert found["Open the door"] == "node"


@pytest.mark.parametrize(
    "title",
    [
        "Instructions to keep in mind",
        "Quality Assurance Methods",
        "Safety precautions",
        "At all times",
        "Always",
        "Cautions",
    ],
)
def test_below_a_heading_of_what_holds_throughout_is_no_step(title: str) -> None:
    text = (
        f"# T\n\n## Course\n\n1. Open the door.\n\n## {title}\n\n- Wear the coat.\n- The manager approves the plan.\n"
    )
    found = became(text)
    assert (found["Wear the coat"], found["The manager approves the plan"]) == ("error", "error")


@pytest.mark.parametrize("head", ["Do the following:", "Always do these steps in this order:", "To open the shop:"])
def test_a_list_of_steps_has_steps(head: str) -> None:
    assert became(f"# T\n\n## Steps\n\n{head}\n\n- Wear the coat.\n- Shut the lid.\n")["Shut the lid"] == "node"


def test_a_thing_of_a_list_with_more_below_it_is_not_left_out_of_its_step() -> None:
    things = "   - Ropes\n   - Lamp\n     - You can use a torch from the shed.\n   - A map\n"
    found = became(f"# T\n\n1. Take a box and check that it is filled with:\n{things}")
    assert (found["Lamp"], found["You can use a torch from the shed"]) == ("error", "error")
    assert found["Ropes"] == found["A map"] == "node"


@pytest.mark.parametrize(
    "form",
    [
        "1. {}\n   - Confirm the day.\n   - Explain the way.\n2. Shut the door.\n",
        "{}\n\n- Confirm the day.\n- Explain the way.\n",
    ],
)
@pytest.mark.parametrize(
    "sends", ["Send the guests a letter within 2 days:", "Write a short reply:", "Post an announcement:"]
)
def test_what_a_message_says_is_no_step_after_it(sends: str, form: str) -> None:
    found = became("# T\n\n" + form.format(sends))
    assert found["Confirm the day"] == found["Explain the way"] == "error"
    assert found.get("Shut the door", "node") == "node"


@pytest.mark.parametrize(
    "said", ["To be paid for tickets you buy at the door, send the slip", "To be paid, you send the slip"]
)
def test_what_the_reader_does_in_a_reason_is_no_step(said: str) -> None:
    made = compiled(f"# T\n\n1. {said}.\n", "operator").workflow
    assert made is not None
    assert any(node.title.startswith("The operator sends the slip (to be paid") for node in made.nodes.values())
