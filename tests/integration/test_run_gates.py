"""What the gates and the acceptance commands say goes back to the agent, so often and no more."""

import json

import pytest
from run_support import FILES, LIMITS, Req, approve, good, lab, nobody, write

from orchestrator.models.decision import SubjectKind

pytestmark = pytest.mark.engine

BAD = 'import subprocess\n\n\ndef run(x):\n    return subprocess.run(x, shell=True)\nVALUE = "{}"\n'


def feedback(here, run):
    """What an agent was told, per attempt that was opened again or lost."""
    with here.project() as project:
        found = [e for _, e in project.index.events(run.id) if "feedback" in e.data]
        return [project.blobs.get(e.data["feedback"]).decode() for e in found]


def test_findings_go_back_and_the_next_attempt_lands(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], {one.id: [[write(one.path, BAD)], *good(one)[one.id]]})
        (told,) = feedback(here, done.run)
        assert done.code == 0
        assert "src/f1.py:5" in told
        assert ("S602" in told, "B602" in told) == (True, True)
        assert here.file(done.run.run_ref, one.path) == "VALUE = 1"


def test_attempts_are_bounded(tmp_path):
    one, two = Req(1), Req(2)
    worse = [[write(one.path, BAD.format(i))] for i in range(5)]
    with lab(tmp_path) as here:
        done = here.run([one, two], {**good(two), one.id: worse})
        assert (done.code, done.statuses) == (3, {"S01": "refused", "S02": "merged"})
        assert sum(k == "agent-started" and s == "S01" for k, s, _ in here.events(done.run.id)) == 3
        assert "S602" in done.whys["S01"]
        assert here.row(done.run.id).status == "refused"
        assert here.git("ls-tree", "-r", "--name-only", done.run.run_ref, "src").split() == ["src/base.py", "src/f2.py"]


def test_an_attempt_that_repeats_an_earlier_tree_ends_the_step(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], {one.id: {"repeat": True, "attempts": [[write(one.path, BAD)]]}})
        assert done.code == 3
        assert sum(k == "agent-started" for k, _, _ in here.events(done.run.id)) == 2
        assert "same tree as an earlier one" in done.whys["S01"]


def test_steps_behind_a_lost_one_are_blocked(tmp_path):
    one, two = Req(1), Req(2, depends=(1,))
    with lab(tmp_path) as here:
        done = here.run([one, two], {one.id: {"repeat": True, "attempts": [[write(one.path, BAD)]]}, **good(two)})
        assert (done.code, done.statuses) == (3, {"S01": "refused", "S02": "blocked"})
        shown = here.cli("show", done.run.id).stdout
        assert "S02   0        pending  Part 2" in shown
        assert "S01   2        refused  Part 1" in shown
        assert "S01 attempt 2 was sent back:\nThe attempt made the same tree as an earlier one." in shown


def test_a_failing_command_sends_the_end_of_its_output_back(tmp_path):
    one = Req(1, where=("src/f1.py", "check.py"), verify=("python3 check.py",))
    check = write("check.py", "import sys\nprint('x' * 9000)\nsys.exit('the end of the story')\n")
    fine = write("check.py", "print('fine')\n")
    with lab(tmp_path) as here:
        done = here.run([one], {one.id: [[*good(one)[one.id][0], check], [fine, *good(one)[one.id][0]]]})
        (told,) = feedback(here, done.run)
        assert done.code == 0
        assert "The command python3 check.py ended with 1 on the change." in told
        assert told.rstrip().endswith("the end of the story")
        assert len(told) < 5000


COMMANDS = {
    "demonstrated": ("grep -q VALUE src/f1.py",),
    "regression": ("grep -q BASE src/base.py",),
    "nothing": (),
}
SAID = {
    "demonstrated": "DEMONSTRATED: fails before, passes after",
    "regression": "REGRESSION: passed before too",
    "nothing": "not demonstrated",
}


def plan_alone(reviews, item):
    (approve if item.kind is SubjectKind.PLAN else nobody)(reviews, item)


@pytest.mark.parametrize("kind", COMMANDS)
def test_what_a_command_shows_is_said_in_review_and_verify(tmp_path, kind):
    one = Req(1, verify=COMMANDS[kind])
    with lab(tmp_path) as here:
        parked = here.run([one], good(one), decide=plan_alone)
        item = parked.asked[-1].id
        shown = here.cli("review", "show", item, "--json")
        assert shown.returncode == 0, shown.stderr
        said = json.dumps(json.loads(shown.stdout)["items"][0])
        words = here.cli("review", "show", item).stdout
        assert SAID[kind] in words
        assert ('"shows": "regression"' in said) == (kind == "regression"), said
        done = here.resume(parked.run.id)
        (commit,) = here.verify(done.run).commits
        assert commit.demonstrated == (kind == "demonstrated")
        branch = done.run.run_ref.removeprefix("refs/heads/")
        line = here.cli("verify", branch, "--base", "main").stdout
        assert ("not demonstrated" in line) == (kind != "demonstrated")


def test_a_command_that_never_ends_ends_the_step_by_its_limit(tmp_path):
    one = Req(1, verify=("sleep 600",))
    with lab(tmp_path, limits=LIMITS.model_copy(update={"wall_seconds": 5})) as here:
        done = here.run([one], good(one))
        assert (done.code, done.statuses) == (7, {"S01": "limit"})
        assert "SBX030" in done.whys["S01"]


def test_a_command_that_never_ended_on_the_base_is_mended_by_the_change(tmp_path):
    one = Req(1, where=("src/loop.py",), verify=("python3 src/loop.py",))
    files = {**FILES, "src/loop.py": "while True:\n    pass\n"}
    with lab(tmp_path, files, limits=LIMITS.model_copy(update={"wall_seconds": 5})) as here:
        done = here.run([one], {one.id: [[write("src/loop.py", "print('ends')\n")]]})
        assert done.code == 0
        assert here.verify(done.run).commits[0].demonstrated


def test_a_command_that_floods_keeps_its_verdict(tmp_path):
    one = Req(1, where=("src/f1.py", "loud.py"), verify=("python3 loud.py",))
    loud = write("loud.py", "for _ in range(200_000):\n    print('x' * 100)\n")
    with lab(tmp_path) as here:
        done = here.run([one], {one.id: [[loud, *good(one)[one.id][0]]]})
        assert done.code == 0
