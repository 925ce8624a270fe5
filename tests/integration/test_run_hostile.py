"""Agents that do their worst through a whole run: a clear end, nothing lost, the host untouched."""

import subprocess
import time

import pytest
from run_support import FILES, LIMITS, Req, containers, good, lab, shell, write

pytestmark = pytest.mark.engine


def intact(here, before):
    """The user's repository and work tree are as they were."""
    assert here.git("rev-parse", "main") == before
    assert here.git("status", "--porcelain") == ""
    assert {p: (here.repo / p).read_text() for p in FILES} == FILES
    assert here.git("fsck", "--no-dangling") == ""


def attack(here, *actions, reqs=None, **asked):
    """One step that does this, and then nothing but what is asked for."""
    one = (reqs or [Req(1)])[0]
    before = here.git("rev-parse", "main")
    done = here.run(reqs or [one], {one.id: {"repeat": True, "attempts": [[*actions]]}}, **asked)
    intact(here, before)
    assert containers(done.run.id) == []
    return done


def paths(here, done):
    return here.git("ls-tree", "-r", "--name-only", done.run.run_ref).split()


def test_one_that_never_ends(tmp_path):
    with lab(tmp_path, limits=LIMITS.model_copy(update={"wall_seconds": 3})) as here:
        began = time.monotonic()
        done = attack(here, {"sleep": 600})
        assert (done.code, done.statuses) == (7, {"S01": "limit"})
        assert time.monotonic() - began < 15
        assert here.row(done.run.id).status == "limit"


def test_one_that_floods_its_output(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        flood = shell("head -c 50000000 /dev/zero | tr '\\0' 'x' > /proc/$PPID/fd/1")
        assert attack(here, flood, *good(one)[one.id][0]).code in {0, 3}


def test_one_that_fills_the_disk(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = attack(here, *good(one)[one.id][0], shell("cat /dev/zero > src/f1.py; cat /dev/zero > /tmp/x"))
        assert done.code == 3
        assert done.whys["S01"]


def test_one_that_eats_all_memory(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        hungry = shell("python3 -c 'a = []\nwhile True: a.append(bytearray(1 << 20))'")
        done = attack(here, hungry, *good(one)[one.id][0])
        assert done.code == 0


def test_one_that_deletes_everything(tmp_path):
    one = Req(1, where=("src/**", "README.md"), verify=("true",))
    with lab(tmp_path) as here:
        done = attack(here, shell("rm -rf /work/* /work/.[a-z]* 2>/dev/null"), reqs=[one])
        assert done.code in {0, 3}
        if done.code == 0:
            kept = set(paths(here, done))
            assert ".handrail/profile.yaml" in kept
        assert here.file("main", "src/base.py") == "BASE = 1"


def test_one_whose_links_lead_out(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("canary")
    with lab(tmp_path) as here:
        done = attack(here, shell(f"ln -s {secret} src/f1.py; ln -s /etc/passwd src/f2.py; ln -s ../../../etc src/f3"))
        assert done.code == 3
        assert "canary" not in here.git("log", "--all", "-p")
        assert secret.read_text() == "canary"


@pytest.mark.parametrize(
    "place", [".git/hooks/post-checkout", "src/.git/config", "src/.GIT/config", "src/git~1/config"]
)
def test_one_that_writes_git_folders(tmp_path, place):
    one = Req(1, where=("**",))
    with lab(tmp_path) as here:
        evil = write(place, "#!/bin/sh\ntouch /tmp/handrail-pwned\n", mode="0755")
        done = attack(here, evil, *good(one)[one.id][0], reqs=[one])
        if done.code == 0:
            assert not any(".git/" in p.lower() or "git~1" in p for p in paths(here, done))
        else:
            assert (done.code, "git" in done.whys["S01"].lower()) == (3, True)
        hooks = [p for p in (here.repo / ".git/hooks").iterdir() if not p.name.endswith(".sample")]
        assert hooks == []


def test_one_that_changes_nothing(tmp_path):
    with lab(tmp_path) as here:
        done = attack(here, {"say": "all done, believe me"})
        assert (done.code, done.statuses) == (3, {"S01": "refused"})
        assert "changed nothing" in done.whys["S01"]


def test_one_that_reaches_beyond_its_grant(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = attack(
            here,
            *good(one)[one.id][0],
            write("src/base.py", "BASE = 0\n"),
            shell("echo x >> README.md; mv src/base.py src/b2.py"),
        )
        assert done.code == 0
        assert here.git("diff", "--name-only", "main", done.run.run_ref) == one.path


@pytest.mark.parametrize(
    "path", ["src/conftest.py", ".github/workflows/ci.yml", "src/AGENTS.md", ".handrail/policy/0002.json"]
)
def test_one_that_makes_protected_files(tmp_path, path):
    one = Req(1, where=("**",))
    with lab(tmp_path) as here:
        done = attack(here, write(path, "x = 1\n"), *good(one)[one.id][0], reqs=[one])
        assert done.code == 0
        assert here.git("diff", "--name-only", "main", done.run.run_ref) == one.path


def test_one_that_leaves_daemons(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        fork = shell("for i in 1 2 3 4 5; do setsid sh -c 'sleep 987; echo late >> src/f1.py' >/dev/null 2>&1 & done")
        done = attack(here, fork, *good(one)[one.id][0])
        assert done.code == 0
        assert here.file(done.run.run_ref, one.path) == "VALUE = 1"
        assert subprocess.run(["pgrep", "-f", "sleep 987"], check=False, capture_output=True).stdout == b""


def test_one_that_forks_without_end(tmp_path):
    with lab(tmp_path, limits=LIMITS.model_copy(update={"wall_seconds": 6})) as here:
        done = attack(here, shell("f() { f | f & }; f; sleep 60"))
        assert done.code in {3, 7}


def test_one_that_kills_what_it_can(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        done = attack(here, shell("kill -9 -1; kill -9 1"), *good(one)[one.id][0])
        assert done.code in {0, 3}
