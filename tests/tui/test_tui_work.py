"""What a process asks of a person: shown with all that is known, and answered in a form."""

from __future__ import annotations

import json

from review_support import House, SubjectKind
from tui_support import app, text_of

from orchestrator.models.decision import Verdict
from orchestrator.models.review import Note, ReviewSheet, WorkSheet
from orchestrator.models.workflow import Fact, FactKind
from orchestrator.tui.screens.form import FormScreen
from orchestrator.tui.screens.inbox import InboxScreen
from orchestrator.tui.screens.verdict import AskScreen
from orchestrator.tui.screens.work import WorkScreen

SIZE = (80, 24)
ASKS = {
    "amount": Fact(kind=FactKind.NUMBER, question="the amount", unit="euros"),
    "colour": Fact(kind=FactKind.CHOICE, question="the colour", choices=("red", "blue")),
    "places": Fact(kind=FactKind.LIST, question="the places", most=3),
    "urgent": Fact(kind=FactKind.YES_NO, question="it is urgent"),
    "why": Fact(kind=FactKind.TEXT, question="the reason"),
}
GIVEN = ("7", "blue", "rome, oslo", "no", "because")


def asked(kind, *, asks=None, facts=None, notes=(), edits=False):
    house = House()
    work = WorkSheet(
        workflow="buy",
        node="here",
        visit=1,
        sentence="The clerk buys it",
        asks=asks or {},
        facts=facts or {},
        notes=notes,
        edits=edits,
    )
    sheet = ReviewSheet(spec_path="buy/process.md", spec_title="Buy", work=work)
    house.add(sheet, kind=kind, item_id="item-0", title=work.sentence)
    return house


async def fill(pilot, screen, values):
    for field, value in zip(screen.screen.query("Input"), values, strict=True):
        field.value = value
    await pilot.press("enter")
    await pilot.pause()


async def test_questions_are_answered_a_line_each():
    house = asked(SubjectKind.ANSWERS, asks=ASKS)
    screen = app(house, "item-0")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert isinstance(screen.screen, WorkScreen)
        shown = text_of(screen)
        for words in ("amount: the amount (a whole number of euros)", "(one of red, blue)", "(1 to 3 different texts)"):
            assert words in shown, words
        await pilot.press("r", "c")
        assert isinstance(screen.screen, WorkScreen)  # nothing is refused of questions
        await pilot.press("a")
        assert isinstance(screen.screen, FormScreen)
        await fill(pilot, screen, ("7.5", "green", "rome, rome", "perhaps", " "))
        wrong = str(screen.screen.query_one("#form-wrong").render())
        assert [name for name in ASKS if f"{name}: must be" in wrong] == [*ASKS]
        assert house.index.decisions("item-0") == ()
        await fill(pilot, screen, GIVEN)
        assert isinstance(screen.screen, InboxScreen)
        await pilot.press("q")
    (decided,) = screen.return_value
    assert decided.outcome is Verdict.APPROVE
    said = json.loads(house.reviews().view("item-0").decisions[0].reason)
    assert said == {"amount": 7, "colour": "blue", "places": ["rome", "oslo"], "why": "because", "urgent": False}


async def test_whoever_judges_work_sees_what_is_known():
    facts = {"amount": 7, "urgent": True, "places": ("rome", "oslo"), "why": "a\namount = 8"}
    notes = (Note(node="files", reviewer="bob", text="filed\neve at pays: paid"),)
    screen = app(asked(SubjectKind.WORK, facts=facts, notes=notes), "item-0", only=True)
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        lines = [line.rstrip() for line in text_of(screen).split("\n")]
        told = ["    amount = 7", "    places = 2 items", "      - rome", "      - oslo", "    urgent = yes"]
        assert lines[2:7] == told
        assert lines[7:9] == ["    why = a", "    | amount = 8"]
        assert lines[9:11] == ["    bob at files: filed", "    | eve at pays: paid"]
        await pilot.press("c")
        assert isinstance(screen.screen, AskScreen)
        await pilot.press(*"No.", "enter")
    (decided,) = screen.return_value
    assert decided.outcome is Verdict.REQUEST_CHANGES


async def test_a_task_is_done_or_cannot_be_done_and_an_event_only_happens():
    screen = app(asked(SubjectKind.TASK), "item-0", only=True)
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("c")
        assert isinstance(screen.screen, WorkScreen)
        await pilot.press("a")
        assert "Is it done?" in text_of(screen)
        await pilot.press("escape", "r")
        assert "It cannot be done?" in text_of(screen)
        await pilot.press(*"No ink.", "enter")
    (decided,) = screen.return_value
    assert decided.outcome is Verdict.REJECT
    screen = app(asked(SubjectKind.EVENT), "item-0", only=True)
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("r", "a")
        assert "Has it happened?" in text_of(screen)
        await pilot.press("enter")
    (decided,) = screen.return_value
    assert decided.outcome is Verdict.APPROVE


async def test_a_task_that_edits_is_done_with_a_commit():
    screen = app(asked(SubjectKind.TASK, edits=True), "item-0", only=True)
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("a")
        await pilot.pause()
        assert isinstance(screen.screen, WorkScreen)
        assert any("--change REVISION" in notice.message for notice in screen._notifications)
