"""Runs that are stopped: by a person, a signal, an engine that is not there, a disk that is full."""

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import time

import pytest
from run_support import Req, containers, gone, good, lab, nobody, shell, write

from orchestrator.app.runs.pausing import pause
from orchestrator.models.plan import Plan

pytestmark = pytest.mark.engine


def slow(*reqs):
    return {r.id: [[{"sleep": 30}, write(r.path, f"VALUE = {r.number}\n")]] for r in reqs}


def begun(here, *reqs, **job):
    """A process whose agent is at work, and its run."""
    here.write_job(reqs, job.get("steps") or slow(*reqs))
    process = here.spawn(*here.run_words())
    return process, here.wait_for("agent-started", count=len(reqs))


@pytest.mark.parametrize("steps", [1, 2])
def test_cancel_ends_a_run_at_once(tmp_path, steps):
    with lab(tmp_path) as here:
        process, run = begun(here, *(Req(n + 1) for n in range(steps)))
        asked = here.cli("cancel", run)
        began = time.monotonic()
        _, words = process.communicate(timeout=30)
        assert (asked.returncode, process.returncode) == (0, 130), words
        assert time.monotonic() - began < 4
        assert gone(run, 2)
        assert here.row(run).status == "cancelled"
        assert here.cli("resume", run).returncode == 2
        assert here.items() == []


def test_a_paused_run_ends_the_attempt_under_way_and_goes_on_where_it_was(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        here.write_job([one], {one.id: [[{"sleep": 5}, *good(one)[one.id][0]]]})
        process = here.spawn(*here.run_words())
        run = here.wait_for("agent-started", seconds=120)
        with here.project() as project:
            assert "has ended its attempt" in pause(project, run)
        _, words = process.communicate(timeout=120)
        assert (process.returncode, "RUN012" in words) == (4, True), words
        assert here.row(run).status == "stopped"
        kinds = [kind for kind, _, _ in here.events(run)]
        assert (kinds.count("proposed"), kinds.count("gated")) == (1, 0)
        again = here.cli("resume", run, "--no-input")
        assert (again.returncode, here.row(run).status) == (4, "waiting"), again.stderr
        assert [kind for kind, _, _ in here.events(run)].count("agent-started") == 1
        assert here.resume(run).code == 0
        assert "RUN004" in here.cli("pause", run).stderr


@pytest.mark.parametrize(
    ("number", "steps", "again"),
    [(signal.SIGTERM, 1, False), (signal.SIGHUP, 2, False), (signal.SIGINT, 2, True)],
    ids=["terminated", "hung-up", "interrupted-until-it-ends"],
)
def test_a_signal_stops_a_run_that_can_go_on(tmp_path, number, steps, again):
    reqs = [Req(n + 1) for n in range(steps)]
    with lab(tmp_path) as here:
        process, run = begun(here, *reqs, steps={r.id: [[{"sleep": 4}, *good(r)[r.id][0]]] for r in reqs})
        began = time.monotonic()
        process.send_signal(number)
        while again and process.poll() is None and time.monotonic() - began < 20:
            time.sleep(0.02)
            process.send_signal(number)
        _, words = process.communicate(timeout=30)
        assert (process.returncode, "RUN003" in words) == (130, True), words
        assert time.monotonic() - began < 20
        assert gone(run, 10)
        assert here.row(run).status == "stopped"
        done = here.resume(run)
        assert done.code == 0
        assert len(here.commits(done.run.run_ref)) == steps


def test_the_time_of_a_run_is_warned_of_and_then_over(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        here.write_job([one], {one.id: [[shell("sleep 60")]]})
        said = here.cli(*here.run_words("--budget-seconds", "4"))
        (row,) = here.runs()
        assert said.returncode == 7, said
        assert "Step S01 has come to 80% of the 4 s of the run." in said.stderr
        with here.project() as project:
            events = [event for _, event in project.index.events(row.id)]
        (warned,) = [event.data for event in events if event.kind == "budget-warning"]
        assert warned["wall_seconds"] == pytest.approx(3.2)
        assert [event.attempt for event in events if event.kind == "agent-started"] == [1]


def test_cancel_of_a_run_that_nobody_owns(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        parked = here.run([one], good(one), decide=nobody)
        said = here.cli("cancel", parked.run.id)
        assert (said.returncode, here.row(parked.run.id).status) == (0, "cancelled")
        again = here.cli("cancel", parked.run.id)
        assert (again.returncode, "RUN004" in again.stderr) == (2, True)


def test_no_engine_is_told_before_anything_is_recorded(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        here.write_job([one], good(one))
        said = here.cli(*here.run_words(), DOCKER_HOST="unix:///nonexistent/docker.sock")
        assert (said.returncode, "no container engine answers" in said.stderr, "Try:" in said.stderr) == (
            8,
            True,
            True,
        ), said.stderr
        assert here.runs() == ()


def test_an_engine_that_is_gone_when_the_run_goes_on_leaves_it_resumable(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        parked = here.run([one], good(one), decide=nobody)
        said = here.cli("resume", parked.run.id, "--approve-plan", DOCKER_HOST="unix:///nonexistent/docker.sock")
        assert (said.returncode, here.row(parked.run.id).status) == (8, "stopped"), said.stderr
        assert here.resume(parked.run.id).code == 0


@pytest.mark.parametrize("missing", ["script", "trust", "key"])
def test_what_is_missing_is_told_before_anything_is_recorded(tmp_path, missing):
    one = Req(1)
    with lab(tmp_path) as here:
        here.write_job([one], good(one))
        if missing == "script":
            here.script.write_text("schema: handrail.script/1\nsteps: [1]\n")
        elif missing == "trust":
            (here.folder / "config/handrail/trust.json").unlink()
        else:
            here.key.unlink()
        said = here.cli(*here.run_words())
        assert (said.returncode, here.runs()) == (2, ()), said.stderr


class Full:
    """A state folder on a small file system of its own, and what fills it."""

    def __init__(self, place):
        self.place = place
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(place)], check=True)

    def fill(self, leave):
        free = os.statvfs(self.place)
        (self.place / "ballast").write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - leave)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        (self.place / "ballast").unlink(missing_ok=True)
        subprocess.run(["umount", "-l", str(self.place)], check=True)


LONG = "VALUE = 2\n# " + "x" * 300_000 + "\n"


def long_job(here, one, two):
    """The second step leaves a file that is too large for the index."""
    return here.run([one, two], {**good(one), two.id: [[write(two.path, LONG)]]}, decide=nobody).run


def goes_on(here, run, commits=2):
    done = here.resume(run.id)
    assert done.code == 0
    assert len(here.commits(done.run.run_ref)) == commits
    assert not here.verify(done.run).problems


if os.geteuid() == 0:  # who is not root may not mount; the next test needs no right

    @pytest.mark.parametrize("leave", [0, 131_072])
    def test_a_full_disk_stops_a_run_that_can_go_on(tmp_path, leave):
        with Full(tmp_path / "small") as small, lab(tmp_path, state=small.place) as here:
            run = long_job(here, Req(1), Req(2, depends=(1,)))
            small.fill(leave)
            said = here.cli("resume", run.id, "--approve-plan")
            assert (said.returncode, "STORE0" in said.stderr) == (1, True), said.stderr
            (small.place / "ballast").unlink()
            goes_on(here, run)

    def test_a_disk_that_became_read_only_stops_a_run_that_can_go_on(tmp_path):
        slow = [[shell("sleep 3; echo VALUE = 1 > src/f1.py")]]
        with Full(tmp_path / "small") as small, lab(tmp_path, state=small.place) as here:
            process, run = begun(here, Req(1), steps={"REQ-001": slow})
            for how in (["--bind", str(small.place)], ["-o", "remount,ro,bind"]):
                subprocess.run(["mount", *how, str(small.place)], check=True)
            _, words = process.communicate(timeout=60)
            subprocess.run(["umount", str(small.place)], check=True)
            assert (process.returncode, "STORE0" in words, "INT900" in words) == (1, True, False), words
            assert gone(run, 10)
            goes_on(here, here.row(run), 1)


def test_a_store_that_may_not_grow_stops_a_run_that_can_go_on(tmp_path):
    with lab(tmp_path) as here:
        one = Req(1)
        run = here.run([one], {one.id: [[write(one.path, LONG)]]}, decide=nobody).run
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, before[1]))
        try:
            process = here.spawn("resume", run.id, "--approve-plan")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        _, words = process.communicate(timeout=90)
        assert (process.returncode, "STORE0" in words) == (1, True), words
        assert here.row(run.id).status in {"stopped", "running"}
        goes_on(here, run, 1)


def test_checkpoints_hold_plain_data_and_are_synchronous(tmp_path):
    import ormsgpack

    from orchestrator.store.checkpoints import checkpoints

    one = Req(1)
    with lab(tmp_path) as here:
        done = here.run([one], good(one), decide=nobody)
        where = here.checkpoints(done.run.id)

        def refuse(code, _data):
            raise AssertionError(f"extension type {code}")

        with sqlite3.connect(where) as db:
            rows = db.execute("SELECT type, checkpoint FROM checkpoints").fetchall()
            rows += db.execute("SELECT type, value FROM writes WHERE channel NOT LIKE '\\_\\_%' ESCAPE '\\'").fetchall()
        db.close()
        assert len(rows) == 2, "it waits for somebody: nothing lies beside its two checkpoints but that"
        for kind, data in rows:
            assert kind in {"msgpack", "null", "bytes"}, kind
            if kind == "msgpack":
                ormsgpack.unpackb(data, ext_hook=refuse)
        with checkpoints(where) as saver:
            assert saver.conn.execute("PRAGMA synchronous").fetchone() == (2,)
            assert saver.conn.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        with here.project() as project:
            assert project.index.read("PRAGMA synchronous") == [(2,)]
        assert containers(done.run.id) == []


def test_the_state_of_another_run_is_refused(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        mine, other = (here.run([one], good(one), decide=nobody).run.id for _ in range(2))
        shutil.copy(here.checkpoints(other), here.checkpoints(mine))
        with sqlite3.connect(here.checkpoints(mine)) as db:
            db.execute("UPDATE checkpoints SET thread_id = ?", (mine,))
        db.close()
        said = here.cli("resume", mine)
        assert (said.returncode, "STORE036" in said.stderr) == (1, True), said.stderr
        assert here.resume(other).code == 0


def test_a_saved_plan_that_somebody_made_wider_is_refused_before_anything_is_recorded(tmp_path):
    one = Req(1)
    with lab(tmp_path) as here:
        here.write_job([one], good(one))
        saved = here.folder / "plan.json"
        assert here.cli("plan", str(here.prd), "-o", str(saved)).returncode == 0
        plan = Plan.model_validate_json(saved.read_bytes())
        wide = plan.steps[0].capabilities.limits.model_copy(update={"wall_seconds": 3000})
        grant = plan.steps[0].capabilities.model_copy(update={"limits": wide})
        step = plan.steps[0].model_copy(update={"capabilities": grant})
        saved.write_bytes(plan.model_copy(update={"steps": (step,)}).to_bytes())
        words = ["--spec", str(here.prd), "--agent", "scripted", "--script", str(here.script)]
        said = here.cli("apply", str(saved), *words)
        assert (said.returncode, "PLAN006" in said.stderr, here.runs()) == (6, True, ()), said.stderr
