"""From a PRD to a verified branch, on real git, Docker, gates and signatures."""

import os
import subprocess
import time

import pytest
from run_support import Req, approve, good, lab, write

from orchestrator.models.verification import Verified

pytestmark = pytest.mark.engine


def test_a_prd_becomes_verified_commits(tmp_path):
    one, two = Req(1), Req(2)
    with lab(tmp_path) as here:
        done = here.run([one, two], good(one, two))
        commits = here.commits(done.run.run_ref)
        assert (done.code, done.statuses) == (0, {"S01": "merged", "S02": "merged"})
        assert [i.kind for i in done.asked] == ["plan", "change", "change"]
        assert [len(here.git("log", "-1", "--format=%P", c).split()) for c in commits] == [1, 1]
        assert here.file(done.run.run_ref, "src/f2.py") == "VALUE = 2"
        message = here.git("log", "-1", "--format=%B", commits[0])
        for trailer in ("Handrail-Change: sha256:", "Requirement: parts/REQ-001", "Assisted-by: scripted/"):
            assert f"\n{trailer}" in message
        found = here.verify(done.run)
        assert (found.verdict, found.human_approved, found.problems) == (Verified.VERIFIED, True, ())
        assert [c.demonstrated for c in found.commits] == [True, True]
        assert len(here.git("branch", "--list", "handrail-evidence/*").split()) == 1
        assert here.row(done.run.id).status == "done"


def test_the_container_of_the_acceptance_is_made_while_the_agent_works(tmp_path):
    one = Req(1, verify=("python3 -m compileall src",))
    began = time.time()
    with lab(tmp_path) as here:
        done = here.run([one], {one.id: [[{"sleep": 1}, *good(one)[one.id][0]]]})
        assert done.code == 0
    mine = ("type=container", "event=create", f"label=dev.handrail.pid={os.getpid()}", "label=dev.handrail.key=pool")
    filters = [word for one in mine for word in ("--filter", one)]
    asked = ["docker", "events", "--since", f"{began:.3f}", "--until", f"{time.time():.3f}", *filters]
    made = subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()
    assert len(made) == 1


def test_evidence_is_exported_and_verifies_alone(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], good(one))
        bundle = here.folder / "evidence.intoto.jsonl"
        exported = here.cli("evidence", "export", "-o", str(bundle))
        assert exported.returncode == 0, exported.stderr
        branch = done.run.run_ref.removeprefix("refs/heads/")
        here.git("branch", "-D", here.git("branch", "--list", "handrail-evidence/*"))
        without = here.cli("verify", branch, "--base", "main")
        assert "unattested" in without.stdout
        alone = here.cli("verify", branch, "--base", "main", "--bundle", str(bundle))
        assert here.cli("verify", str(bundle)).stdout == here.cli("verify", "--bundle", str(bundle)).stdout != ""
        assert (alone.returncode, alone.stdout.splitlines()[0]) == (0, "VERIFIED"), alone.stdout


def test_a_key_that_is_no_persons_is_told_first(tmp_path):
    one = Req(1)
    with lab(tmp_path, human=False) as here:
        done = here.run([one], good(one))
        assert here.verify(done.run).verdict is Verified.WITHOUT_HUMAN


def test_steps_wait_for_what_they_depend_on(tmp_path):
    one, two = Req(1, depends=(2,)), Req(2)
    steps = {**good(two), one.id: [[{"run": ["cp", "src/f2.py", "src/f1.py"]}]]}
    with lab(tmp_path) as here:
        done = here.run([one, two], steps)
        assert done.code == 0
        assert here.file(done.run.run_ref, "src/f1.py") == "VALUE = 2"


def _work(here, run):
    """Per agent node, its events in order: (kind, step)."""
    return [(k, s) for k, s, _ in here.events(run.id) if k in {"agent-started", "agent-finished"}]


def test_independent_steps_work_side_by_side_unless_told_otherwise(tmp_path):
    reqs = [Req(1), Req(2)]
    slow = {r.id: [[{"sleep": 1}, write(r.path, f"VALUE = {r.number}\n")]] for r in reqs}
    with lab(tmp_path) as here:
        together = _work(here, here.run(reqs, slow).run)
        apart = _work(here, here.run(reqs, slow, max_parallel=1).run)
    assert [k for k, _ in together] == ["agent-started", "agent-started", "agent-finished", "agent-finished"]
    assert [k for k, _ in apart] == ["agent-started", "agent-finished"] * 2


def test_a_step_whose_paths_nobody_named_runs_alone(tmp_path):
    reqs = [Req(1, named=False), Req(2)]
    with lab(tmp_path) as here:
        done = here.run(reqs, good(*reqs), decide=approve)
        assert done.code == 0
        assert [k for k, _ in _work(here, done.run)] == ["agent-started", "agent-finished"] * 2
