from __future__ import annotations

import pytest
from review_support import BOB, DIFF, RUN, House, RunStatus, finding, run, sheet
from tui_support import NOTE, app, shop, text_of

from orchestrator.errors import UsageError
from orchestrator.models.decision import Verdict
from orchestrator.review.diff import RowKind
from orchestrator.tui import commands
from orchestrator.tui.screens.change import ChangeScreen
from orchestrator.tui.screens.help import HelpScreen
from orchestrator.tui.screens.inbox import InboxScreen
from orchestrator.tui.screens.plan import PlanScreen
from orchestrator.tui.screens.verdict import AskScreen

SIZE = (80, 24)


def said(application):
    return "\n".join(note.message for note in application._notifications)


async def test_inbox_opens_plan_and_change_and_quits_with_nothing():
    screen = app()
    async with screen.run_test(size=SIZE) as pilot:
        assert isinstance(screen.screen, InboxScreen)
        assert "Search in the shop" in text_of(screen)
        await pilot.press("enter")
        assert isinstance(screen.screen, ChangeScreen)
        await pilot.press("q", "j", "enter")
        assert isinstance(screen.screen, PlanScreen)
        await pilot.press("escape", "k", "down", "up", "enter")
        assert isinstance(screen.screen, ChangeScreen)
        await pilot.press("q", "q")
    assert screen.return_value == ()


async def test_an_item_that_was_asked_for_opens_at_once():
    screen = app(item="item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert isinstance(screen.screen, ChangeScreen)
    with pytest.raises(UsageError):
        app(item="item-9")


async def test_lines_pages_hunks_and_files():
    screen = app(item="item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        main = screen.screen.main
        await pilot.press("j", "down", "k")
        assert main.cursor == 1
        await pilot.press("right_square_bracket")
        assert (main.row.kind, main.row.new) == (RowKind.HUNK, 1)
        await pilot.press("right_square_bracket")
        assert main.row.new == 23
        await pilot.press("left_square_bracket")
        assert main.row.new == 1
        await pilot.press("full_stop")
        assert (main.row.kind, main.row.path) == (RowKind.FILE, ".github/workflows/ci.yml")
        await pilot.press("comma", "g")
        assert main.cursor == 0
        await pilot.press("G")
        assert main.cursor == len(main.rows) - 1
        assert next(r for r in main.rows if r.kind is RowKind.FILE) == main.rows[5]
        assert len(main.rows) - 5 == DIFF.count(b"\n")
        await pilot.press("home", "pagedown")
        assert main.cursor > 0
        await pilot.press("pageup", "pageup", "end")
        assert main.cursor == len(main.rows) - 1


async def test_approve_needs_each_finding_lifted_by_hand():
    house = shop(finding(), finding("deleted-test", path="shop/search.py", line=24), NOTE)
    screen = app(house, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("a")
        assert isinstance(screen.screen, ChangeScreen)
        assert "must be lifted first" in said(screen)
        await pilot.press("l", "a")
        assert isinstance(screen.screen, ChangeScreen)
        await pilot.press("j", "l")
        assert len(screen.screen.lifted) == 2
        await pilot.press("l")
        assert len(screen.screen.lifted) == 1
        await pilot.press("l", "j", "l")
        assert len(screen.screen.lifted) == 2
        assert "for information" in said(screen)
        await pilot.press("a")
        assert isinstance(screen.screen, AskScreen)
        assert "deleted-test" in text_of(screen)
        await pilot.press("enter")
        assert isinstance(screen.screen, InboxScreen)
        await pilot.press("q")
    (decided,) = screen.return_value
    assert decided.outcome is Verdict.APPROVE
    assert set(decided.decision.lifts) == set(house.index.item("item-1").findings)
    assert house.index.outcome("item-1") == "approve"


async def test_a_finding_is_lifted_at_its_line_in_the_diff():
    screen = app(item="item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("l")
        assert "No finding under the cursor" in said(screen)
        await pilot.press("f", "enter")
        assert (screen.screen.main.row.path, screen.screen.main.row.new) == (".github/workflows/ci.yml", 9)
        assert screen.screen.main.has_focus
        await pilot.press("l")
        assert len(screen.screen.lifted) == 1
        assert "lifted 1 of 1" in text_of(screen)


@pytest.mark.parametrize(("key", "verdict"), [("r", Verdict.REJECT), ("c", Verdict.REQUEST_CHANGES)])
async def test_no_needs_a_reason(key, verdict):
    house = shop()
    screen = app(house, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press(key, "enter")
        assert isinstance(screen.screen, AskScreen)
        assert "may not be empty" in text_of(screen)
        await pilot.press("escape")
        assert house.index.decisions("item-1") == ()
        await pilot.press(key, *"quite no", "enter")
        assert isinstance(screen.screen, InboxScreen)
        await pilot.press("q")
    assert [d.decision.verdict for d in screen.return_value] == [verdict]
    assert house.reviews().reasons("item-1") == ("quite no",)


async def test_comment_on_a_line():
    house = shop()
    screen = app(house, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("right_square_bracket", "right_square_bracket", "j", "j", "j", "m")
        assert "on shop/search.py:24" in text_of(screen)
        await pilot.press(*"why 25", "enter")
        assert isinstance(screen.screen, ChangeScreen)
    assert house.reviews().reasons("item-1") == ("shop/search.py:24: why 25",)


async def test_comment_on_a_step_of_a_plan_and_approve_it():
    house = shop()
    screen = app(house, "item-0")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("full_stop", "full_stop", "m", *"count", "enter")
        await pilot.press("right_square_bracket", "left_square_bracket", "comma", "a", *"fine", "enter")
        assert isinstance(screen.screen, InboxScreen)
    assert house.reviews().reasons("item-0") == ("S02: count",)
    assert house.index.outcome("item-0") == "approve"


async def test_findings_pane_and_back():
    screen = app(item="item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert "An empty search lists nothing." not in text_of(screen)
        await pilot.press("f")
        assert "An empty search lists nothing." in text_of(screen)
        assert "protected-path" in text_of(screen)
        await pilot.press("f")
        assert screen.screen.main.has_focus


async def test_help_lists_every_command_of_each_screen():
    for item, here in ((None, commands.INBOX), ("item-0", commands.PLAN), ("item-1", commands.CHANGE)):
        screen = app(item=item)
        async with screen.run_test(size=(80, 40)) as pilot:
            await pilot.pause()
            await pilot.press("question_mark")
            assert isinstance(screen.screen, HelpScreen)
            shown = text_of(screen)
            assert all(command.description in shown for command in (*here, *commands.MOVES))
            await pilot.press("question_mark")
            assert not isinstance(screen.screen, HelpScreen)


async def test_the_palette_runs_a_command_by_name():
    screen = app(item="item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        offered = {command.title: command.callback for command in screen.get_system_commands(screen.screen)}
        assert {c.description for c in commands.CHANGE} <= set(offered)
        offered[commands.REJECT.description]()
        await pilot.pause()
        assert isinstance(screen.screen, AskScreen)


async def test_what_another_person_did_meanwhile_is_said():
    house = shop(NOTE)
    screen = app(house)
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("enter", "a", "escape")
        house.reviews(BOB).decide("item-1", Verdict.REJECT, reason="no")
        await pilot.press("a", "enter")
        assert isinstance(screen.screen, ChangeScreen)
        assert "REV006" in said(screen)
        await pilot.press("q", "R")
        assert "Add a search box" not in text_of(screen)


async def test_an_item_that_does_not_fit_together_is_not_opened():
    house = shop()
    house.add(sheet(house.change(hunks=())), item_id="item-2", title="Broken")
    screen = app(house)
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("j", "j", "enter")
        assert isinstance(screen.screen, InboxScreen)
        assert "REV008" in said(screen)


async def test_an_empty_inbox_says_so():
    screen = app(House())
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("enter", "R")
        assert "Nothing waits for a verdict." in text_of(screen)


async def test_two_approvals_are_said_to_be_needed():
    house = House()
    house.add(sheet(house.change()), threshold=2)
    house.index.save_run(run(RunStatus.WAITING))
    screen = app(house, "item-1")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("a", "enter")
        assert "more approvals are needed" in said(screen)
    assert house.reviews().waiting(RUN)[0].id == "item-1"


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (200, 60)])
@pytest.mark.parametrize("item", [None, "item-0", "item-1"])
async def test_no_size_crashes(size, item):
    screen = app(item=item)
    async with screen.run_test(size=size) as pilot:
        await pilot.pause()
        keys = ["f", "l", "m", "escape", "f", "pagedown", "r", "escape", "a", "escape", "question_mark", "escape"]
        await pilot.press(*(keys if item else ["j", "k", "R"]))
        await pilot.resize_terminal(80, 24)
        await pilot.resize_terminal(5, 3)
        await pilot.pause()
        assert screen.is_running


async def test_a_line_longer_than_the_screen_is_read_to_its_end():
    text = b"diff --git a/a.txt b/a.txt\n@@ -0,0 +1,2 @@\n+" + b"".join(b"%05d|" % n for n in range(400)) + b"\n+end\n"
    house = House()
    from review_support import hunk

    house.add(sheet(house.change(text=text, hunks=(hunk("a.txt", (0, 0), (1, 2)),))))
    seen = ""
    screen = app(house, "item-1")
    async with screen.run_test(size=(66, 16)) as pilot:
        await pilot.pause()
        await pilot.press("j", "j")
        for _ in range(70):
            seen += "".join(line[10:] for line in text_of(screen).split("\n"))
            if screen.screen.main.row.text == "end":
                break
            await pilot.press("j")
        paged = ""
        await pilot.press("g")
        for _ in range(20):
            paged += "".join(line[10:] for line in text_of(screen).split("\n"))
            await pilot.press("pagedown")
    squeezed, pages = seen.replace(" ", ""), paged.replace(" ", "")
    assert all(f"{n:05d}" in squeezed for n in range(0, 400, 7))
    assert sum(f"{n:05d}" in pages for n in range(400)) > 380


@pytest.mark.parametrize("keys", [["a", "enter"], ["q"]], ids=["decided", "left"])
async def test_asked_for_one_item_alone_the_program_ends_with_it(keys):
    screen = app(item="item-0", only=True)
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
    assert screen.return_value is not None
    assert len(screen.return_value) == len(keys) - 1
