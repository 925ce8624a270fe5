"""From a requirement to who approved its code, and what has changed since: on a real run, and on hand-written code."""

import json

import pytest
from run_support import Req, approve, good, lab, nobody

from orchestrator.app.specs.accurate import NAME


def traced(here, *more, code=0):
    said = here.cli("trace", str(here.prd), "--json", *more)
    assert said.returncode == code, said.stderr
    return json.loads(said.stdout)["requirements"]


@pytest.mark.engine
def test_a_requirement_is_followed_to_who_approved_it_and_drift_is_told(tmp_path):
    one, two = Req(1), Req(2, depends=(1,))
    with lab(tmp_path) as here:
        waiting = here.run([one, two], good(one, two), decide=nobody)
        assert [r["missing"] for r in traced(here)] == [["commit"], ["commit"]]
        here.resume(waiting.run.id, decide=approve)
        here.git("merge", "--ff-only", "-q", waiting.run.run_ref)
        first, second = traced(here, "--strict")
        assert first["complete"]
        assert second["complete"]
        step = first["steps"][0]
        assert (step["status"], step["approvers"], step["files"]) == ("merged", ["you"], [one.path])
        assert step["tests"][0]["shows"] == "demonstrated"
        assert here.git("rev-parse", f"{step['commit']}^{{tree}}")

        (here.repo / one.path).write_text("VALUE = 1  # by hand\n")
        here.git("commit", "-qam", "by hand")
        first, second = traced(here, "--strict", code=1)
        assert [d["path"] for d in first["drift"]] == [one.path]
        assert not second["drift"]
        said = here.cli("trace", str(here.prd))
        assert f"drift: {one.path} has changed since {step['commit'][:12]}" in said.stdout

        first, _ = traced(here, "--strict", "--accurate", "REQ-001")
        assert first["accurate"]["reviewer"] == "you"
        assert first["accurate"]["commit"] == here.git("rev-parse", "HEAD").strip()
        here.prd.write_text(here.prd.read_text().replace("REQ-002: ", "REQ-002: Another "))
        assert [r["text_changed"] for r in traced(here, "--strict", code=1)] == [False, True]

        prose = "# Till\n\n## Features\n\n- The till must show the balance.\n"
        here.prd.write_text(prose)
        assert "PRD062" in here.cli("plan", str(here.prd)).stderr
        other = here.prd.with_name("other.md")
        other.write_text(prose)
        assert "PRD062" not in here.cli("plan", str(other)).stderr


def test_code_without_a_step_is_read_and_signed_and_a_changed_line_counts_for_nothing(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        here.write_job([one], good(one))
        assert traced(here)[0]["missing"] == ["step"]
        assert here.cli("trace", str(here.prd), "--accurate", "REQ-009").returncode == 2
        assert "TRC004" in here.cli("trace", str(here.prd), "--accurate", "REQ-001").stderr
        assert "TRC002" in here.cli("trace", str(here.prd), "--accurate", "REQ-001", "--file", "no.py").stderr
        known = here.git("ls-files").split("\n")[0]
        assert traced(here, "--strict", "--accurate", "REQ-001", "--file", known)[0]["complete"]
        kept = here.prd.parent / NAME
        whole = kept.read_bytes()
        kept.write_bytes(whole.replace(b'"payload":"ey', b'"payload":"ez') + b"no line\n")
        said = here.cli("trace", str(here.prd), "--json")
        assert json.loads(said.stdout)["ignored_lines"] == [1, 2]
        assert json.loads(said.stdout)["requirements"][0]["missing"] == ["step"]
        kept.write_bytes(b"\n" * 10_001)
        assert "TRC001" in here.cli("trace", str(here.prd)).stderr


def test_provisional_ids_are_not_traced(tmp_path):
    with lab(tmp_path) as here:
        here.prd.write_text("# Till\n\n## Features\n\n- The till must show the balance.\n")
        assert "PRD062" in here.cli("trace", str(here.prd)).stderr
