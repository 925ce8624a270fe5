"""A review travels through the team's git remote: three clones, three keys, and a runner whose disk is lost."""

import shutil

import pytest
from remote_support import ONE, begin, team

pytestmark = pytest.mark.engine

GH = """#!/bin/sh
printf '%s\\n' "$@" > {folder}/asked
cat > {folder}/body
printf 'https://forge.example/1\\033[31m\\n'
"""


def requested(seat, run, folder):
    """A pull request by a stand-in for ``gh``, which is somebody else's program: what it is asked, and without any."""
    tools = folder / "tools"
    tools.mkdir()
    (tools / "git").symlink_to(shutil.which("git"))
    assert "PRQ001" in seat.handrail("merge", run, "--pr", code=2, PATH=str(tools)).stderr
    (tools / "gh").write_text(GH.format(folder=folder))
    (tools / "gh").chmod(0o755)
    path = f"{tools}:/usr/bin:/bin"
    said = seat.json("merge", run, "--pr", PATH=path)
    assert (said["move"], said["message"]) == ("requested", "https://forge.example/1\\x1b[31m")
    asked, body = (folder / "asked").read_text().splitlines(), (folder / "body").read_text()
    assert asked[:6] == ["pr", "create", "--head", f"handrail/{run}", "--base", "main"]
    assert "VERIFIED" in body
    assert "handrail verify --base" in body
    assert "handrail-evidence/" in body
    (tools / "gh").write_text("#!/bin/sh\necho 'already there' >&2; exit 3\n")
    refused = seat.handrail("merge", run, "--pr", code=1, PATH=path).stderr
    assert "PRQ002" in refused
    assert "already there" in refused


def test_a_whole_batch_is_sent_decided_elsewhere_and_gone_on_with(tmp_path):
    with team(tmp_path, people={"ann": ["reviewer", "product"]}) as seats:
        runner, ann = seats["you"], seats["ann"]
        other = runner.home / "other.md"
        other.write_text((runner.home / "prd.md").read_text().replace("# Parts", "# Other"))
        words = ["run", runner.home / "prd.md", other, "--agent", "scripted", "--script", runner.home / "script.yaml"]
        batch = runner.json(*words, code=4)["batch"]
        sent = runner.json("review", "push", batch)["runs"]
        assert [(bool(one["refs"]), one["problem"]) for one in sent] == [(True, ""), (True, "")]
        for item in [i for i in ann.inbox()["items"] if i["mine"]]:
            ann.handrail("review", "approve", item["id"])
            ann.handrail("review", "push", item["run"])
        unasked = runner.json("resume", batch, "--offline", code=4)["runs"]
        assert {row["message"] for row in unasked} == {
            "waits for a reviewer: Plan for Parts",
            "waits for a reviewer: Plan for Other",
        }
        went = runner.json("resume", batch, code=4)["runs"]
        assert {row["message"] for row in went} == {"waits for a reviewer: Part 1"}
        runner.git("remote", "remove", "origin")
        lost = runner.json("review", "push", batch, code=2)["runs"]
        assert [one["problem"].split()[0] for one in lost] == ["REM001", "REM001"]


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
        requested(again, run, tmp_path)
        assert again.json("merge", run, "--push")["verdict"] == "VERIFIED"
        bob.git("push", "-q", "origin", "HEAD:refs/heads/taken")
        assert again.json("merge", run, "--push", "--into", "taken")["move"] == "pushed"
        bob.git("commit", "-q", "--allow-empty", "-m", "apart")
        bob.git("push", "-q", "origin", "HEAD:refs/heads/apart")
        assert "REM003" in again.handrail("merge", run, "--push", "--into", "apart", code=2).stderr
        bob.git("reset", "-q", "--hard", "HEAD~1")
        bob.git("pull", "-q")
        found = bob.json("verify", "--base", "HEAD~1", "--allow-self-asserted")
        assert found["verdict"] == "VERIFIED", found
