"""Planning a spec again touches what changed and what stands on it; the rest keeps its step, decision and result."""

import json

import pytest
from run_support import Req, good, lab


def planned(here, *more, code=0):
    said = here.cli("plan", str(here.prd), "--changed", "--json", *more)
    assert said.returncode == code, said.stderr
    if code:
        return said.stderr
    body = json.loads(said.stdout)
    return [s["id"] for s in body["steps"]], {k["requirement"].split("/")[1]: k["step"] for k in body["kept"]}


def applied(here, plan):
    how = ("--agent", "scripted", "--script", str(here.script), "--approve-plan")
    return here.cli("apply", str(plan), "--spec", str(here.prd), *how)


def edit(here, old, new):
    text = here.prd.read_text()
    assert old in text
    here.prd.write_text(text.replace(old, new))


@pytest.mark.engine
@pytest.mark.slow
def test_only_what_changed_and_what_stands_on_it_is_built_again(tmp_path):
    reqs = [Req(1), Req(2, depends=(1,)), Req(3)]
    with lab(tmp_path) as here:
        here.prd.write_text("# Till\n\n## Features\n\n- The till must show the balance.\n")
        assert "PRD062" in planned(here, code=2)
        first = here.run(reqs, good(*reqs))
        assert planned(here)[0] == ["S01", "S02", "S03"], "nothing of it is in the branch yet"
        here.git("merge", "--ff-only", "-q", first.run.run_ref)
        assert "PLAN032" in planned(here, code=6)

        edit(here, "REQ-003: ", "REQ-003: New ")
        plan = tmp_path / "plan.json"
        assert planned(here, "-o", str(plan)) == (["S02"], {"REQ-001": "S01", "REQ-002": "S03"})
        body = json.loads(plan.read_bytes())
        assert {k["run"] for k in body["kept"]} == {first.run.id}
        assert all(k["approvers"] == ["you"] for k in body["kept"])

        false = tmp_path / "false.json"
        body["kept"][0]["step"] = "S09"
        false.write_text(json.dumps(body))
        told = applied(here, false)
        assert "PLAN033" in told.stderr
        body["kept"].pop(0)
        false.write_text(json.dumps(body))
        told = applied(here, false)
        assert "PLAN004" in told.stderr

        here.script.write_text(here.script.read_text().replace("VALUE = 3", "VALUE = 33 - 30"))
        told = applied(here, plan)
        assert told.returncode == 4, told.stderr
        second = here.runs()[0] if here.runs()[0].id != first.run.id else here.runs()[1]
        done = here.resume(second.id)
        assert {step for _, step, _ in here.events(second.id) if step} == {"S02"}
        here.git("merge", "--ff-only", "-q", done.run.run_ref)
        told = json.loads(here.cli("report", second.id, "--json").stdout)["requirements"]
        assert [(r["merged"], r["kept"]["step"] if r["kept"] else r["steps"]) for r in told] == [
            (True, "S01"),
            (True, "S03"),
            (True, ["S02"]),
        ]

        edit(here, "REQ-001: ", "REQ-001: New ")
        assert planned(here) == (["S01", "S03"], {"REQ-003": "S02"})
        edit(here, "REQ-001: New ", "REQ-001: ")
        (here.repo / reqs[0].path).write_text("VALUE = 1  # by hand\n")
        here.git("commit", "-qam", "by hand")
        assert planned(here) == (["S01", "S03"], {"REQ-003": "S02"})
