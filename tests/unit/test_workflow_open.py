"""What follows a sentence that is not read and may say when it holds."""

from __future__ import annotations

import pytest
from workflow_support import compiled


def became(text: str) -> dict[str, str]:
    return {read.sentence.text: read.kind.value for read in compiled(text, "operator").read}


@pytest.mark.parametrize(
    "text",
    [
        "If not, the zorp may glimmer as it likes",
        "In that case the zorp glimmers",
        "Otherwise the zorp glimmers",
        "The zorp glimmers every time the gate is moved",
        "Where offered, the zorp glimmers when it likes",
        "Depending on the zorp, glimmer",
        "When offered:",
        "Applies when: the zorp glimmers",
    ],
)
@pytest.mark.parametrize(
    "form",
    [
        "- Open the door.\n- {}\n- Wash the cup.\n- Shut the door.\n",
        "1. Open the door.\n2. {}\n3. Wash the cup.\n4. Shut the door.\n",
    ],
)
def test_the_rest_of_a_list_behind_an_open_condition_is_not_done_in_every_run(text: str, form: str) -> None:
    found = became("# T\n\n## S\n\n" + form.format(text) + "\n## U\n\n- Lock the gate.\n")
    assert found[text] == "error"
    assert found["Wash the cup"] == found["Shut the door"] == "error"
    assert found["Open the door"] == found["Lock the gate"] == "node"


def test_a_list_that_was_left_open_ends_with_a_paragraph_and_not_with_lines_of_code() -> None:
    text = "# T\n\n## S\n\n- Open the door.\n- If not, zorps glimmer.\n\n{}\n\n- Wash the cup.\n"
    assert became(text.format("This is the old yard."))["Wash the cup"] == "node"
    assert became(text.format("```\nzorp\n```"))["Wash the cup"] == "error"


def test_a_paragraph_that_leaves_open_holds_for_its_section() -> None:
    text = (
        "# T\n\n## S\n\nIn that case zorps glimmer.\n\n- Wash the cup.\n\nThis is the old yard.\n\n- Shut the door.\n"
    )
    assert became(text)["Shut the door"] == "error"


def test_a_label_that_says_when_holds_for_the_rest_of_its_section() -> None:
    unpaid = "### Unpaid\n\n**When offered:**\n\n- no zorp is left\n\n**Course:**\n\n- The clerk files the form.\n\n"
    text = f"# T\n\n## Pay\n\n1. Open the door.\n\n{unpaid}## Then\n\n- Lock the gate.\n"
    found = became(text)
    assert (found["The clerk files the form"], found["Lock the gate"]) == ("error", "node")
    assert became(text.replace("When offered", "Papers"))["The clerk files the form"] == "node"


@pytest.mark.parametrize("step", ["Send it back.", "Wash them.", "Lock this.", "It must be washed."])
def test_a_step_that_points_back_to_an_open_condition_is_an_error(step: str) -> None:
    found = became(f"# T\n\n1. Open the door.\n2. If zorps glimmer wildly and whatnot.\n3. {step}\n4. Shut the door.\n")
    assert found[step.rstrip(".")] == "error"
    assert found["Shut the door"] == "node"


@pytest.mark.parametrize(
    "title",
    [
        "5. Rollback / Reversal Procedure",
        "Payment escalations and appeals",
        "Appendix B: forms",
        "Till workarounds",
        "Optional extras for guests",
        "Stock exceptions in May",
    ],
)
def test_below_a_heading_of_what_is_done_seldom_is_no_step(title: str) -> None:
    text = f"# T\n\n## 1. Open\n\n1. Open the door.\n\n## {title}\n\nIf it fails, wash the cup.\n\n- Shut the door.\n"
    assert became(text)["Shut the door"] == "error"
    assert became(text)["If it fails, wash the cup"] == "error"


@pytest.mark.parametrize("title", ["Prepare the rollback plan", "Testing the fallback", "Write the escalation list"])
def test_an_act_that_prepares_for_it_is_a_step(title: str) -> None:
    assert became(f"# T\n\n## Open\n\n1. Open the door.\n\n## {title}\n\n- Shut the door.\n")["Shut the door"] == "node"
