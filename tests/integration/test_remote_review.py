"""A review travels through the team's git remote: three clones, three keys, and a runner whose disk is lost."""

import pytest
from remote_support import ONE, begin, team

pytestmark = pytest.mark.engine


def test_a_plan_and_a_change_are_decided_elsewhere_and_a_lost_runner_goes_on_from_the_remote_alone(tmp_path):
    with team(tmp_path) as seats:
        runner, pam, ann, bob = seats["you"], seats["pam"], seats["ann"], seats["bob"]
        run = begin(runner)
        assert [i["mine"] for i in ann.inbox("--all")["items"]] == [False]
        pam.decide("approve", pam.mine())
        said = ann.handrail("resume", run, code=2).stderr
        assert "REM024" in said
        runner.handrail("resume", run, code=4)
        runner.handrail("review", "push", run)
        item = ann.mine()
        assert item == bob.mine()
        shown = ann.handrail("review", "show", item).stdout
        assert "VALUE = 1" in shown
        ann.decide("approve", item)
        again = runner.wiped("fresh")
        again.handrail("resume", run, "--remote", "origin", code=4)
        assert bob.mine() == item
        bob.decide("approve", item)
        again.handrail("resume", run)
        assert "VALUE = 1" in again.git("show", f"handrail/{run}:{ONE.path}")
        again.handrail("review", "push", run)
        assert "VERIFIED" in again.handrail("merge", run, "--json").stdout
        again.git("push", "-q", "origin", f"handrail/{run}:main")
        bob.git("pull", "-q")
        found = bob.json("verify", "--base", "HEAD~1", "--allow-self-asserted")
        assert found["verdict"] == "VERIFIED", found
