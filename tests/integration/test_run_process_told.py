"""What people learn of a step that did not go well: who is asked next, who looks at the run, who gets its page."""

import broker_support
import pytest
from run_support import lab
from test_run_process_effects import CEILING, FILES, HOOKS, PEOPLE, TRUSTED, hotfix, world
from test_run_processes import END, STOP, Office, process, task

from orchestrator.app.observe.reporting import report
from orchestrator.app.runs.listing import one
from orchestrator.render.run_page import run_page


def shown(here, run):
    with here.project() as project:
        return one(project, run.id)["outside"]


def details(here, office):
    with here.reviews(office.run, here.key) as reviews:
        return reviews.view(office.result.items[0].id).sheet.work.details


def test_who_repairs_what_an_effect_broke_is_told_that_it_failed_and_how(tmp_path):
    broken = lambda _, connection: broker_support.respond(connection, b"<b>full</b>", 507)  # noqa: E731  it is one expression
    with (
        lab(tmp_path, FILES, people=PEOPLE, ceiling=CEILING, approve=TRUSTED) as here,
        world(here, tmp_path, broken) as server,
    ):
        shop = hotfix(here).says("rel")
        assert shop.waits == [("call-engineer-restores-last", "task")]
        (told,) = details(here, shop)
        assert told.startswith("Before this: Run `make deploy`")
        assert told.endswith(f": it failed (exit code 2; handrail show {shop.run.id} says what it printed).")
        (row,) = shown(here, shop.run)
        assert (row["node"], row["outcome"], row["why"]) == ("run-make-deploy-which", "failed", "exit code 2")
        assert "507" in row["printed"]
        told = here.cli("show", shop.run.id).stdout
        assert "and cannot be undone: failed (exit code 2)\n| " in told
        assert all(line.startswith("| ") for line in told.splitlines() if "507" in line)
        with here.project() as project:
            page = run_page(report(project, project.index.run(shop.run.id)))
        assert "Done outside" in page
        assert "exit code 2" in page
        assert len(server.requests) == 1


ANSWERS = {
    "sent": lambda _, connection: broker_support.respond(connection, {}),
    "it answered 500": lambda _, connection: broker_support.respond(connection, {}, 500),
    "it answered 302": lambda _, connection: broker_support.respond(connection, {}, 302, ["location: /other"]),
    "no answer": lambda _, connection: connection.close(),
    "BRK035 on its way out": None,
}


@pytest.mark.parametrize("why", ANSWERS)
def test_a_notice_that_could_not_be_sent_says_why_and_the_process_goes_on_as_it_says(tmp_path, why):
    host = HOOKS if ANSWERS[why] else "nowhere.invalid"
    grant = {"egress": [{"host": host, "methods": ["POST"]}]}
    told = {"kind": "notify", "channel": "webhook", "to": f"{host}/x", "title": "Tell", "capabilities": grant}
    nodes = {"told": {**told, "on": {"sent": "end", "unsent": "look"}}, "look": task("end"), "end": END, "stop": STOP}
    path = process(tmp_path / "tell", **nodes)
    path.write_text(
        path.read_text().replace("ceiling: {}", f"ceiling: {{egress: [{{host: {host}, methods: [POST]}}]}}")
    )
    ceiling = {"egress": (CEILING["egress"][0].model_copy(update={"host": host}),)}
    with lab(tmp_path, people={"cleo": ("clerk",)}, ceiling=ceiling) as here, world(here, tmp_path, ANSWERS[why]) as at:
        office = Office(here, path).go()
        (row,) = shown(here, office.run)
        if why == "sent":
            assert (row["outcome"], row["why"], office.waits) == ("sent", "", [])
            return
        assert (row["outcome"], office.waits) == ("unsent", [("look", "task")])
        assert row["why"].startswith(why)
        (told,) = details(here, office)
        assert told.startswith(f"Before this: Tell: it could not be sent ({why}")
        assert len(at.requests) == (1 if ANSWERS[why] else 0)


def test_who_is_asked_in_place_of_another_is_told_that_nobody_answered(tmp_path):
    path = process(
        tmp_path / "late",
        first=task("end", within_seconds=60, title="File it")
        | {"on": {"done": "end", "blocked": "stop", "expired": "then"}},
        then=task("end"),
        end=END,
        stop=STOP,
    )
    with lab(tmp_path, people={"cleo": ("clerk",)}) as here:
        office = Office(here, path).go()
        assert details(here, office) == ()
        office.hasten()
        assert details(here, office.go()) == ("Before this: File it: its time ran out.",)


def test_a_pause_and_several_approvals_are_told_with_what_goes_on(tmp_path):
    path = process(
        tmp_path / "pause",
        both={"kind": "review", "role": "clerk", "reviews": "work", "approvals": 2, "title": "Look",
              "on": {"approve": "pause", "reject": "stop", "request-changes": "stop"}},
        pause={"kind": "wait", "pause_seconds": 600, "on": {"elapsed": "end"}},
        end=END,
        stop=STOP,
    )  # fmt: skip
    with lab(tmp_path, people={"cleo": ("clerk",), "carl": ("clerk",)}) as here:
        office = Office(here, path).go().says("cleo")
        told = here.cli("resume", office.run.id, "--no-input")
        assert (told.returncode, "a clerk: Look (2 have to approve, 1 signed so far)" in told.stderr) == (4, True)
        office.says("carl")
        told = here.cli("resume", office.run.id, "--no-input")
        assert told.returncode == 4
        assert f"Run {office.run.id} waits until " in told.stderr
        assert f"Try: handrail resume {office.run.id}, from then on\n" in told.stderr
