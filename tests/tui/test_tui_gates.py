"""Gates and tests on a screen of their own."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from review_support import House, finding, sheet
from tui_support import NOTE, app, shop, text_of

from orchestrator.models.ids import sha256
from orchestrator.tui.screens.change import ChangeScreen
from orchestrator.tui.screens.form import FormScreen
from orchestrator.tui.screens.gates import GatesScreen

SIZE = (100, 40)
SECOND = finding("deleted-test", path="shop/search.py", line=24)
PRINTED = b"".join(b"line %d\n" % n for n in range(60)) + b"\x1b]0;title\x07 \xe2\x80\xaeevil\n1 passed\n"


def said(application):
    return "\n".join(note.message for note in application._notifications)


def house():
    made = shop(finding(), SECOND, NOTE)
    assert made.blobs.put(PRINTED)
    made.blobs.held[sha256(b"output")] = PRINTED
    return made


async def test_every_gate_and_test_is_told_with_what_it_found_and_printed():
    screen = app(house(), "item-1")
    async with screen.run_test(size=(120, 90)) as pilot:
        await pilot.press("F")
        await pilot.pause()
        assert isinstance(screen.screen, GatesScreen)
        shown = " ".join(text_of(screen).split())
        for words in (
            "NEEDS_PERSON bandit (bandit 1.9.4)",
            "[ ] protected-path medium .github/workflows/ci.yml:9: a protected path is changed",
            "(for information)",
            "PASSED ruff",
            "nothing found",
            "python -m pytest -q tests/test_search.py (profile)",
            "DEMONSTRATED: fails before, passes after (exit 1 before, 0 after",
            "(22 lines before these are not shown; all of it: sha256:",
            "| 1 passed",
            "\\x1b]0;title\\x07 <U+202E>evil",
        ):
            assert words in shown, words
        assert "| line 21" not in shown


async def test_enter_goes_to_the_line_even_in_a_folded_file():
    screen = app(house(), "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("full_stop", "z", "F", "right_square_bracket", "enter")
        await pilot.pause()
        assert isinstance(screen.screen, ChangeScreen)
        assert (screen.screen.main.row.path, screen.screen.main.row.new) == ("shop/search.py", 24)
        await pilot.press("F", "g", "enter", "l")
        assert said(screen).count("No finding under the cursor") == 2
        assert isinstance(screen.screen, GatesScreen)


async def test_what_is_lifted_there_is_lifted_and_what_may_not_be_is_said():
    screen = app(house(), "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("F", "l")
        assert "[x] protected-path" in text_of(screen)
        assert "lifted 1 of 2" in text_of(screen)
        await pilot.press("l")
        assert "[ ] protected-path" in text_of(screen)
        await pilot.press("l", "right_square_bracket", "right_square_bracket", "l", "w")
        assert said(screen).count("S608: for information") == 2
        await pilot.press("q")
        assert list(screen.screen.lifted) == [finding().fingerprint]


async def test_a_waiver_with_a_mistake_stays_in_its_form_and_a_good_one_is_signed():
    made = house()
    screen = app(made, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("F", "w", "enter")
        assert isinstance(screen.screen, FormScreen)
        assert "! REV001" in text_of(screen)
        await pilot.press(*"a test key", "tab", "tab", "end", *["backspace"] * 10, *"2020-01-01", "enter")
        assert "! REV034" in text_of(screen)
        assert "a test key" in text_of(screen)
        await pilot.press(*["backspace"] * 10, *"tomorrow", "enter")
        assert "The last day is no day" in text_of(screen)
        await pilot.press(*["backspace"] * 10, *"2099-01-31", "enter")
        assert isinstance(screen.screen, GatesScreen)
        assert "waived until 2099-02-01 00:00, ann answers for it: a test key" in text_of(screen)
        await pilot.press("right_square_bracket", "w", "escape", "l", "q", "a", "enter")
        await pilot.press("q")
    (decided,) = screen.return_value
    assert set(decided.decision.lifts) == {finding().fingerprint, SECOND.fingerprint}
    comment = made.blobs.get(decided.decision.comment).decode()
    assert '"owner":"ann"' in comment
    assert datetime(2099, 2, 1, tzinfo=UTC).isoformat()[:10] in comment


async def test_an_item_without_gates_says_so():
    made = House()
    made.add(sheet(made.change(reports=())), item_id="item-1")
    screen = app(made, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("F")
        await pilot.pause()
        assert "! no gate has reported" in text_of(screen)
        assert "! what it printed is not kept here" in text_of(screen)


@pytest.mark.parametrize("size", [(20, 5), (1, 1)])
async def test_no_size_crashes_it_nor_a_resize_in_its_form(size):
    screen = app(house(), "item-1")
    async with screen.run_test(size=size) as pilot:
        await pilot.press("F", "l", "w")
        await pilot.resize_terminal(40, 12)
        await pilot.press(*"why", "tab")
        await pilot.resize_terminal(3, 2)
        await pilot.press("enter", "G", "g", "q")
        assert isinstance(screen.screen, ChangeScreen)
