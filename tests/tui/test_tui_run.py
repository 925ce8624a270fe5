"""The screens of a run, over a real repository and a real store."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
from desk_support import office
from review_support import NOW, RUN, RunStatus
from tui_support import text_of

from orchestrator.app.runs.pausing import unpause
from orchestrator.models.event import Event
from orchestrator.models.ids import StepId
from orchestrator.review.diff import RowKind
from orchestrator.store.lease import lease
from orchestrator.tui.app import HandrailApp
from orchestrator.tui.screens.inbox import InboxScreen
from orchestrator.tui.screens.run import ProofScreen, RunScreen
from orchestrator.tui.screens.verdict import AskScreen

SIZE = (100, 40)


def happened(project, kind, step="S01", **data):
    project.index.emit(Event(at=NOW, run=RUN, kind=kind, node="work", step=StepId(step), attempt=1, data=data))


def said(application):
    return "\n".join(note.message for note in application._notifications)


async def test_the_inbox_says_what_the_run_has_cost_and_opens_it(tmp_path):
    with office(tmp_path / "shop", budget_tokens=5000, budget_usd=2.5) as (_, reviews, desk):
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.pause()
            assert "0 tokens, 0.00 USD" in text_of(screen)
            await pilot.press("o")
            assert isinstance(screen.screen, RunScreen)
            shown = text_of(screen)
            assert "Spent: 0 tokens of 5000; 0.00 USD of 2.50 USD" in shown
            assert "[pending] S01 Find products by their name" in shown
            assert "   `- [pending] S02 Show the number of results  (after S01)" in shown
            assert "write: granted shop/**; used nothing (copy)" in shown or "write: granted shop/**" in shown
            await pilot.press("q")
            assert isinstance(screen.screen, InboxScreen)


async def test_a_run_goes_on_by_itself_and_every_key_moves(tmp_path):
    with office(tmp_path / "shop") as (project, reviews, desk):
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.press("o")
            main = screen.screen.main
            happened(project, "step-merged")
            screen.screen.poll()
            await pilot.pause()
            assert "[merged] S01" in text_of(screen)
            await pilot.press("full_stop")
            assert (main.row.kind, main.row.path) == (RowKind.FILE, "S01")
            await pilot.press("full_stop", "comma", "right_square_bracket")
            assert main.row.path == "S02"
            await pilot.press("left_square_bracket", "R", "question_mark")
            assert "run.cancel" in text_of(screen)


async def test_steer_and_cancel_ask_first(tmp_path):
    with office(tmp_path / "shop") as (project, reviews, desk):
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.press("o", "s")
            assert "No step under the cursor" in said(screen)
            await pilot.press("full_stop", "s", *"use LIKE", "enter")
            assert [project.blobs.get(d) for d in project.index.steers(RUN, StepId("S01"))] == [b"use LIKE"]
            await pilot.press("C")
            assert isinstance(screen.screen, AskScreen)
            await pilot.press(*"no", "enter")
            assert project.index.run(RUN).status is RunStatus.WAITING
            await pilot.press("C", *"cancel", "enter")
            assert project.index.run(RUN).status is RunStatus.CANCELLED
            await pilot.press("C", *"cancel", "enter")
            assert "RUN004" in said(screen)


async def test_pause_asks_first_and_holds_until_it_is_resumed(tmp_path):
    with office(tmp_path / "shop") as (project, reviews, desk):
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.press("o", "P", "escape")
            assert not project.index.asked(RUN).pause
            await pilot.press("P", "enter")
            assert project.index.asked(RUN).pause
            assert "is not under way" in said(screen)
            assert "! paused: nothing more begins" in text_of(screen)
            unpause(project, RUN)
            with lease(project.layout.run(RUN)):
                await pilot.press("P", "enter")
            assert "pauses when what works now has ended its attempt" in said(screen)
            await pilot.press("C", *"cancel", "enter", "P", "enter")
            assert "RUN004" in said(screen)


async def test_what_proves_a_run_begins_with_each_sentence(tmp_path):
    with office(tmp_path / "shop") as (_, reviews, desk):
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.press("o", "p")
            assert isinstance(screen.screen, ProofScreen)
            shown = text_of(screen)
            assert "Evidence: NOTHING MERGED" in shown
            assert "WHEN a customer types words, the shop SHALL list" in shown
            assert "-> S01 [pending] Find products by their name" in shown
            assert "! no verified commit of this step" in shown
            await pilot.press("full_stop", "right_square_bracket", "comma", "left_square_bracket", "R", "question_mark")
            assert "refresh" in text_of(screen)
            await pilot.press("escape", "q", "q")
            assert isinstance(screen.screen, InboxScreen)


async def test_a_run_deleted_meanwhile_and_a_busy_store_are_said(tmp_path):
    with office(tmp_path / "shop") as (project, reviews, desk):
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.press("o")
            other = sqlite3.connect(project.layout.database)
            other.execute("PRAGMA foreign_keys = OFF")
            other.execute("DELETE FROM runs WHERE id = ?", (RUN,))
            other.commit()
            await pilot.press("R")
            assert "! " in text_of(screen).split("\n")[0]
            assert "[pending] S01" in text_of(screen)
            await pilot.press("p", "q", "q")
            assert isinstance(screen.screen, InboxScreen)
            await pilot.press("R", "enter", "o")
            other.close()
            assert screen.is_running


async def test_an_item_of_others_comes_after_those_that_ask_this_person(tmp_path):
    with office(tmp_path / "shop") as (project, reviews, desk):
        first = project.index.item("item-0")
        new = {"id": "item-1", "role": "security", "title": "Older", "created_at": NOW - timedelta(days=9)}
        project.index.add_item(first.model_copy(update=new))
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.pause()
            shown = text_of(screen)
            assert shown.index("asks YOU: 1 reviewer") < shown.index("asks others: 1 security")
            late = {"id": "item-2", "title": "Came while you looked"}
            project.index.add_item(first.model_copy(update=late))
            screen.screen.poll()
            await pilot.pause()
            assert "Came while you looked" in text_of(screen)


@pytest.mark.parametrize("size", [(20, 5), (1, 1)])
async def test_no_size_crashes_the_run_screens(size, tmp_path):
    with office(tmp_path / "shop") as (_, reviews, desk):
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=size) as pilot:
            await pilot.press("o", "full_stop", "s")
            await pilot.resize_terminal(40, 12)
            await pilot.press("escape", "p", "G", "q", "C")
            await pilot.resize_terminal(5, 3)
            await pilot.press("escape", "q")
            assert screen.is_running
