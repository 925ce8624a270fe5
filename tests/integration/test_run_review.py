"""What people say, in processes of their own, and what the run makes of it."""

import subprocess
from unittest import mock

import pytest
from run_support import FILES, Req, approve, good, lab, nobody, write

from orchestrator.agents.scripted import ScriptedAgent
from orchestrator.errors import UsageError
from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.profile import RepositoryProfile
from orchestrator.models.verification import Verified
from orchestrator.provenance.signing.keys import generate_key

pytestmark = pytest.mark.engine


def parked(here, reqs, steps, **asked):
    """A run whose plan is approved and whose first change waits."""
    done = here.run(reqs, steps, decide=plan_alone, **asked)
    assert done.code == 4
    return done.run, done.asked[-1]


def plan_alone(reviews, item):
    (approve if item.kind is SubjectKind.PLAN else nobody)(reviews, item)


def saying(verdict, reason, times=1, then=approve, comment=None):
    """Answers changes with ``verdict`` so often, then with ``then``."""
    left = [times]

    def decide(reviews, item):
        if item.kind is SubjectKind.PLAN or left[0] == 0:
            return (approve if item.kind is SubjectKind.PLAN else then)(reviews, item)
        left[0] -= 1
        if comment:
            reviews.comment(item.id, *comment)
        reviews.decide(item.id, verdict, reason=reason)
        return None

    return decide


class Prompts:
    """Listens to what the real agent is told, and lets it do its work."""

    def __enter__(self):
        self.texts, told = [], ScriptedAgent.run

        def listen(agent, task, sandbox, emit):
            self.texts.append(task.prompt)
            return told(agent, task, sandbox, emit)

        self._patch = mock.patch.object(ScriptedAgent, "run", listen)
        self._patch.start()
        return self

    def __exit__(self, *_):
        self._patch.stop()


def test_a_run_parks_and_goes_on_in_other_processes(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        here.write_job([one], good(one))
        began = here.cli(*here.run_words())
        (item,) = here.items()
        assert began.returncode == 4, began.stderr
        assert (
            began.stderr.splitlines()[-1]
            == f"Try: handrail review show {item['id']}, then approve or reject it, then: handrail resume {item['run']}"
        )
        assert here.cli("resume", item["run"]).returncode == 4
        assert here.git("branch", "--list", "handrail/*") == ""
        said = here.cli("review", "approve", item["id"])
        assert (said.returncode, "handrail resume" in said.stderr) == (0, True), said.stderr
        done = here.cli("resume", item["run"])
        assert done.returncode == 0, done.stderr
        assert here.file(f"handrail/{item['run']}", one.path) == "VALUE = 1"
        again = here.cli("resume", item["run"])
        assert (again.returncode, "RUN004" in again.stderr) == (2, True)


def test_a_rejection_with_its_reason_reaches_the_next_attempt(tmp_path):
    one = Req(1)
    steps = {one.id: [*good(one)[one.id], [write(one.path, "VALUE = 2\n")]]}
    with lab(tmp_path) as here:
        with Prompts() as prompts:
            done = here.run([one], steps, decide=saying(Verdict.REJECT, "call it two, please"))
        assert done.code == 0
        assert here.file(done.run.run_ref, one.path) == "VALUE = 2"
        assert [("call it two, please" in text) for text in prompts.texts] == [False, True]


def test_rejections_are_bounded(tmp_path):
    one = Req(1)
    steps = {one.id: [[write(one.path, f"VALUE = {i}\n")] for i in range(5)]}
    with lab(tmp_path) as here:
        done = here.run([one], steps, decide=saying(Verdict.REJECT, "never", times=9))
        assert (done.code, done.statuses) == (5, {"S01": "rejected"})
        assert len(done.asked) == 4
        assert here.git("branch", "--list", "handrail/*") == ""
        assert here.row(done.run.id).status == "rejected"


def test_a_remark_on_a_line_reaches_the_next_attempt(tmp_path):
    one = Req(1)
    steps = {one.id: [*good(one)[one.id], [write(one.path, "VALUE = 3\n")]]}
    decide = saying(Verdict.REQUEST_CHANGES, "see the remark", comment=("a better number", one.path, 1))
    with lab(tmp_path) as here, Prompts() as prompts:
        done = here.run([one], steps, decide=decide)
        assert done.code == 0
        assert "A reviewer says: src/f1.py:1: a better number" in prompts.texts[1]
        assert "A reviewer says: see the remark" in prompts.texts[1]


def test_a_plan_that_is_rejected_ends_the_run(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], good(one), decide=lambda r, i: r.decide(i.id, Verdict.REJECT, reason="another way"))
        assert (done.code, len(done.asked)) == (5, 1)
        assert not any(k.startswith("agent") for k, _, _ in here.events(done.run.id))


def test_a_protected_file_that_the_spec_names_needs_a_person_to_lift_it(tmp_path):
    one = Req(1, where=("pyproject.toml",), verify=("grep -q demo pyproject.toml",))
    with lab(tmp_path) as here:
        run, item = parked(here, [one], {one.id: [[write("pyproject.toml", '[project]\nname = "demo"\n')]]})
        assert len(item.findings) == 1
        bare = here.cli("review", "approve", item.id)
        assert (bare.returncode, "REV002" in bare.stderr) == (2, True), bare.stderr
        lifted = here.cli("review", "approve", item.id, "--lift", item.findings[0][:20])
        assert lifted.returncode == 0, lifted.stderr
        assert here.resume(run.id).code == 0


def test_a_deleted_test_goes_to_a_person_and_not_round_the_agent(tmp_path):
    test = "import unittest\n\n\nclass T(unittest.TestCase):\n    def test_one(self):\n        self.assertEqual(1, 1)\n"
    files = {**FILES, "tests/test_one.py": test}
    one = Req(1, where=("src/f1.py", "tests/test_one.py"))
    profile = RepositoryProfile(languages=("python",), source_roots=("src",), test_roots=("tests",))
    with lab(tmp_path, files, profile=profile) as here:
        run, item = parked(here, [one], {one.id: [[*good(one)[one.id][0], {"delete": "tests/test_one.py"}]]})
        assert len(item.findings) == 1
        assert "TEST-DELETED" in here.cli("review", "show", item.id).stdout
        with here.reviews(run) as reviews, pytest.raises(UsageError, match="REV002"):
            reviews.decide(item.id, Verdict.APPROVE)
        assert here.resume(run.id).code == 0


def test_a_key_that_the_policy_does_not_name_decides_nothing(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        _, item = parked(here, [one], good(one))
        generate_key(here.folder / "other.pem", "stranger")
        said = here.cli("review", "approve", item.id, "--key", str(here.folder / "other.pem"))
        assert (said.returncode, "REV020" in said.stderr) == (2, True)
        missing = here.cli("review", "approve", item.id, "--key", str(here.folder / "none.pem"))
        assert (missing.returncode, "KEY010" in missing.stderr) == (2, True)
        assert [i["id"] for i in here.items()] == [item.id]


def test_of_two_that_resume_at_once_one_wins(tmp_path):
    one, two = Req(1), Req(2, depends=(1,))
    slow = {**good(one), two.id: [[{"sleep": 3}, *good(two)[two.id][0]]]}
    with lab(tmp_path) as here:
        run, item = parked(here, [one, two], slow)
        with here.reviews(run) as reviews:
            approve(reviews, item)
        racers = [here.spawn("resume", run.id) for _ in range(2)]
        ends = [p.communicate(timeout=60)[1] for p in racers]
        assert sorted(p.returncode for p in racers) == [1, 4], ends
        assert sum("RUN002" in words for words in ends) == 1
        assert here.row(run.id).status == "waiting"
        assert here.resume(run.id).code == 0
        assert len(here.commits(run.run_ref)) == 2


def test_all_at_the_end_is_one_question_and_one_landing(tmp_path):
    reqs = [Req(1), Req(2)]
    with lab(tmp_path) as here:
        seen = []

        def decide(reviews, item):
            seen.append((item.kind, here.git("branch", "--list", "handrail/*")))
            approve(reviews, item)

        done = here.run(reqs, good(*reqs), decide=decide, review="end-of-run")
        assert seen == [("plan", ""), ("run", "")]
        assert done.statuses == {"S01": "merged", "S02": "merged"}
        assert len(here.commits(done.run.run_ref)) == 2
        found = here.verify(done.run)
        assert (found.verdict, found.human_approved) == (Verified.VERIFIED, True), found.problems


def test_at_the_end_a_remark_reopens_the_step_whose_file_it_is_on(tmp_path):
    reqs = [Req(1), Req(2), Req(3)]
    steps = {**good(*reqs), "REQ-002": [*good(reqs[1])["REQ-002"], [write("src/f2.py", "VALUE = 22\n")]]}
    answers = iter([Verdict.REQUEST_CHANGES, Verdict.APPROVE])

    def decide(reviews, item):
        if item.kind is SubjectKind.PLAN:
            return approve(reviews, item)
        verdict = next(answers)
        if verdict is not Verdict.APPROVE:
            reviews.comment(item.id, "twenty-two", "src/f2.py", 1)
        reviews.decide(item.id, verdict, reason="one thing")
        return None

    with lab(tmp_path) as here:
        done = here.run(reqs, steps, decide=decide, review="end-of-run")
        assert done.code == 0, done.result
        started = [s for k, s, _ in here.events(done.run.id) if k == "agent-started"]
        assert sorted(started) == ["S01", "S02", "S02", "S03"]
        assert here.file(done.run.run_ref, "src/f2.py") == "VALUE = 22"
        assert len(here.commits(done.run.run_ref)) == 3
        found = here.verify(done.run)
        assert (found.verdict, found.problems) == (Verified.VERIFIED, ())


def test_a_lone_git_commit_does_not_pass_for_an_approval(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], good(one))
        branch = done.run.run_ref.removeprefix("refs/heads/")
        here.git("worktree", "add", "-q", str(here.folder / "wt"), branch)
        argv = [
            "git",
            "-c",
            "user.name=T",
            "-c",
            "user.email=t@example.invalid",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "by hand",
        ]
        subprocess.run(argv, cwd=here.folder / "wt", check=True)
        assert len(here.verify(done.run).unattested) == 1
