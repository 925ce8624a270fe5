"""``kill -9`` at any moment: nothing is merged twice, no approval is lost, nothing is left behind."""

import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from run_support import Req, containers, gone, good, lab, write

from orchestrator.models.base import RunId

pytestmark = pytest.mark.engine

REQS = [Req(1), Req(2), Req(3, depends=(1, 2))]
TREE = {"src/f1.py": "VALUE = 1", "src/f2.py": "VALUE = 2", "src/f3.py": "VALUE = 3"}


def process(here, *words, **env):
    argv = [sys.executable, str(Path(__file__).with_name("run_process.py")), str(here.repo), *words]
    return subprocess.Popen(
        argv,
        env={**here.env, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def begin(here):
    """A new run in a process of its own, recorded but hardly begun."""
    here.write_job(REQS, good(*REQS))
    running = process(here, "new", str(here.prd), str(here.script))
    run = running.stdout.readline().strip()
    assert run, running.communicate()[1]
    return running, RunId(run)


KILLED = set()
"""Sessions; each process here leads its own."""


def kill(running):
    KILLED.add(running.pid)
    running.send_signal(signal.SIGKILL)
    running.communicate()


def finish(here, run):
    if here.row(run).status == "done":
        return
    last = process(here, run)
    _, words = last.communicate(timeout=120)
    assert last.returncode == 0, words


def leftovers():
    """Processes of sessions whose leader was killed, after a moment to notice it; what is dead but unreaped is none."""
    until = time.monotonic() + 3
    while found := [words for words in map(_of_the_killed, Path("/proc").glob("[0-9]*")) if words]:
        if time.monotonic() > until:
            break
        time.sleep(0.1)
    return found


def _of_the_killed(entry):
    try:
        fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
    return words if int(fields[3]) in KILLED and fields[0] not in {"Z", "X"} else ""


def sound(here, run):
    """As if nothing had happened."""
    row = here.row(run)
    assert row.status == "done"
    assert len(here.commits(row.run_ref)) == 3
    changed = here.git("diff", "--name-only", "main", row.run_ref).split()
    assert {p: here.file(row.run_ref, p) for p in changed} == TREE
    with sqlite3.connect(here.database()) as db:
        said = db.execute(
            "SELECT items.id, outcome, (SELECT count(*) FROM decisions WHERE item = items.id) FROM items WHERE run = ?",
            (run,),
        ).fetchall()
    db.close()
    assert [(o, n) for _, o, n in said if (o, n) != (None, 0)] == [("approve", 1)] * 4, said
    found = here.verify(row)
    assert (found.problems, found.unattested, len(found.commits)) == ((), (), 3)
    assert gone(run, 5)
    assert leftovers() == []


def killed_again_and_again(here, seed, kills):
    chance = random.Random(seed)  # noqa: S311  when to kill is no secret
    running, run = begin(here)
    count = 0
    while count < kills:
        try:
            running.communicate(timeout=chance.uniform(0.0, 3.0))
            break
        except subprocess.TimeoutExpired:
            kill(running)
            count += 1
        running = process(here, run)
    else:
        running.communicate(timeout=120)
    finish(here, run)
    sound(here, run)
    return count


@pytest.mark.parametrize("seed", [1, 2])
def test_a_run_that_is_killed_at_random_ends_as_if_it_had_not_been(tmp_path, seed):
    with lab(tmp_path) as here:
        assert killed_again_and_again(here, seed, 4) >= 1


@pytest.mark.soak
def test_two_hundred_kills(tmp_path):
    total, seed = 0, 1000
    while total < 200:
        (tmp_path / str(seed)).mkdir()
        with lab(tmp_path / str(seed)) as here:
            total += killed_again_and_again(here, seed, 12)
        seed += 1


INDEX, TREES = "orchestrator.store.index:SqliteIndex.", "orchestrator.vcs.trees:GitTrees."
POINTS = ["add_decision", "close_item", "record_effect", "update_refs", "update_refs", "update_refs"]


def test_killed_between_an_effect_and_its_checkpoint(tmp_path):
    with lab(tmp_path) as here:
        running, run = begin(here)
        kill(running)
        for point in POINTS:
            dying = process(here, run, KILL_AFTER=(TREES if point == "update_refs" else INDEX) + point)
            KILLED.add(dying.pid)
            _, words = dying.communicate(timeout=60)
            assert dying.returncode == -signal.SIGKILL, (point, words)
        finish(here, run)
        sound(here, run)


def test_killed_right_after_each_kind_of_event(tmp_path):
    with lab(tmp_path) as here:
        running, run = begin(here)
        for kind in ("planned", "proposed", "gated", "accepted", "step-merged"):
            here.wait_for(kind)
            kill(running)
            running = process(here, run)
        running.communicate(timeout=60)
        finish(here, run)
        sound(here, run)


def test_killed_for_good_leaves_nothing_and_harms_nobody(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    one = Req(1)
    with lab(tmp_path / "b") as other:
        other.write_job([one], {one.id: [[{"sleep": 6}, write(one.path, "VALUE = 1\n")]]})
        living = process(other, "new", str(other.prd), str(other.script))
        lives = other.wait_for("agent-started")
        with lab(tmp_path / "a") as here:
            here.write_job([one], {one.id: [[{"sleep": 500}]]})
            dying = process(here, "new", str(here.prd), str(here.script))
            run = here.wait_for("agent-started")
            assert len(containers(run)) == 1
            kill(dying)
            assert gone(run, 5)
            assert leftovers() == []
        _, words = living.communicate(timeout=60)
        assert living.returncode == 0, words
        assert [k for k, _, _ in other.events(RunId(lives))].count("agent-started") == 1
