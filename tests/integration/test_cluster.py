"""Runs advanced by the workers of a cluster: real PostgreSQL, real processes, real sandboxes."""

import json

import pytest
from cluster_support import cluster
from run_support import Req, good

pytestmark = [pytest.mark.slow]


@pytest.mark.engine
def test_a_run_goes_through_a_worker_that_has_no_reviewers_key(tmp_path):
    with cluster(tmp_path, lease_seconds=30) as made:
        here, one = made.here, Req(1)
        here.write_job([one], good(one))
        made.worker(1, "--label", "docker")
        said = here.cli(*here.run_words("--executor", "cluster"), timeout=120)
        assert said.returncode == 4, said.stderr + made.logs()
        (item,) = here.items()
        assert here.cli("review", "approve", str(item["id"])).returncode == 0
        (run,) = here.runs()
        done = here.cli("resume", run.id, "--executor", "cluster", "--json", timeout=120)
        assert done.returncode == 0, done.stderr + made.logs()
        assert json.loads(done.stdout)["runs"][0]["status"] == "done"
        assert len(here.commits(run.run_ref)) == 1
        assert here.file(run.run_ref, one.path) == "VALUE = 1"
        assert here.verify(run).verdict == "VERIFIED"
