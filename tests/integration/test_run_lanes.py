"""The test-first lane, limits by flag, words to a step: what changes how a run works on its steps."""

import json

import pytest
from run_support import Req, lab, nobody, shell, write

from orchestrator.errors import UsageError
from orchestrator.models.found import Result
from orchestrator.models.gate import AcceptanceReport
from orchestrator.models.plan import Plan
from orchestrator.models.profile import RepositoryProfile

pytestmark = pytest.mark.engine

PROFILE = RepositoryProfile(languages=("python",), source_roots=("src",), test_roots=("tests",))
TEST = """import sys, unittest
sys.path.insert(0, "src")
class T(unittest.TestCase):
    def test_it(self):
        import f1
        self.assertEqual(f1.VALUE, 1)
"""
EMPTY = "import unittest\nclass T(unittest.TestCase):\n    def test_it(self):\n        self.assertTrue(True)\n"
VERIFY = ["python3 -m unittest discover -s tests"]
TESTED = Req(1, where=["src/f1.py", "tests/test_f1.py"], verify=VERIFY)
CODE = write("src/f1.py", "VALUE = 1\n")


def test_tests_come_first_are_red_and_then_closed(tmp_path):
    cheat = shell("echo > tests/test_f1.py; true")
    steps = {
        "T01": [[write("tests/test_f1.py", EMPTY)], [write("tests/test_f1.py", TEST)]],
        "S01": [[cheat, CODE]],
    }
    with lab(tmp_path, profile=PROFILE) as here:
        done = here.run([TESTED], steps, workflow="prd-test-first", tester="scripted")
        assert (done.code, done.statuses) == (0, {"T01": "merged", "S01": "merged"})
        assert here.file(done.run.run_ref, "tests/test_f1.py") == TEST.strip()
        first, second = here.commits(done.run.run_ref)
        assert here.git("show", "--format=", "--name-only", first) == "tests/test_f1.py"
        assert here.git("show", "--format=", "--name-only", second) == "src/f1.py"
        with here.project() as project:
            reports = [
                AcceptanceReport.model_validate_json(project.blobs.get(e.data["report"]))
                for _, e in project.index.events(done.run.id)
                if e.kind == "accepted"
            ]
        assert [[r.shows.value for r in report.runs] for report in reports] == [
            ["regression"],
            ["red"],
            ["demonstrated"],
        ]
        assert [r.result for r in reports] == [Result.FAILED, Result.PASSED, Result.PASSED]
        assert here.verify(done.run).verdict.value == "VERIFIED"
        again = here.cli("attest", "--recheck", first, "--recheck", second)
        assert again.returncode == 0, again.stderr


def test_the_lane_refuses_what_it_cannot_split(tmp_path):
    with lab(tmp_path, profile=PROFILE) as here:
        here.write_job([Req(1, where=["tests/test_f1.py"], verify=[])], {"S01": [[CODE]]})
        said = here.cli(*here.run_words("--workflow", "prd-test-first", "--tester", "scripted"))
    assert said.returncode == 6
    assert "PLAN019 S01: nothing says where the code" in said.stderr
    assert "PLAN019 S01: no command" in said.stderr


def test_limits_by_flag_only_lower_the_grant(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], {one.id: [[CODE]]}, limits=("memory_mib=128", "tokens=5", "wall_seconds=9999"))
        with here.project() as project:
            plan = Plan.model_validate_json(project.blobs.get(here.row(done.run.id).plan))
        limits = plan.steps[0].capabilities.limits
        assert (done.code, limits.memory_mib, limits.tokens, limits.wall_seconds) == (0, 128, 5, 60)
        for wrong in ("memory_mib", "memory_mib=much", "memory_mib=1", "gold=1", "tokens=-1", "cost_usd=nan"):
            with pytest.raises(UsageError) as refused:
                here.run([one], {one.id: [[CODE]]}, limits=(wrong,))
            assert refused.value.code == "CFG021", wrong


def test_a_word_to_a_step_is_kept_and_refused_where_nobody_hears_it(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        waiting = here.run([one], {one.id: [[CODE]]}, decide=nobody)
        assert waiting.code == 4
        early = here.cli("steer", waiting.run.id, "S01", "use a constant")
        assert (early.returncode, "No agent works on step S01 now" in early.stderr) == (0, True), early.stderr
        for words, code in ((("S99", "x"), "RUN006"), (("S01", " "), "RUN007"), (("S01", "x" * 9000), "RUN007")):
            said = here.cli("steer", waiting.run.id, *words)
            assert (said.returncode, code in said.stderr) == (2, True), said.stderr
        done = here.resume(waiting.run.id)
        assert done.code == 0
        kinds = [kind for kind, _, _ in here.events(done.run.id)]
        assert kinds.count("steered") == 1
        assert here.cli("steer", done.run.id, "S01", "late").returncode == 2


def test_preferences_come_from_the_nearest_source(tmp_path):
    with lab(tmp_path) as here:
        here.write_job([Req(1)], {Req(1).id: [[CODE]]})
        config = tmp_path / "config" / "handrail"
        config.mkdir(parents=True, exist_ok=True)
        (config / "preferences.yaml").write_text("agent: scripted\nmax_parallel: 3\nreview: end-of-run\n")
        words = ["run", str(here.prd), "--script", str(here.script), "--explain-config", "--max-parallel", "5"]
        said = here.cli(*words, HANDRAIL_REVIEW="each-step")
        rows = {line.split()[0]: line.split()[1:] for line in said.stdout.splitlines()}
        assert said.returncode == 0, said.stderr
        assert rows["agent"] == ["scripted", str(config / "preferences.yaml")]
        assert rows["max_parallel"] == ["5", "flag"]
        assert rows["review"] == ["each-step", "HANDRAIL_REVIEW"]
        assert rows["runtime"] == ["default"]
        assert here.cli("runs", "--json").stdout.count('"id"') == 0
        assert here.cli(*words, HANDRAIL_MAX_PARALLEL="many").returncode == 2
        (config / "preferences.yaml").write_text("agent: scripted\nkey: /etc/passwd\n")
        wrong = here.cli(*words)
        assert wrong.returncode == 2
        assert "preferences.yaml:2:6 CFG020 key" in wrong.stderr


def test_without_an_agent_a_run_says_what_is_there(tmp_path):
    with lab(tmp_path) as here:
        here.write_job([Req(1)], {Req(1).id: [[CODE]]})
        said = here.cli("run", str(here.prd), "--script", str(here.script), "--json")
        assert said.returncode == 2
        assert json.loads(said.stdout)["code"] == "AGT006"
        assert "handrail agent add" in said.stderr
        spelled = here.cli("run", str(here.prd), "--agent", "scripted", "--script", str(here.script), "--model", "a/b")
        assert (spelled.returncode, "AGT027" in spelled.stderr) == (2, True)
