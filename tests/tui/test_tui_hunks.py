"""Keys for single hunks, files, folding, finding and the two ways to look at a diff."""

from __future__ import annotations

import pytest
from review_support import ANN, BOB, DIFF, House, finding, hunk, sheet
from tui_support import app, shop, text_of

from orchestrator.models.review import Comment, MarkState
from orchestrator.review import risk
from orchestrator.review.diff import Row, RowKind
from orchestrator.tui.screens.change import ChangeScreen
from orchestrator.tui.screens.files import FilesScreen
from orchestrator.tui.widgets import words

SIZE = (100, 30)


def marks_of(house, person=ANN):
    reviews = house.reviews(person)
    return [m.state for m in reviews.marks.of(reviews.view("item-1")).values()]


async def test_marks_are_kept_for_the_next_time_and_for_nobody_else():
    house = shop()
    screen = app(house, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("right_square_bracket", "y")
        assert screen.screen.main.row.new == 23
        await pilot.press("x", *"too many", "enter")
        assert "[REJECTED] @@ -20,3 +23,3 @@" in text_of(screen)
        await pilot.press("right_square_bracket", "v")
    assert marks_of(house) == [MarkState.ACCEPTED, MarkState.REJECTED, MarkState.VIEWED]
    assert marks_of(house, BOB) == []
    later = app(house, "item-1")
    async with later.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "hunks 3: 1 accepted, 1 rejected, 3 looked at" in text_of(later)
        await pilot.press("right_square_bracket", "u")
        assert "hunks 3: 0 accepted, 1 rejected, 2 looked at" in text_of(later)
        await pilot.press("a")
        await pilot.pause()
    assert marks_of(house) == [MarkState.REJECTED, MarkState.VIEWED]


async def test_a_rejected_hunk_keeps_its_change_from_being_approved():
    house = shop()
    screen = app(house, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("right_square_bracket", "x", *"no", "enter")
        await pilot.press("f", "l", "a", "enter")
        await pilot.pause()
        assert isinstance(screen.screen, ChangeScreen)
        assert any("REV035" in n.message or "rejected 1 of its hunks" in n.message for n in screen._notifications)
    assert house.index.decisions("item-1") == ()


async def test_a_rejection_without_a_reason_is_not_kept():
    house = shop()
    screen = app(house, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("right_square_bracket", "x", "enter")
        assert "may not be empty" in text_of(screen)
        await pilot.press("escape")
    assert marks_of(house) == []


async def test_a_whole_file_is_marked_unless_it_is_folded():
    house = shop()
    screen = app(house, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("full_stop", "z")
        assert "6 changed lines folded, NOT looked at" in text_of(screen)
        await pilot.press("Y")
        assert marks_of(house) == []
        await pilot.press("z", "Y")
        assert marks_of(house) == [MarkState.ACCEPTED, MarkState.ACCEPTED]
        assert "[2 accepted; of 2]" in text_of(screen)
        await pilot.press("X", *"all of it", "enter")
    assert marks_of(house) == [MarkState.REJECTED, MarkState.REJECTED]


async def test_a_lock_file_starts_folded():
    text = DIFF.replace(b"shop/search.py", b"package-lock.json")
    found = (hunk("package-lock.json", (1, 6), (1, 9)), hunk("package-lock.json", (20, 3), (23, 3)))
    house = House()
    house.add(sheet(house.change(text=text, hunks=(*found, hunk(".github/workflows/ci.yml", (7, 3), (7, 4))))))
    screen = app(house, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "folded, NOT looked at" in text_of(screen)
        assert not any(r.path == "package-lock.json" and r.kind is RowKind.ADDED for r in screen.screen.main.rows)


async def test_find_goes_round_and_says_when_there_is_nothing():
    screen = app(shop(), "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("slash", *"RETURN", "enter")
        first = screen.screen.main.cursor
        assert "return" in screen.screen.main.row.text
        await pilot.press("n")
        assert screen.screen.main.cursor > first
        for _ in range(3):
            await pilot.press("n")
        assert screen.screen.main.cursor == first
        await pilot.press("slash", *"zebra", "enter")
        assert any("Not found: zebra" in n.message for n in screen._notifications)


async def test_side_by_side_shows_old_and_new_on_one_line():
    screen = app(shop(), "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("1")
        line = next(x for x in text_of(screen).split("\n") if "return []" in x)
        assert "# every product" in line
        await pilot.press("2")
        line = next(x for x in text_of(screen).split("\n") if "return []" in x)
        assert "# every product" not in line
        await pilot.press("0")
        assert "# every product" not in next(x for x in text_of(screen).split("\n") if "return []" in x)


async def test_files_stand_by_risk_and_lead_to_the_file():
    screen = app(shop(), "item-1")
    async with screen.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        await pilot.press("t")
        assert isinstance(screen.screen, FilesScreen)
        shown = text_of(screen)
        assert shown.index("ci.yml", shown.index("riskiest first")) < shown.rindex("shop/search.py")
        await pilot.press("enter")
        assert screen.screen.main.row.path == ".github/workflows/ci.yml"


async def test_enter_on_a_line_of_what_to_read_first_goes_there():
    screen = app(shop(), "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("j", "enter")
        row = screen.screen.main.row
        assert (row.kind, row.path) == (RowKind.HUNK, ".github/workflows/ci.yml")


async def test_a_finding_is_waived_from_the_list_beside_the_difference():
    house = shop()
    screen = app(house, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("f", "w", *"a reason", "enter", "a", "enter")
        await pilot.pause()
    (said,) = house.reviews().view("item-1").decisions
    kept = Comment.model_validate_json(house.blobs.get(said.decision.comment))
    assert [(w.reason, w.owner) for w in kept.waivers] == [("a reason", "ann")]


async def test_taking_a_part_without_a_repository_says_so():
    screen = app(shop(), "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("T", "enter")
        assert isinstance(screen.screen, ChangeScreen)
        assert any("needs the repository" in n.message for n in screen._notifications)


@pytest.mark.parametrize("size", [(20, 5), (24, 8)])
async def test_a_tiny_terminal_shows_the_diff_and_survives_a_resize_in_a_question(size):
    screen = app(shop(), "item-1")
    async with screen.run_test(size=size) as pilot:
        await pilot.pause()
        await pilot.press("right_square_bracket", "x")
        await pilot.resize_terminal(100, 30)
        await pilot.press(*"no", "enter")
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert len(screen.screen.marks) == 1


def test_the_riskiest_hunk_is_the_one_with_a_finding_for_a_person():
    house = House()
    house.add(sheet(house.change(findings=(finding(),))))
    first, *rest = risk.ordered(house.reviews().view("item-1"))
    assert (first.hunk.path, first.score > max(r.score for r in rest)) == (".github/workflows/ci.yml", True)


def row(kind, text):
    return Row(kind, text, "a.py", 1, 1)


def test_changed_words_are_those_that_the_other_side_lacks():
    old, new = "total = price * count", "total = price * amount"
    rows = (row(RowKind.REMOVED, old), row(RowKind.ADDED, new))
    assert [old[a:b] for a, b in words.of_row(rows, 0)] == ["count"]
    assert [new[a:b] for a, b in words.of_row(rows, 1)] == ["amount"]
    assert words.of_row((row(RowKind.ADDED, new),), 0) == ()
    assert words.changed("x" * 600, "x" * 600 + "y") == ((), ())
    assert words.changed("a b c", "a x b c") == ((), ((2, 4),))
    assert words.changed("same", "same") == ((), ())
    assert words.changed("return None", "import os.path as p") == ((), ())
