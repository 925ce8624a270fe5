"""Grants are taken from a step before its plan is approved; the narrower plan is what is signed and enforced."""

import json

import pytest
from run_support import Req, approve, lab, nobody, shell, write

from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.verification import Verified

pytestmark = pytest.mark.engine
TWO = Req(1, where=["src/f1.py", "src/f2.py"])


def test_a_narrowed_plan_is_asked_about_again_and_then_holds(tmp_path):
    steps = {TWO.id: [[write("src/f1.py", "VALUE = 1\n"), shell("echo VALUE > src/f2.py || true")]]}
    with lab(tmp_path) as here:
        started = here.run([TWO], steps, decide=nobody)
        (item,) = started.asked
        shown = json.loads(here.cli("review", "show", item.id, "--json").stdout)["items"][0]
        assert shown["proof"]["problem"] == ""
        assert (shown["proof"]["digest"], shown["proof"]["states"] > 0) == (started.run.workflow_digest, True)
        wide = here.cli("review", "narrow", item.id, "--step", "S01", "--write", "README.md")
        assert (wide.returncode, "NAR002" in wide.stderr) == (2, True), wide.stderr
        said = here.cli(
            "review", "narrow", item.id, "--step", "S01", "--write", "src/f1.py", "--attempts", "1", "--json"
        )
        assert said.returncode == 0, said.stderr
        assert json.loads(said.stdout)["outcome"] == Verdict.REQUEST_CHANGES
        again = here.resume(started.run.id, decide=nobody)
        (fresh,) = again.asked
        assert (fresh.kind, fresh.subject != item.subject) == (SubjectKind.PLAN, True)
        assert again.run.plan == fresh.subject
        told = json.loads(here.cli("review", "show", fresh.id, "--since-decision", "--json").stdout)
        assert (told["since"], told["decisions"][0]["verdict"]) == (item.id, "request-changes")
        assert '"glob": "src/f2.py"' in told["diff"]
        none = here.cli("review", "show", item.id, "--since-decision")
        assert (none.returncode, "REV045" in none.stderr) == (2, True), none.stderr
        assert here.cli("review", "approve", fresh.id).returncode == 0
        done = here.resume(started.run.id, decide=approve)
        change = next(i for i in done.asked if i.kind is SubjectKind.CHANGE)
        with here.reviews(done.run) as reviews:
            sheet = reviews.view(change.id).sheet.changes[0]
        assert [f.path for f in sheet.change.files] == ["src/f1.py"]
        assert (done.code, sheet.step.budget.attempts) == (0, 1)
        found = here.verify(done.run)
        assert (found.verdict, found.problems) == (Verified.VERIFIED, ())
        late = here.cli("review", "narrow", change.id, "--step", "S01", "--attempts", "1")
        assert (late.returncode, "REV047" in late.stderr) == (2, True), late.stderr


def test_who_chose_the_agent_cannot_be_its_only_approver_where_the_policy_says_so(tmp_path):
    one = Req(1)
    steps = {one.id: [[write(one.path, "VALUE = 1\n")]]}
    with lab(tmp_path, people={"ann": ["reviewer"]}, separate=True) as here:
        done = here.run([one], steps)
        change = done.asked[-1]
        assert (done.code, change.kind, change.authors) == (4, SubjectKind.CHANGE, ("you",))
        with here.project() as project:
            assert (len(project.index.decisions(change.id)), project.index.outcome(change.id)) == (1, None)
        said = here.cli("review", "approve", change.id, "--key", str(here.folder / "ann.pem"), "--json")
        assert (said.returncode, json.loads(said.stdout)["outcome"]) == (0, "approve"), said.stderr
        assert here.resume(done.run.id).code == 0
