"""What is said of a sentence that is no step: what it seems to be, and how it would be written."""

from __future__ import annotations

import pytest
from workflow_support import compiled

STEP = "1. The clerk opens it.\n\n"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("What is in the box?", "a question", "Ask the clerk whether"),
        ("The colours of the house:", "leads on to what stands below", "## The colours of the house"),
        ("and the blue box", "part of a sentence", "whole sentence"),
        ("If the lamp is red", "not what is done then", "If ..., the clerk"),
        ("When the bell rings, the door was locked", "Who does what follows this condition", "the clerk locks"),
        ("When the bell rings, it is noon", "nobody's step", "If ..., the clerk"),
        ("Labels cannot be green", "forbid", "Never ... before"),
        ("Staff may leave at noon", "may be done", "(Optional)"),
        ("Blue lamps are recommended", "recommends", "(Optional)"),
        ("Delay: nine boxes", "label ('Delay')", "with a verb"),
        ("We use blue lamps", "'we' do", "The clerk"),
        ("The copy is printed", "Who prints this is not said", "The clerk prints"),
        ("Washing of the old boxes", "'Washing' says of nobody", "Wash ..."),
        ("Prints the list", "Who prints is not said", "The clerk prints"),
        ("The lamp contains one wire per box", "'per' may bind", "without that word"),
        ("Official lamps and papers", "names something, or its verb", "with a verb"),
        ("Lamps of the hall washed", "not by whom", "a box to tick"),
        ("We don't want to lose the lamp", "'we' do", "The clerk"),
        ("The night guard would open the box", "'would' does not say", "The night guard opens"),
        (
            "Place nothing where the lamp is, where it was or where it will be (i.e.: there",
            "part of a bracket",
            "bracket",
        ),
        ("Sometimes, we need to wash the boxes", "When this is so is not said", "If ..., the clerk"),
        ("It is very important that the lamp is lit", "what has to be so", "a rule: Never"),
        ("This should show the rate of the lamp", "to be expected", "Expected outcome"),
        ("And the policy forces to wash it", "the form of no step, rule or role", "ROLE does WHAT"),
        ("The keeper {{x}} has the key", "{{...}}", "the name itself"),
    ],
)
def test_the_reason_is_the_kind_that_the_sentence_seems_to_be(text: str, message: str, hint: str) -> None:
    found = compiled(f"{STEP}{text}{'' if text[-1] in ':?' else '.'}\n")
    assert found.workflow is None
    said = [p for p in found.problems if p.line == 3]
    assert [(message in p.message, hint in (p.hint or "")) for p in said] == [(True, True)], said
    assert said[0].column == 1


def test_an_explanation_without_a_step_is_told_where_it_belongs() -> None:
    found = compiled("# A\n\n## B\n\n- The folder contains the labels.\n- The clerk opens it.\n")
    assert "no step stands right before it" in found.problems[0].message


def test_a_name_that_may_be_somebodys_is_asked_about_only_where_somebody_acts() -> None:
    assert (
        "Whether 'front office' is somebody"
        in compiled("1. The front office calls them.\n", "clerk").problems[0].message
    )
    assert (
        "is somebody"
        not in compiled("1. The clerk files it.\n\nOut-of-band lamps for big rooms.\n", "clerk").problems[0].message
    )


@pytest.mark.parametrize(
    "said",
    [
        "Two weeks ahead", "All lamps green", "Rusty hinges", "The dough is grey", "48-72 hours", "Blue ink",
        "No smoke", "Cold hands",
    ],
)  # fmt: skip
def test_of_what_nobody_does_it_is_not_asked_in_which_case_it_is_done(said: str) -> None:
    found = compiled(f"{STEP}## Minor spill\n\n- {said}\n\n## Major spill\n\n- Blorb of it\n", "clerk")
    assert found.problems
    assert not any("in every run" in p.message or "When this is done" in p.message for p in found.problems)


@pytest.mark.parametrize(
    "said",
    [
        "Call the guard",
        "The guard locks the gate",
        "Gate locked",
        "If it rains, close it",
        "Never open it before the guard locks it",
    ],
)
def test_of_what_is_done_it_is_asked(said: str) -> None:
    found = compiled(f"{STEP}## Small lamps\n\n- {said}\n\n## Large lamps\n\n- {said}\n", "clerk")
    assert any("in every run" in p.message for p in found.problems), found.problems


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("[^3]", "the mark of a footnote"),
        ("For example, call the guard", "This example has somebody do something"),
    ],
)
def test_a_mark_and_an_example_are_called_so(said: str, message: str) -> None:
    found = compiled(f"1. The clerk opens it. {said}.\n")
    assert [message in p.message for p in found.problems] == [True]
