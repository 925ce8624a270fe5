"""A decision that cannot be signed or stored is kept, told, and sent from the screens."""

from __future__ import annotations

import sqlite3
from datetime import timedelta

import pytest
from desk_support import office
from review_support import ANN, NOW
from tui_support import text_of

from orchestrator.errors import UsageError
from orchestrator.models.decision import Verdict
from orchestrator.models.review import Comment, Draft
from orchestrator.store import database
from orchestrator.tui.app import HandrailApp
from orchestrator.tui.screens.drafts import DraftsScreen
from orchestrator.tui.screens.inbox import InboxScreen
from orchestrator.tui.screens.plan import PlanScreen

SIZE = (100, 40)


def said(application):
    return "\n".join(note.message for note in application._notifications)


class Agent:
    """Ann's key in an agent that refuses until she gives the passphrase."""

    unlocked = False

    def seal(self, decision):
        if not self.unlocked:
            raise UsageError("KEY021", "The agent refused to sign.", "ssh-add")
        return ANN.seal(decision)


def draft(item, reason="no \x1b[31mred"):
    return Draft(item=item, verdict=Verdict.REJECT, reason=reason, at=NOW)


async def test_a_refused_passphrase_leaves_a_draft_that_is_sent_later(tmp_path):
    with office(tmp_path / "shop") as (project, reviews, desk):
        agent = Agent()
        reviews._seal = agent.seal
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.press("enter", "r", *"Too wide.", "enter")
            assert isinstance(screen.screen, PlanScreen)
            assert "Your decision is kept as a draft" in said(screen)
            assert [(d.verdict, d.reason) for d in desk.drafts.all()] == [(Verdict.REJECT, "Too wide.")]
            await pilot.press("q")
            await pilot.pause()
            assert "1 decisions of yours are NOT signed" in text_of(screen)
            await pilot.press("D", "s")
            assert isinstance(screen.screen, DraftsScreen)
            assert "reject of item-0, said" in text_of(screen)
            assert said(screen).count("KEY021") == 2
            assert project.index.decisions("item-0") == ()
            agent.unlocked = True
            await pilot.press("enter")
            await pilot.pause()
            assert "There are no drafts." in text_of(screen)
            assert project.index.outcome("item-0") == "reject"
            await pilot.press("q", "q")
        (decided,) = screen.return_value
        assert decided.decision.verdict is Verdict.REJECT
        assert Comment.model_validate_json(project.blobs.get(decided.decision.comment)).text == "Too wide."


async def test_a_busy_database_leaves_a_draft(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_BUSY_MILLISECONDS", 50)
    with office(tmp_path / "shop") as (project, reviews, desk):
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.press("enter")
            other = sqlite3.connect(project.layout.database, isolation_level=None)
            other.execute("BEGIN EXCLUSIVE")
            await pilot.press("a", "enter")
            assert isinstance(screen.screen, PlanScreen)
            assert "STORE" in said(screen)
            other.execute("ROLLBACK")
            other.close()
            await pilot.press("q", "D", "enter", "q")
            assert project.index.outcome("item-0") == "approve"


async def test_a_rule_that_refuses_leaves_no_draft_and_what_cannot_be_sent_stays(tmp_path):
    with office(tmp_path / "shop") as (project, reviews, desk):
        desk.drafts.keep(draft("item-gone"))
        desk.drafts.keep(draft("item-0").model_copy(update={"at": NOW + timedelta(seconds=1)}))
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.press("D")
            await pilot.pause()
            assert "no \\x1b[31mred" in text_of(screen)
            await pilot.press("enter")
            assert len(desk.drafts.all()) == 2
            assert said(screen)
            await pilot.press("x", "question_mark")
            assert "Forget the decision under the cursor" in text_of(screen)
            await pilot.press("escape", "enter")
            assert (desk.drafts.all(), project.index.outcome("item-0")) == ((), "reject")
            await pilot.press("enter", "x", "q")
            assert isinstance(screen.screen, InboxScreen)


async def test_a_file_that_is_no_draft_is_told(tmp_path):
    with office(tmp_path / "shop") as (_, reviews, desk):
        desk.drafts.keep(draft("item-0"))
        (desk.project.layout.root / "drafts" / "item-0.json").write_bytes(b"\xff{")
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.pause()
            await pilot.press("D")
            assert "STORE018" in said(screen)
            await pilot.press("q")
            assert isinstance(screen.screen, InboxScreen)


@pytest.mark.parametrize("size", [(20, 5), (1, 1)])
async def test_no_size_crashes_it(size, tmp_path):
    with office(tmp_path / "shop") as (_, reviews, desk):
        desk.drafts.keep(draft("item-0"))
        screen = HandrailApp(reviews, desk=desk)
        async with screen.run_test(size=size) as pilot:
            await pilot.press("D", "j", "k")
            await pilot.resize_terminal(40, 12)
            await pilot.press("x", "q")
            assert isinstance(screen.screen, InboxScreen)
