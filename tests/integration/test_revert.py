"""Merged work is taken back as a run like any other: what came after stays, and evidence covers it."""

import json

import pytest
from inside import handrail
from run_support import Req, approve, good, lab, nobody


def merged(here, *requirements):
    done = here.run(list(requirements), good(*requirements), decide=approve)
    here.git("merge", "--ff-only", "-q", done.run.run_ref)
    return done.run


@pytest.mark.engine
def test_one_step_is_taken_back_and_what_came_after_it_stays(tmp_path):
    one, two = Req(1), Req(2, depends=(1,))
    with lab(tmp_path) as here:
        run = merged(here, one, two)
        first = plan_of(here, run)[0]["id"]
        said = handrail(here, "revert", run.id, first, "--approve-plan")
        assert said.returncode == 4, said.stderr
        new = json.loads(handrail(here, "runs", "--json").stdout)["runs"][0]["id"]
        (item,) = json.loads(handrail(here, "review", "list", "--json").stdout)["items"]
        shown = handrail(here, "review", "show", item["id"]).stdout
        assert one.path in shown
        assert two.path not in shown
        assert handrail(here, "review", "approve", item["id"], "--lift", "all").returncode == 0
        assert handrail(here, "resume", new).returncode == 0
        here.git("merge", "--ff-only", "-q", f"handrail/{new}")
        left = here.git("ls-tree", "-r", "--name-only", "main").split()
        assert one.path not in left
        assert two.path in left
        assert handrail(here, "verify").returncode == 0
        again = handrail(here, "revert", run.id, first)
        assert (again.returncode, "UNDO004" in again.stderr) == (2, True)
        assert handrail(here, "revert", run.id, "--approve-plan").returncode == 4


@pytest.mark.engine
def test_what_cannot_be_taken_back_is_refused_with_nothing_recorded(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        waiting = here.run([one], good(one), decide=nobody)
        refused(here, "UNDO001", waiting.run.id)
        here.resume(waiting.run.id, decide=approve)
        refused(here, "UNDO001", waiting.run.id)
        here.git("merge", "--ff-only", "-q", waiting.run.run_ref)
        refused(here, "UNDO001", waiting.run.id, "S99")
        refused(here, "RUN001", "no-such-run")
        (here.repo / one.path).write_text("VALUE = 1  # by hand\n")
        here.git("commit", "-qam", "by hand")
        assert one.path in refused(here, "UNDO003", waiting.run.id).stderr


def refused(here, code, *arguments):
    before = handrail(here, "runs", "--json").stdout
    said = handrail(here, "revert", *arguments)
    assert (said.returncode, code in said.stderr) == (2, True), said.stderr
    assert "Try: " in said.stderr
    assert handrail(here, "runs", "--json").stdout == before
    return said


def plan_of(here, run):
    return json.loads(handrail(here, "show", run.id, "--json").stdout)["runs"][0]["steps"]


@pytest.mark.engine
def test_what_an_agent_made_is_listed_and_taken_back_at_once(tmp_path):
    one, two = Req(1), Req(2, depends=(1,))
    with lab(tmp_path) as here:
        run = merged(here, one, two)
        (agent,) = {c["agent"] for c in rows(here, "agent=scripted")}
        assert landed(here, "agent=scripted") == landed(here, f"agent={agent.replace(' ', '@')}") == [run.id, run.id]
        (key,) = {k for c in rows(here, "agent=scripted") for k in c["signed_by"]}
        assert len(landed(here, f"key={key[:12]}")) == 2
        for nobody_ in ("agent=codex", "agent=scripted@0", "model=m", "agent=scripted,key=00ff"):
            assert landed(here, nobody_) == []
        assert landed(here, "agent=scripted", "--since", "2999-01-01") == []
        for bad in ("", "scripted", "colour=red", "agent=", "agent=a,agent=b"):
            said = handrail(here, "blame", "--where", bad)
            assert (said.returncode, "UNDO005" in said.stderr) == (2, True), bad
        assert "UNDO006" in handrail(here, "blame", "README.md", "--where", "agent=codex").stderr
        assert "UNDO001" in handrail(here, "revert", "--where", "agent=codex").stderr

        assert handrail(here, "revert", "--where", "agent=scripted", "--approve-plan").returncode == 4
        new = json.loads(handrail(here, "runs", "--json").stdout)["runs"][0]["id"]
        (item,) = json.loads(handrail(here, "review", "list", "--json").stdout)["items"]
        assert handrail(here, "review", "approve", item["id"], "--lift", "all").returncode == 0
        assert handrail(here, "resume", new).returncode == 0
        left = here.git("ls-tree", "-r", "--name-only", f"handrail/{new}").split()
        assert not {one.path, two.path} & set(left)


def rows(here, where, *more):
    said = handrail(here, "blame", "--where", where, "--json", *more)
    assert said.returncode == 0, said.stderr
    return json.loads(said.stdout)["commits"]


def landed(here, where, *more):
    return [commit["run"] for commit in rows(here, where, *more)]
