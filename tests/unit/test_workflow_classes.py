"""For which sort of things a sentence holds, where that stands in front of it."""

from __future__ import annotations

import pytest
from workflow_support import compiled

from orchestrator.models.workflow import NodeKind

HEAD = "# T\n\n1. Open the door.\n"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("For warranty returns, print the label.", "warranty returns"),
        ("For urgent patients, call the doctor.", "urgent patients"),
        ("For an absent student, call the parents.", "an absent student"),
        ("With visitors from abroad, copy the passport.", "visitors from abroad"),
        ("For bulk orders, the clerk prints the label.", "bulk orders"),
        ("In case of rain, shut the roof.", "rain"),
        ("On Mondays, wash the plants.", "Monday"),
        ("At weekends, lock the gate.", "weekend"),
        ("During outages, print the label.", "outages"),
    ],
)
def test_the_sort_in_front_of_a_step_is_a_question(text: str, asked: str) -> None:
    made = compiled(f"{HEAD}2. {text}\n3. Shut the door.\n", "operator")
    assert made.workflow is not None, [str(p) for p in made.problems]
    decides = [node for node in made.workflow.nodes.values() if node.kind is NodeKind.DECIDE]
    assert [asked in node.title for node in decides] == [True]


@pytest.mark.parametrize(
    "texts",
    [
        ("For access requests, export the file.", "For deletion requests, wipe the file."),
        ("For lambs, warm the milk.", "For calves, cool the milk."),
        ("For new hires, print the badge.", "For leavers, shred the badge."),
        ("With minors, call the parents.", "With visitors, copy the passport."),
    ],
)
@pytest.mark.parametrize("form", ["1. {}\n2. {}\n", "- {}\n- {}\n", "{} {}\n", "{}\n\n{}\n"])
def test_of_several_sorts_beside_each_other_none_is_done_in_every_run(texts: tuple[str, str], form: str) -> None:
    made = compiled("# T\n\n## S\n\n1. Open the door.\n\n## U\n\n" + form.format(*texts), "operator")
    if made.workflow is None:
        assert [read.kind.value for read in made.read][1:] == ["error", "error"]
    else:
        decides = [node for node in made.workflow.nodes.values() if node.kind is NodeKind.DECIDE]
        assert len(decides) == 2


@pytest.mark.parametrize(
    "text",
    [
        "For ripe mangoes, cut the skin.",
        "For electric tractors, charge the battery.",
    ],
)
def test_a_sort_of_which_nobody_can_be_asked_is_no_step_of_every_run(text: str) -> None:
    assert [read.kind.value for read in compiled(f"{HEAD}2. {text}\n", "operator").read] == ["node", "error"]


@pytest.mark.parametrize(
    "text",
    [
        "For each order, print the label.",
        "For safety reasons, shut the roof.",
        "For 10 minutes, stir the soup.",
        "For the next shift, print the label.",
        "For your records, print the label.",
        "With clean gloves, open the box.",
        "With a brush, clean the lid.",
        "For a quick look, open the box.",
        "On arrival, open the box.",
    ],
)
def test_what_it_is_done_for_or_with_is_no_condition(text: str) -> None:
    made = compiled(f"{HEAD}2. {text}\n", "operator")
    assert made.workflow is None or all(n.kind is not NodeKind.DECIDE for n in made.workflow.nodes.values())
    assert "only for" not in " ".join(str(p) for p in made.problems)
