"""A plan to approve: what it stands on, and taking grants from it."""

from __future__ import annotations

import pytest
from desk_support import office
from review_support import RUN, House, SubjectKind, plan_sheet, step
from tui_support import app, shop, text_of

from orchestrator.app.review.queue import proof_of
from orchestrator.app.wiring import open_workflow
from orchestrator.models.capabilities import Capabilities, Egress
from orchestrator.models.decision import Verdict
from orchestrator.models.ids import Digest
from orchestrator.models.plan import Plan, Source, SourceKind, WritePath
from orchestrator.policy.proof.judge import PROPERTIES
from orchestrator.tui.app import HandrailApp
from orchestrator.tui.screens.form import FormScreen
from orchestrator.tui.screens.inbox import InboxScreen
from orchestrator.tui.screens.plan import PlanScreen

SIZE = (110, 50)
SPEC = Source(kind=SourceKind.SPEC, place="prd.md:21")


def wide():
    """One step that may do a good deal."""
    paths = ("shop/**", "notes/**")
    grant = Capabilities(write=paths, egress=(Egress(host="a.invalid"),), models=("m/*",), secrets=("token",))
    write = tuple(WritePath(glob=path, source=SPEC) for path in paths)
    return step().model_copy(update={"write": write, "capabilities": grant})


def one_plan():
    house = House()
    house.add(plan_sheet((wide(),)), kind=SubjectKind.PLAN, item_id="item-0", title="Search in the shop")
    return house


async def test_each_step_stands_beside_its_sentence_and_all_that_it_is_granted():
    screen = app(one_plan(), "item-0")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.pause()
        shown = " ".join(text_of(screen).split())
        for words in (
            "for shop/REQ-001 (prd.md:12): WHEN a customer types words",
            "notes/** (named in the spec, prd.md:21)",
            "Reaches: GET,HEAD a.invalid",
            "Asks models: m/*",
            "Uses secrets: token",
            " 2000000 tokens, unlimited USD; no network but what is named",
        ):
            assert words in shown, words


async def test_a_grant_that_is_deleted_is_gone_and_nothing_else():
    house = one_plan()
    screen = app(house, "item-0")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("n")
        assert isinstance(screen.screen, PlanScreen)  # no step under the cursor
        await pilot.press("full_stop", "n")
        assert isinstance(screen.screen, FormScreen)
        assert "shop/** notes/**" in text_of(screen)
        field = screen.screen.query_one("#field-write")
        field.value = "notes/** README.md"
        await pilot.press("enter")
        assert "! NAR002 S01 is not granted to write" in text_of(screen)
        field.value = "notes/**"
        screen.screen.query_one("#field-attempts").value = "0"
        await pilot.press("enter")
        assert "! NAR002 Attempts and seconds" in text_of(screen)
        screen.screen.query_one("#field-attempts").value = "1"
        screen.screen.query_one("#field-egress").value = ""
        screen.screen.query_one("#field-limits").value = "memory_mib=128"
        await pilot.press("enter")
        assert isinstance(screen.screen, InboxScreen), str(screen.screen.query_one("#form-wrong").render())
        await pilot.press("q")
    (decided,) = screen.return_value
    assert decided.outcome is Verdict.REQUEST_CHANGES
    comment = house.reviews().view("item-0").decisions[0].decision.comment
    made = Plan.model_validate_json(house.blobs.get(_revision(house, comment)))
    grant = made.steps[0].capabilities
    assert (grant.write, grant.egress, grant.models) == (("notes/**",), (), ("m/*",))
    assert (grant.secrets, grant.limits.memory_mib, made.steps[0].budget.attempts) == (("token",), 128, 1)


def _revision(house, comment):
    text = house.blobs.get(comment).decode()
    return Digest(text.split('"revision":"')[1].split('"')[0])


async def test_nothing_less_is_no_narrowing_and_esc_leaves_the_plan_as_it_is():
    house = shop()
    screen = app(house, "item-0")
    async with screen.run_test(size=SIZE) as pilot:
        await pilot.press("full_stop", "n", "enter")
        assert "! NAR003" in text_of(screen)
        await pilot.press("escape", "q")
        assert house.index.decisions("item-0") == ()


async def test_what_the_workflow_holds_to_is_proved_when_the_plan_is_opened(tmp_path):
    with office(tmp_path / "shop") as (project, reviews, desk):
        known = {"workflow_digest": open_workflow("prd-to-code").digest()}
        project.index.save_run(project.index.run(RUN).model_copy(update=known))
        reviews._prove = lambda run: proof_of(project, project.index.run(run))
        screen = HandrailApp(reviews, "item-0", desk=desk)
        async with screen.run_test(size=SIZE) as pilot:
            await pilot.pause()
            shown = " ".join(text_of(screen).split())
            assert "prd-to-code (sha256:" in shown
            assert "proved now, 49 standings" in shown
            assert all(held in shown for held in PROPERTIES)


def test_a_workflow_that_is_not_here_as_it_was_is_said_to_be_unproved(tmp_path):
    with office(tmp_path / "shop") as (project, _, _):
        found = proof_of(project, project.index.run(RUN))
        assert found.problem.startswith("RUN005")
        assert (found.properties, found.states) == ((), 0)
        lost = project.index.run(RUN).model_copy(update={"workflow": "kept/workflow.yaml"})
        assert proof_of(project, lost).problem


@pytest.mark.parametrize("size", [(20, 5), (1, 1)])
async def test_no_size_crashes_the_form(size):
    screen = app(one_plan(), "item-0")
    async with screen.run_test(size=size) as pilot:
        await pilot.press("full_stop", "n")
        await pilot.resize_terminal(30, 8)
        await pilot.press("tab", "tab", "enter")
        await pilot.resize_terminal(2, 2)
        await pilot.press("escape", "q")
        assert isinstance(screen.screen, InboxScreen)
