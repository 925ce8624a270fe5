"""Integrate, then judge: parallel work, a line that moves, and the user's own branch."""

import subprocess

import pytest
from run_support import FILES, Req, approve, good, lab, nobody, write
from test_run_review import Prompts, parked

from orchestrator.app.landing.merging import merge
from orchestrator.errors import RepositoryError, UsageError
from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.verification import Verified

pytestmark = pytest.mark.engine


def elsewhere(here, *argv):
    who = ["-c", "user.name=T", "-c", "user.email=t@example.invalid"]
    subprocess.run(["git", *who, *argv], cwd=here.folder / "wt", check=True, capture_output=True)


def by_hand(here, branch, path, text, start="main"):
    """A commit on a branch by somebody else, in a worktree of his own that he leaves again."""
    known = here.git("branch", "--list", branch)
    here.git(
        "worktree",
        "add",
        "-q",
        *([] if known else ["-b", branch]),
        str(here.folder / "wt"),
        *([branch] if known else [start]),
    )
    (here.folder / "wt" / path).write_text(text)
    elsewhere(here, "add", "-A")
    elsewhere(here, "commit", "-qm", "By hand")
    here.git("worktree", "remove", "--force", str(here.folder / "wt"))
    return here.git("rev-parse", branch)


def test_two_that_edit_the_same_lines_do_not_overwrite_each_other(tmp_path):
    reqs = [Req(n, where=("src/base.py",), verify=(f"grep -q V{n} src/base.py",)) for n in (1, 2)]
    first = [write("src/base.py", "V1 = 1\n")]
    steps = {
        "REQ-001": [first],
        "REQ-002": [[write("src/base.py", "V2 = 2\n")], [write("src/base.py", "V1 = 1\nV2 = 2\n")]],
    }
    with lab(tmp_path) as here, Prompts() as prompts:
        done = here.run(reqs, steps)
        assert done.code == 0, done.result
        assert here.file(done.run.run_ref, "src/base.py") == "V1 = 1\nV2 = 2"
        assert "src/base.py" in prompts.texts[-1].split("REQ-002")[-1]
        assert here.events(done.run.id).count(("step-retry", "S02", 1)) == 1


def test_edits_of_different_files_are_judged_together_on_the_new_tip(tmp_path):
    """Each passes alone; together the second fails, and only the run that judges on the tip can see it."""
    reqs = [
        Req(1, where=("src/base.py",), verify=("grep -q TWO src/base.py",)),
        Req(2, verify=("sh -c 'cd src && python3 f2.py'",)),
    ]
    uses = "import base\nVALUE = base.BASE\n"
    adapted = "import base\nVALUE = base.TWO\n"
    steps = {
        "REQ-001": [[write("src/base.py", "TWO = 2\n")]],
        "REQ-002": [[write("src/f2.py", uses)], [write("src/f2.py", adapted)]],
    }
    with lab(tmp_path) as here:
        done = here.run(reqs, steps)
        assert done.code == 0, done.result
        assert here.events(done.run.id).count(("step-retry", "S02", 1)) == 1
        assert here.file(done.run.run_ref, "src/f2.py") == adapted.strip()


def test_an_approval_does_not_outlive_the_tip_it_named(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        run, item = parked(here, [one], good(one))
        with here.reviews(run) as reviews:
            approve(reviews, item)
        theirs = by_hand(here, f"handrail/{run.id}", "other.txt", "theirs\n", start=run.base_commit)
        waiting = here.resume(run.id, decide=nobody)
        assert waiting.code == 4
        (again,) = waiting.asked
        assert (again.id != item.id, again.change.tip, again.change.tree != item.change.tree) == (True, theirs, True)
        assert here.git("rev-parse", run.run_ref) == theirs
        done = here.resume(run.id)
        assert done.code == 0
        assert here.git("rev-parse", f"{run.run_ref}^") == theirs
        assert here.file(run.run_ref, "other.txt") == "theirs"


def test_a_decision_on_an_outdated_item_is_refused(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        run, item = parked(here, [one], good(one))
        by_hand(here, f"handrail/{run.id}", "other.txt", "theirs\n", start=run.base_commit)
        with here.reviews(run) as reviews, pytest.raises(UsageError, match="REV007"):
            reviews.decide(item.id, Verdict.APPROVE)
        waiting = here.resume(run.id, decide=nobody)
        assert [i["id"] for i in here.items()] == [waiting.asked[0].id]
        assert item.id != waiting.asked[0].id
        assert "outdated" in here.cli("review", "show", item.id).stdout
        assert here.resume(run.id).code == 0


def test_the_end_of_run_line_that_somebody_moved_is_not_taken_over(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:

        def decide(reviews, item):
            approve(reviews, item)
            if item.kind is SubjectKind.RUN:
                by_hand(here, f"handrail/{item.run}", "other.txt", "theirs\n")

        done = here.run([one], good(one), decide=decide, review="end-of-run")
        assert done.code == 1
        assert here.git("log", "-1", "--format=%s", done.run.run_ref) == "By hand"
        assert here.row(done.run.id).status == "failed"


def test_the_end_of_run_question_is_not_asked_of_a_line_that_moved(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        run, item = parked(here, [one], good(one), review="end-of-run")
        by_hand(here, f"handrail/{run.id}", "other.txt", "theirs\n")
        done = here.resume(run.id)
        assert (done.code, done.asked, item.kind) == (1, [], "run")
        assert here.git("log", "-1", "--format=%s", run.run_ref) == "By hand"


def test_a_target_that_is_checked_out_is_not_moved(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], good(one))
        before = here.git("rev-parse", "main")
        (here.repo / "src/base.py").write_text("BASE = 2\n")
        said = here.cli("merge", done.run.id)
        branch = done.run.run_ref.removeprefix("refs/heads/")
        assert (said.returncode, f"git merge --ff-only {branch}" in said.stdout) == (0, True), said.stderr
        assert here.git("rev-parse", "main") == before
        here.git("commit", "-qam", "My own work")
        assert here.git("show", "--stat", "--format=", "HEAD").split()[0] == "src/base.py"
        with here.project() as project, pytest.raises(RepositoryError, match="REPO030") as refused:
            merge(project, done.run)
        assert refused.value.hint


def test_the_command_that_is_printed_takes_the_change_and_the_next_commit_keeps_it(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], good(one))
        with here.project() as project:
            told = merge(project, done.run)
        here.git(*told["message"].rpartition("type there: git ")[2].split())
        (here.repo / "src/base.py").write_text("BASE = 2\n")
        here.git("commit", "-qam", "My own work")
        assert here.file("main", one.path) == "VALUE = 1"
        assert here.git("status", "--porcelain") == ""


def test_a_target_that_nobody_has_checked_out_moves(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        here.git("branch", "release")
        done = here.run([one], good(one), target="release")
        with here.project() as project:
            told = merge(project, done.run)
            again = merge(project, done.run)
        assert (told["move"], told["verdict"], again["move"]) == ("fast-forward", Verified.VERIFIED, "already-there")
        assert here.git("rev-parse", "release") == here.git("rev-parse", done.run.run_ref)
        assert here.git("status", "--porcelain") == ""


def test_nothing_is_merged_from_a_run_that_has_landed_nothing(tmp_path):
    one = Req(1)
    with lab(tmp_path, {**FILES}) as here:
        run, _ = parked(here, [one], good(one))
        with here.project() as project, pytest.raises(UsageError, match="RUN006"):
            merge(project, run)
