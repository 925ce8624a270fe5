"""Drift asks for more eyes and never for fewer; what nobody used is proposed as a smaller ceiling, and accepted."""

import json

import pytest
from run_support import LIMITS, Req, approve, good, lab, nobody, shell

from orchestrator.app.observe.tightening import narrower
from orchestrator.errors import UsageError
from orchestrator.models.ids import RunId

pytestmark = pytest.mark.engine

ONE = Req(1)
WIDE = {
    "egress": [{"host": "docs.example.org"}],
    "models": ("here/*", "there/m"),
    "write": ("src/**", "lib/**"),
    "write_protected": ("**/Makefile",),
    "limits": LIMITS.model_copy(update={"tokens": 1_000_000}),
}


def repeated(here, run, times=5):
    """As many earlier runs as that one: the same events, under ids of their own."""
    with here.project() as project:
        row = project.index.run(run.id)
        for number in range(times):
            copy = row.model_copy(update={"id": RunId(f"20000101-aaaaa{number}"), "run_ref": f"handrail/copy{number}"})
            project.index.add_run(copy)
            for _, event in project.index.events(run.id):
                project.index.emit(event.model_copy(update={"run": copy.id}))


def test_a_run_that_does_what_no_earlier_one_did_needs_a_second_approver(tmp_path):
    people = {"ana": ("reviewer",)}
    with lab(tmp_path, people=people, policy={"drift_approvals": 2}) as here:
        first = here.run([ONE], good(ONE))
        assert first.code == 0
        assert [item.threshold for item in first.asked] == [1, 1], "there was nothing to compare it with"
        repeated(here, first.run)
        same = here.run([ONE], good(ONE))
        assert (same.code, {item.threshold for item in same.asked}) == (0, {1})

        odd = here.run([ONE], {ONE.id: [[*good(ONE)[ONE.id][0], shell("git --version")]]})
        assert odd.code == 4, "one approval was enough"
        assert [item.threshold for item in odd.asked] == [1, 2]
        with here.reviews(odd.run) as reviews:
            told = reviews.view(odd.asked[-1].id).sheet.drift
        assert "never seen in" in told
        assert "program git" in told
        with here.reviews(odd.run, here.folder / "ana.pem") as reviews:
            approve(reviews, odd.asked[-1])
        assert here.resume(odd.run.id, decide=nobody).code == 0


def test_what_was_never_used_is_proposed_accepted_and_planned_without(tmp_path):
    with lab(tmp_path, ceiling=WIDE) as here:
        done = here.run([ONE], good(ONE))
        assert done.code == 0
        with here.project() as project, pytest.raises(UsageError, match="OBS020"):
            narrower(project, "scripted", 5)
        repeated(here, done.run)
        told = here.cli("drift", "scripted", "--narrow", "less.yaml", "--runs", "6")
        assert told.returncode == 0, told
        gone = {line[1:].strip() for line in told.stdout.splitlines() if line.startswith("-")}
        assert {"- here/*", "- there/m", "- lib/**", "tokens: 1000000", "- '**/Makefile'"} <= gone, told.stdout
        assert "docs.example.org" in told.stdout
        assert "\n- src/**" not in told.stdout
        accepted = here.cli("policy", "change", "--ceiling", "less.yaml", "--commit")
        assert accepted.returncode == 0, accepted
        planned = here.cli("plan", str(here.prd), "--json")
        (step,) = json.loads(planned.stdout)["steps"]
        granted = step["capabilities"]
        assert granted["limits"]["tokens"] == 100_000
        here.write_job([Req(2, where=["lib/x.py"])], {})
        refused = here.cli("plan", str(here.prd))
        assert (refused.returncode, "PLAN013" in refused.stderr) == (6, True), refused
        with here.project() as project:
            assert narrower(project, "scripted", 6).patch == "", "what is left was used"
