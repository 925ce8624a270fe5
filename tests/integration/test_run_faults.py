"""A machine that fails under a run: each time a sentence with a code, and then the run goes on as if nothing was."""

import os
import random
import re
import signal
import subprocess
import tempfile
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from crash_support import KILLED, RUN, finish, scene, sound
from durable_registry import REACHED
from run_process import Running, until

pytestmark = pytest.mark.engine

WRITES = sorted(
    name for name in REACHED if name.split()[0] in {"commit", "fsync", "git-unpack-objects", "git-update-ref"}
)
CODED = re.compile(r"[A-Z]{2,5}\d{3}")


def test_of_two_that_go_on_with_one_run_one_wins(tmp_path):
    with scene(tmp_path) as here:
        first = Running(here, RUN)
        here.wait_for("planned", seconds=90)
        second = Running(here, RUN)
        assert (second.wait(120), second.code()) == (1, "RUN002"), second.words()
        assert first.wait(180) == 0, first.words()
        sound(here)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.soak), pytest.param(3, marks=pytest.mark.soak)])
def test_a_clock_that_jumps_both_ways_changes_nothing(tmp_path, seed):
    with scene(tmp_path, policy_age=timedelta(days=3)) as here:
        running = Running(here, RUN, "jump", seed)
        assert running.wait(300) == 0, (running.words(), here.row(RUN).message)
        sound(here)


@contextmanager
def busy(path, seconds):
    """Somebody holds the database's write lock."""
    code = "import sqlite3, sys, time; d = sqlite3.connect(sys.argv[1], isolation_level=None);"
    code += f"d.execute('BEGIN IMMEDIATE'); print('held', flush=True); time.sleep({seconds})"
    holder = subprocess.Popen(["/usr/bin/env", "python3", "-c", code, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"held\n"
    try:
        yield
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


@pytest.mark.parametrize(
    ("name", "code"),
    [("checkpoints", "STORE021"), pytest.param("database", "STORE012", marks=pytest.mark.soak)],
)
def test_a_database_that_stays_busy_is_told_and_one_that_is_busy_for_a_moment_is_waited_for(tmp_path, name, code):
    with scene(tmp_path) as here:
        begun = Running(here, RUN, "kill_at", "engine_post sandbox.client:Engine.create", "before")
        assert begun.wait(120) == -signal.SIGKILL, begun.words()
        path = here.database() if name == "database" else here.checkpoints(RUN)
        with busy(path, 200):
            refused = Running(here, RUN)
            assert (refused.wait(150), refused.code()) == (1, code), refused.words()
        with busy(path, 1):
            finish(here)
        sound(here)


def _memory_group(mib):
    """A control group with that much memory, of the machine's first or second kind."""
    old = Path("/sys/fs/cgroup/memory")
    group = (old if old.is_dir() else Path("/sys/fs/cgroup")) / f"handrail-test-{os.getpid()}"
    group.mkdir()
    (group / ("memory.limit_in_bytes" if old.is_dir() else "memory.max")).write_text(str(mib << 20))
    if not old.is_dir():
        (group / "memory.swap.max").write_text("0")
    return group


if os.geteuid() == 0:  # who is not root makes no control group and mounts nothing

    def test_a_process_that_the_kernel_ended_for_memory_goes_on(tmp_path):
        group = _memory_group(400)
        try:
            with scene(tmp_path) as here:
                dying = Running(here, RUN, "hungry", 2000)
                KILLED.add(dying.pid)
                (group / "cgroup.procs").write_text(str(dying.pid))
                assert dying.wait(180) == -signal.SIGKILL, dying.words()
                finish(here)
                sound(here)
        finally:
            assert until(lambda: not (group / "cgroup.procs").read_text().split(), 20)
            group.rmdir()

    def full_at(point):
        """The whole scene on a small file system that is full from that boundary on."""
        place = Path(tempfile.mkdtemp(prefix="hf-", dir="/tmp"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(place)], check=True)
        try:
            (place / "lab").mkdir()
            with scene(place / "lab", state=place / "state") as here:
                running = Running(here, RUN, "fill_at", *point, str(place / "ballast"))
                code = running.wait(180)
                assert (place / "ballast").exists(), (point, "was not reached")
                assert code == 0 or CODED.fullmatch(running.code()), (point, code, running.words())
                (place / "ballast").unlink()
                finish(here)
                sound(here)
        finally:
            subprocess.run(["umount", "-l", str(place)], check=True)
            place.rmdir()

    def test_a_disk_that_is_full_from_some_write_on_stops_a_run_that_can_go_on():
        full_at((random.Random(7).choice(WRITES), "before"))  # noqa: S311  which one is no secret

    @pytest.mark.soak
    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("name", WRITES)
    def test_a_disk_that_is_full_from_any_write_on_stops_a_run_that_can_go_on(name, when):
        full_at((name, when))

    class Engine:
        """A container engine of this test's own, with everything that it keeps in one folder."""

        def __init__(self, place):
            self.place, self.process = place, None
            self.host = f"unix://{place}/docker.sock"

        def start(self):
            folders = [
                f"--data-root={self.place}/data",
                f"--exec-root={self.place}/exec",
                f"--pidfile={self.place}/pid",
            ]
            network = ["--iptables=false", "--ip6tables=false", "--bridge=none", f"--host={self.host}"]
            with (self.place / "log").open("ab") as log:
                # In a network of its own: without a bridge it takes away the one that the machine's engine has.
                own = ["unshare", "--net", "dockerd", *folders, *network]
                self.process = subprocess.Popen(own, stdout=log, stderr=log, start_new_session=True)
            assert until(self.answers, 90), (self.place / "log").read_text()[-3000:]

        def answers(self):
            return (
                subprocess.run(["docker", "version"], env=self.env(), capture_output=True, check=False).returncode == 0
            )

        def env(self):
            return {**os.environ, "DOCKER_HOST": self.host}

        def stop(self):
            self.process.terminate()
            self.process.wait(60)

    @contextmanager
    def engine_of_our_own():
        place = Path(tempfile.mkdtemp(prefix="hd-", dir="/tmp"))
        engine = Engine(place)
        engine.start()
        try:
            yield engine
        finally:
            engine.stop()
            subprocess.run(["sh", "-c", 'rm -rf -- "$1"', "-", str(place)], check=False)

    def carry_images(engine, here):
        """What a run needs, from the machine's engine into this one."""
        names = subprocess.run(
            ["docker", "images", "--format", "{{.Repository}}:{{.Tag}}", "handrail/base"],
            capture_output=True, text=True, check=True,
        ).stdout.split()  # fmt: skip
        with subprocess.Popen(["docker", "save", *names], stdout=subprocess.PIPE) as saved:
            subprocess.run(["docker", "load", "-q"], stdin=saved.stdout, env=engine.env(), check=True)
        here.env["DOCKER_HOST"] = engine.host

    @pytest.mark.soak
    @pytest.mark.parametrize("away_seconds", [0, 60])
    def test_an_engine_that_goes_away_in_the_middle_of_a_step(tmp_path, away_seconds):
        with engine_of_our_own() as engine, scene(tmp_path) as here:
            carry_images(engine, here)
            running = Running(here, RUN)
            here.wait_for("agent-started", seconds=120)
            engine.stop()
            code = running.wait(240)
            assert code == 0 or CODED.fullmatch(running.code()), running.words()
            time.sleep(away_seconds)
            engine.start()
            finish(here)
            sound(here)
