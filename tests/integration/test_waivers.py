"""A waiver from the approval that signs it to its end, and what the signed decision lifts and does not lift."""

import json
import time
from datetime import timedelta

import pytest
from run_support import Req, lab, write

from orchestrator.app.clock import SystemClock
from orchestrator.models.decision import SubjectKind, Verdict

pytestmark = pytest.mark.engine

GUESSED = 'VALUE = 1\nPASSWORD = "correct-horse-9"\n'
SECONDS = 2


def waived(reviews, item):
    """Approves as a person would; what only a person may lift gets a waiver that ends very soon."""
    until = SystemClock().now() + timedelta(seconds=SECONDS)
    view = reviews.view(item.id)
    for finding in item.findings if item.kind is SubjectKind.CHANGE else ():
        reviews.marks.waive(view, finding, reason="a made-up word", owner="ben", expires=until)
    reviews.decide(item.id, Verdict.APPROVE, lifts=item.findings)


def rows(here, rev, code):
    said = here.cli("waivers", "--at", rev, "--json")
    assert said.returncode == code, said.stderr
    return {row["rule"]: row for row in json.loads(said.stdout)["waivers"]}


def decisions(here, run):
    """The lines of the decisions on the change of a run."""
    with here.project() as project:
        (item,) = [item for item, _ in project.index.items_of(run.id) if item.kind is SubjectKind.CHANGE]
    return here.cli("review", "decisions", item.id).stdout.encode().splitlines(keepends=True)


def write_lines(folder, lines):
    path = folder / "decisions.jsonl"
    path.write_bytes(b"".join(lines))
    return str(path)


def test_a_waiver_is_listed_and_when_it_has_ended_a_person_is_asked_again(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], {one.id: [[write(one.path, GUESSED)]]}, decide=waived)
        assert done.code == 0
        ref = done.run.run_ref
        time.sleep(SECONDS)
        row = rows(here, ref, 4)["B105"]
        assert (row["state"], row["reason"], row["owner"], row["path"]) == (
            "overdue",
            "a made-up word",
            "ben",
            one.path,
        )
        assert (row["approver"], row["run"]) == ("you", done.run.id)

        lines = decisions(here, done.run)
        asked = ["gate", "--base", done.run.base_commit, "--gate", "ruff", "--gate", "bandit", "--decisions"]
        lifted = here.cli(*asked, write_lines(tmp_path, lines), "--head", ref, "--json")
        assert lifted.returncode == 0, lifted.stdout + lifted.stderr
        assert len(json.loads(lifted.stdout)["lifted"]) == 2
        forged = here.cli(*asked, write_lines(tmp_path, [lines[0].replace(b'"sig":"', b'"sig":"AA')]), "--head", ref)
        assert forged.returncode == 9, forged.stderr

        here.git("checkout", "-q", "-b", "later", ref)
        here.git("mv", one.path, "src/moved.py")
        here.git("commit", "-q", "-m", "move it")
        elsewhere = here.cli(*asked, write_lines(tmp_path, lines), "--head", "later")
        assert elsewhere.returncode == 4, elsewhere.stderr
        judged = here.cli("gate", "--policy", "--base", ref, "--head", "later", "--json")
        found = {(f["rule"], f["path"], f["disposition"]) for f in json.loads(judged.stdout)["findings"]}
        assert judged.returncode == 4, judged.stderr
        assert ("WAIVER-ENDED", "src/moved.py", "person") in found

        (here.repo / "src/moved.py").write_text("VALUE = 1\n")
        here.git("commit", "-q", "-a", "-m", "mend it")
        assert rows(here, "later", 0)["B105"]["state"] == "gone"
        told = json.loads(here.cli("report", done.run.id, "--json").stdout)
        assert [w["owner"] for s in told["steps"] for d in s["decisions"] for w in d["waivers"]][:1] == ["ben"]
