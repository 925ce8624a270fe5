"""Part of a change, and a change by hand: gates and tests judge exactly that tree before anybody can approve it."""

import json

import pytest
from run_support import Req, approve, lab, nobody, write

from orchestrator.errors import UsageError
from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.review import MarkState
from orchestrator.models.verification import Verified

pytestmark = pytest.mark.engine

LINES = "".join(f"LINE_{n} = {n}\n" for n in range(40))
TWO_PLACES = LINES.replace("LINE_2 = 2\n", "LINE_2 = 22\n").replace("LINE_30 = 30\n", "LINE_30 = 3030\nVALUE = 1\n")


def plan_alone(reviews, item):
    (approve if item.kind is SubjectKind.PLAN else nobody)(reviews, item)


def parked(here, steps, req):
    done = here.run([req], steps, decide=plan_alone)
    assert done.code == 4, done.result
    return done.run, done.asked[-1]


def two_hunks(tmp_path):
    return lab(tmp_path, {"src/f1.py": LINES, "README.md": "A small project.\n"})


def test_only_the_accepted_hunks_are_gated_approved_and_merged(tmp_path):
    one = Req(1)
    with two_hunks(tmp_path) as here:
        run, item = parked(here, {one.id: [[write(one.path, TWO_PLACES)]]}, one)
        told = json.loads(here.cli("review", "show", item.id, "--json").stdout)["items"][0]
        first, second = sorted(told["hunks"], key=lambda h: h["new_start"])
        said = here.cli("review", "reject", item.id, "--hunk", first["id"], "--reason", "leave line two")
        assert said.returncode == 0, said.stderr
        said = here.cli("review", "accept", item.id, "--hunk", second["id"][:20])
        assert said.returncode == 0, said.stderr
        whole = here.cli("review", "approve", item.id)
        assert (whole.returncode, "REV035" in whole.stderr) == (2, True), whole.stderr
        taken = here.cli("review", "take", item.id)
        assert taken.returncode == 0, taken.stderr
        again = here.resume(run.id, decide=nobody)
        (fresh,) = again.asked
        assert fresh.id != item.id
        since = here.cli("review", "show", fresh.id, "--since-decision").stdout
        assert since.startswith(f"Since {item.id}, on which you said request-changes.")
        assert "- LINE_2 = 22" in since
        assert "LINE_30" not in since
        with here.reviews(run) as reviews:
            view = reviews.view(fresh.id)
            assert [r.change for r in view.reports] == [fresh.change] * len(view.reports)
            assert view.sheet.changes[0].acceptance.change == fresh.change
            assert [m.state for m in reviews.marks.of(view).values()] == [MarkState.ACCEPTED]
            assert reviews.decide(fresh.id, Verdict.APPROVE).outcome is Verdict.APPROVE
        assert here.resume(run.id).code == 0
        assert here.file(run.run_ref, one.path) + "\n" == TWO_PLACES.replace("LINE_2 = 22", "LINE_2 = 2")
        found = here.verify(run)
        assert (found.verdict, found.problems) == (Verified.VERIFIED, ())


def test_a_part_that_fails_its_command_goes_back_to_the_agent_with_the_reasons(tmp_path):
    one = Req(1)
    with two_hunks(tmp_path) as here:
        steps = {one.id: [[write(one.path, TWO_PLACES)], [write(one.path, LINES + "VALUE = 2\n")]]}
        run, item = parked(here, steps, one)
        with here.reviews(run) as reviews:
            view = reviews.view(item.id)
            first, second = sorted(view.diffs[0].change.hunks, key=lambda h: h.new_start)
            reviews.marks.put(view, [first.id], MarkState.ACCEPTED)
            reviews.marks.put(view, [second.id], MarkState.REJECTED, "no such value")
            reviews.take_accepted(item.id)
        done = here.resume(run.id)
        assert done.code == 0, done.result
        assert here.file(run.run_ref, one.path).endswith("VALUE = 2")
        assert len([1 for kind, _, _ in here.events(run.id) if kind == "agent-started"]) == 2


def test_an_edit_by_hand_is_a_change_that_its_author_cannot_approve_alone(tmp_path):
    one = Req(1)
    with two_hunks(tmp_path) as here:
        run, item = parked(here, {one.id: [[write(one.path, TWO_PLACES)]]}, one)
        edited = here.folder / "edited.py"
        edited.write_text(TWO_PLACES.replace("VALUE = 1", "VALUE = 7"))
        said = here.cli("review", "edit", item.id, one.path, "--from", str(edited))
        assert said.returncode == 0, said.stderr
        (fresh,) = here.resume(run.id, decide=nobody).asked
        assert fresh.authors == ("you",)
        alone = here.cli("review", "approve", fresh.id)
        assert (alone.returncode, "REV039" in alone.stderr) == (2, True), alone.stderr


def test_where_approval_is_separate_another_person_approves_what_one_signs_and_edits(tmp_path):
    one = Req(1)
    with lab(tmp_path, {"src/f1.py": LINES}, people={"ben": ["reviewer"]}, separate=True, times=True) as here:
        run, item = parked(here, {one.id: [[write(one.path, TWO_PLACES)]]}, one)
        assert item.authors == ("you",)
        edited = here.folder / "edited.py"
        edited.write_text(TWO_PLACES.replace("VALUE = 1", "VALUE = 7"))
        assert here.cli("review", "edit", item.id, one.path, "--from", str(edited)).returncode == 0
        (fresh,) = here.resume(run.id, decide=nobody).asked
        with here.reviews(run) as reviews:
            assert reviews.decide(fresh.id, Verdict.APPROVE, seconds_on_screen=3.2).outcome is None
        with here.reviews(run, here.folder / "ben.pem") as reviews:
            assert reviews.decide(fresh.id, Verdict.APPROVE).outcome is Verdict.APPROVE
        (told,) = json.loads(here.cli("review", "show", fresh.id, "--json").stdout)["items"]
        assert [d["seconds_on_screen"] for d in told["decisions"]] == [3, None]
        assert here.resume(run.id).code == 0
        found = here.verify(run)
        assert (found.verdict, found.problems) == (Verified.VERIFIED, ())
        assert found.commits[0].people == ("you",)


def test_a_part_of_nothing_an_edit_of_nothing_and_strange_hunks_are_refused(tmp_path):
    one = Req(1)
    with two_hunks(tmp_path) as here:
        run, item = parked(here, {one.id: [[write(one.path, TWO_PLACES)]]}, one)
        with here.reviews(run) as reviews:
            view = reviews.view(item.id)
            with pytest.raises(UsageError, match="REV036"):
                reviews.take_accepted(item.id)
            reviews.marks.put(view, view.hunks, MarkState.ACCEPTED)
            with pytest.raises(UsageError, match="REV036"):
                reviews.take_accepted(item.id)
            with pytest.raises(UsageError, match="REV037"):
                reviews.edit(item.id, one.path, TWO_PLACES.encode())
            with pytest.raises(UsageError, match="REV032"):
                reviews.edit(item.id, "README.md", b"not of this change\n")
        for words in (("accept", item.id, "--hunk", "zz"), ("accept", item.id, "--file", "../etc/passwd")):
            said = here.cli("review", *words)
            assert (said.returncode, "REV031" in said.stderr) == (2, True), said.stderr
        assert "REV042" in here.cli("review", "accept", item.id).stderr


def test_a_decision_can_be_undone_until_the_run_goes_on_and_each_word_is_one_object(tmp_path):
    one = Req(1)
    with two_hunks(tmp_path) as here:
        run, item = parked(here, {one.id: [[write(one.path, TWO_PLACES)]]}, one)

        def told(*words):
            said = here.cli("review", *words, "--json")
            assert said.returncode == 0, said.stderr
            return json.loads(said.stdout)

        remark = told("comment", item.id, "why 22?", "--path", one.path, "--line", "3")
        assert (remark["text"], remark["path"], remark["line"]) == ("why 22?", one.path, 3)
        checks = told("gates", item.id)
        assert {g["gate"] for g in checks["gates"]} >= {"bandit", "ruff"}
        assert [(t["exit_on_change"], type(t["output_text"])) for t in checks["tests"]] == [(0, str)]
        assert "DEMONSTRATED" in here.cli("review", "gates", item.id).stdout
        assert "REV033" in here.cli("review", "undo", item.id).stderr
        assert told("approve", item.id)["outcome"] == "approve"
        (signed,) = told("decisions", item.id)["decisions"]
        assert signed["payloadType"]
        assert here.items() == []
        assert told("undo", item.id)["taken_back"] is True
        assert [i["id"] for i in here.items()] == [item.id]
        assert here.cli("review", "approve", item.id).returncode == 0
        assert here.resume(run.id).code == 0
        late = here.cli("review", "undo", item.id)
        assert (late.returncode, "REV041" in late.stderr) == (2, True), late.stderr


def test_an_exported_page_holds_everything_and_asks_for_nothing(tmp_path):
    one = Req(1)
    hostile = TWO_PLACES + "# </td><script>alert(1)</script>\u2800\n"
    with two_hunks(tmp_path) as here:
        _, item = parked(here, {one.id: [[write(one.path, hostile)]]}, one)
        target = here.folder / "page.html"
        said = here.cli("review", "export", item.id, "-o", str(target))
        assert said.returncode == 0, said.stderr
        text = target.read_text()
        assert "<script" not in text
        assert "&lt;script&gt;alert(1)" in text
        assert "\u2800" not in text
        assert "src=" not in text
        assert "href=" not in text
        assert "LINE_30 = 3030" in text
        assert "CLI005" in here.cli("review", "export", item.id, "-o", str(target)).stderr
