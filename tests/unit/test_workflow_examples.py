"""Examples, pointers and notes behind a step: told with it where they ask for no more than it does, else errors."""

from __future__ import annotations

import pytest
from test_workflow_explaining import STEP
from test_workflow_strangers import kinds
from workflow_support import compiled


@pytest.mark.parametrize(
    ("step", "example"),
    [
        ("Add water to the dough", "if you weighed 400 g of flour, call 2 bakers"),
        ("Pay the bill", "if it is above 100 euros, pay 50"),
        ("Pay the bill", "if you counted 100 euros, pay nothing"),
        ("Pay the bill", "if the bill is late, pay 50 euros"),
        ("Set the dial", "set it to 4, then call the guard"),
        ("Set the dial", "set it to 4 unless the lamp is red"),
        ("Set the dial", "set it to 4 and open the gate"),
        ("Pack the crates", "if you received 12 crates, the guard packs 6"),
        ("Pack the crates", "if you received 12 crates, do not pack 6"),
        ("Pack the crates", "pack at most 6"),
        ("Pack the crates", "pack 6 when the bell rings"),
        ("Pack the crates", "pack 6 within 2 days"),
        ("Pack the crates", "pack 6 each Monday"),
        ("Pack the crates", "if you received 12 crates, pack 6 for review"),
    ],
)
def test_an_example_that_asks_for_more_than_its_step_is_an_error(step: str, example: str) -> None:
    assert [r.kind.value for r in compiled(f"1. {step}. For example, {example}.\n", "clerk").read] == ["node", "error"]


@pytest.mark.parametrize(
    ("told", "twin"),
    [
        ("For example, the red one", "For example, call the guard"),
        ("Note that the clerk must have two keys", "Note that the guard must sign it"),
        ("See the guide of the house", "See the guide, which the guard signs"),
    ],
)
def test_a_pointer_an_example_or_a_note_in_which_another_acts_is_no_detail(told: str, twin: str) -> None:
    assert kinds(f"{STEP}{told}.", "clerk")[-1] == "detail"
    assert kinds(f"{STEP}{twin}.", "clerk")[-1] not in {"detail", "remark"}
    assert kinds(f"{STEP}Note: the guard signs it.")[-1] == "remark"
