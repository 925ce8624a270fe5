"""Joining a cluster, and what is said where that cannot be."""

import json
import os
import signal
import subprocess
import sys

import pytest
from cluster_support import cluster
from run_support import Req, good, lab

pytestmark = [pytest.mark.slow]


def test_what_keeps_a_machine_from_a_cluster_is_said_with_its_code(tmp_path):
    with lab(tmp_path) as here:
        file = tmp_path / "cluster.yaml"
        good_one = {"schema": "handrail.cluster/1", "database": "postgresql://x@127.0.0.1:1/x", "shared": str(tmp_path)}

        def said(*words, **more):
            file.write_text(json.dumps({**good_one, **more}))
            done = here.cli(*words, HANDRAIL_CLUSTER=str(file))
            assert done.returncode in {1, 2}, done.stderr
            return done.stderr

        assert "CLU005" in here.cli("worker").stderr
        assert "CLU005" in here.cli("db", "upgrade").stderr
        assert "CLU005" in here.cli("worker", "status").stderr
        assert "CLU001" in here.cli("runs", HANDRAIL_CLUSTER=str(tmp_path / "none")).stderr
        assert "CLU001" in said("runs")
        file.chmod(0o600)
        assert "STORE041" in said("runs")
        assert "CLU003" in said("runs", database="no words")
        for wrong in ({"shared": "here"}, {"lease_seconds": 0}, {"colour": "red"}, {"database": ""}):
            assert "CLU002" in said("runs", **wrong)
        assert "x@127" not in said("runs", lease_seconds=0)


def test_an_installation_without_the_extra_says_what_it_lacks(tmp_path):
    program = "import sys; sys.modules['psycopg'] = None; from orchestrator.cli.main import main; main()"
    env = {**os.environ, "HANDRAIL_CLUSTER": str(tmp_path / "cluster.yaml")}
    for words in (["db", "upgrade"], ["worker"], ["worker", "status"]):
        done = subprocess.run(
            [sys.executable, "-c", program, *words], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (
            2,
            "CLU004 This installation cannot work in a cluster.\nTry: pip install 'handrail[cluster]'\n",
        )


def test_a_worker_serves_what_it_has_and_signs_with_no_key_that_decides(tmp_path):
    with cluster(tmp_path, people={"cleo": ("clerk",)}) as made:
        here, one = made.here, Req(1)
        worker = made.env(1)
        refused = here.cli("worker", "--key", str(here.key), **worker)
        assert (refused.returncode, "CLU009" in refused.stderr) == (2, True), refused.stderr
        assert "CLU009" in here.cli("worker", "--key", str(tmp_path / "cleo.pem"), **worker).stderr
        assert "CLU007" in here.cli("worker", "--label", "-x", **worker).stderr
        many = [word for n in range(7) for word in ("--label", f"l{n}")]
        assert "CLU007" in here.cli("worker", *many, **worker).stderr
        here.write_job([one], good(one))
        sent = here.spawn(*here.run_words("--executor", "cluster", "--needs", "gpu"))
        made.worker(1, "--label", "docker")

        def status():
            return json.loads(here.cli("worker", "status", "--json").stdout)

        made.until(lambda: status()["workers"] and status()["queues"], "a worker and a job that is not for it")
        (queue,), (alive,) = status()["queues"], status()["workers"]
        assert (queue["needs"], queue["waiting"], queue["served"]) == (["docker", "gpu"], 1, False)
        assert (alive["alive"], alive["serves"][1:]) == (True, ["docker"])
        assert "NO" in here.cli("worker", "status").stdout
        sent.send_signal(signal.SIGINT)
        _, err = sent.communicate(timeout=60)
        assert sent.returncode == 130, err
        assert status()["queues"] == []
        assert here.runs()[0].status == "running"
        assert "CLU006" in here.cli("review", "push", here.runs()[0].id).stderr


def test_a_worker_whose_key_was_taken_out_of_the_policy_does_no_more(tmp_path):
    with cluster(tmp_path, workers=2) as made:
        here, one = made.here, Req(1)
        first = made.worker(1, "--label", "docker")
        made.until(lambda: "Serves" in made.log(1), "the first worker")
        gone = here.cli("policy", "change", "--remove", "w1", "--commit")
        assert gone.returncode == 0, gone.stderr
        digest = json.loads(here.cli("trust", "--json").stdout)["digest"]
        for env in ({}, made.env(1), made.env(2)):
            assert here.cli("trust", digest, **env).returncode == 0
        here.write_job([one], good(one))
        sent = here.spawn(*here.run_words("--executor", "cluster"))
        assert first.wait(60) == 0
        assert "This worker ends" in made.log(1)
        made.worker(2, "--label", "docker")
        _, err = sent.communicate(timeout=120)
        assert (sent.returncode, "waits for a reviewer" in err) == (4, True), (err, made.logs())
        again = here.cli("worker", "--label", "docker", **{**made.env(1), "HANDRAIL_CLUSTER": made.file("worker")})
        assert (again.returncode, "CLU009" in again.stderr) == (2, True), again.stderr
