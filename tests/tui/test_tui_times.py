"""How long something was on screen is kept where the policy asks for it, and nowhere else (D13)."""

from __future__ import annotations

import time

import pytest
from review_support import ANN, DIFF, House, policy, sheet
from tui_support import app

from orchestrator.models.change import ChangedFile, ChangeKind
from orchestrator.models.decision import Verdict
from orchestrator.models.review import Comment
from orchestrator.review.present import describe, to_json
from orchestrator.tui.screens.judge import Stopwatch
from orchestrator.tui.widgets.diff import RowsView


def long_house(*, kept, threshold=1):
    """A change of 2,000 lines."""
    files = tuple(
        ChangedFile(path=path, kind=ChangeKind.MODIFIED, added_lines=1000, removed_lines=0)
        for path in ("shop/search.py", ".github/workflows/ci.yml")
    )
    house = House(policy=policy(threshold).model_copy(update={"keep_review_times": kept}))
    house.add(sheet(house.change(text=DIFF, files=files)), threshold=threshold)
    return house


async def test_two_thousand_lines_in_three_seconds_are_approved_and_it_shows():
    house = long_house(kept=True, threshold=2)
    screen = app(house, "item-1")
    async with screen.run_test(size=(180, 90)) as pilot:
        await pilot.pause()
        screen.screen._looked._since -= 3
        await pilot.press("a", "enter")
        await pilot.press("enter")
        await pilot.pause()
        shown = [row.text for row in screen.screen.query_one("#context", RowsView).rows]
    view = house.reviews().view("item-1")
    (one,) = view.decisions
    assert one.decision.verdict is Verdict.APPROVE
    assert 3 <= one.seconds_on_screen < 60
    words = f"approve, 2000 changed lines in {one.seconds_on_screen} s on screen"
    assert f"ann ({ANN.keyid[:12]}) {words}" in shown
    assert words in " ".join(describe(view, 200).split())
    told = to_json(view)["items"][0]
    assert (told["changed_lines"], told["decisions"][0]["seconds_on_screen"]) == (2000, one.seconds_on_screen)
    assert "seconds" not in one.decision.to_bytes().decode()


@pytest.mark.parametrize("seconds", [None, 3.9])
def test_nothing_is_kept_unless_the_policy_asks(seconds):
    house = long_house(kept=False)
    decided = house.reviews().decide("item-1", Verdict.APPROVE, reason="fine", seconds_on_screen=seconds)
    comment = Comment.model_validate_json(house.blobs.get(decided.decision.comment))
    assert comment.seconds_on_screen is None
    assert "on screen" not in describe(house.reviews().view("item-1"))


def test_who_decides_without_the_screen_has_no_time_on_it():
    house = long_house(kept=True)
    decided = house.reviews().decide("item-1", Verdict.APPROVE)
    assert decided.decision.comment is None
    assert house.reviews().view("item-1").decisions[0].seconds_on_screen is None


def test_a_watch_counts_only_what_is_shown():
    watch = Stopwatch()
    assert watch.seconds == 0
    watch.go_on()
    watch._since -= 5
    watch.hold()
    before = watch.seconds
    time.sleep(0.01)
    assert 5 <= watch.seconds == before
    watch.hold()
    watch.go_on()
    watch.go_on()
    assert watch.seconds > before


async def test_what_another_screen_covers_does_not_count():
    screen = app(long_house(kept=True), "item-1")
    async with screen.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        watch = screen.screen._looked
        await pilot.press("question_mark")
        assert watch._since is None
        await pilot.press("escape")
        assert watch._since is not None
