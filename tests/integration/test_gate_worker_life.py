"""The resident worker begins, ends and dies: no call waits for it, and none goes on without its caller."""

import os
import shutil
import signal
import subprocess
import sys

import pytest
from gate_worker_support import (
    PATCH,
    ROOT,
    SECONDS,
    Desk,
    alive,
    children,
    reads_a_pipe,
    until,
    waiting,
    waits_for_input,
    working,
)


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with working(Desk(tmp_path_factory.mktemp("desk"))) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path):
    with working(Desk(tmp_path)) as made:
        yield made


def test_ctrl_c_ends_the_call_as_it_ends_one_of_its_own(shared):
    process = waiting(shared)
    # Not while it imports: Python may lose an interrupt then, in a callback of its own.
    until(lambda: any(waits_for_input(pid) for pid in shared.attendants()))
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=SECONDS)
    assert process.returncode == 130, words
    assert b"RUN003" in words
    until(lambda: len(shared.attendants()) == 1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nobody_goes_on_for_a_caller_that_is_gone(shared, number):
    process = waiting(shared)
    (at_work,) = [pid for pid in shared.attendants() if reads_a_pipe(pid)]
    process.send_signal(number)
    process.communicate(timeout=SECONDS)
    assert process.returncode == -number
    until(lambda: not alive(at_work))
    assert shared.works()


def test_an_answer_that_is_lost_is_an_error(shared):
    process = waiting(shared)
    for pid in shared.attendants():
        os.kill(pid, signal.SIGKILL)
    _, words = process.communicate(timeout=SECONDS)
    assert process.returncode == 1
    assert b"GATE060" in words
    before = shared.answered()
    assert shared.works()
    assert shared.answered() == before + 1


def test_two_at_once_are_two_answers(shared):
    one, other = waiting(shared), waiting(shared)
    assert other.communicate(PATCH.encode(), timeout=SECONDS)[0].count(b"B102") >= 1
    assert one.communicate(b"", timeout=SECONDS)[1] != b""
    assert (one.returncode, other.returncode) != (3, 0)
    assert other.returncode == 3


def test_who_is_stopped_ends_what_is_under_way(desk):
    process, pid = waiting(desk), desk.pid
    assert desk.call("worker", "stop").returncode == 0
    assert not alive(pid)
    assert list((desk.home / "state/handrail/gate-worker").glob("*.sock")) == []
    assert b"B102" in process.communicate(PATCH.encode(), timeout=SECONDS)[0]
    assert process.returncode == 3
    assert desk.works()
    assert desk.call("worker", "status").returncode == 1


def test_a_worker_that_died_leaves_nothing_in_the_way(desk):
    pid = desk.pid
    until(lambda: any(map(children, filter(alive, desk.attendants()))))
    waiters = desk.attendants()
    scanners = [s for w in filter(alive, waiters) for s in children(w)]
    os.kill(pid, signal.SIGKILL)
    until(lambda: not any(map(alive, (*waiters, *scanners))))
    assert desk.works()
    assert desk.call("worker", "start").returncode == 0
    assert desk.pid != pid


def test_a_second_start_finds_the_first(shared):
    pid = shared.pid
    done = shared.call("worker", "start")
    assert (done.returncode, shared.pid) == (0, pid)
    assert b"Runs already" in done.stderr


def test_two_starts_at_once_make_one_worker(tmp_path):
    desk = Desk(tmp_path)
    both = [desk.begun("worker", "start") for _ in range(2)]
    said = b"".join(process.communicate(timeout=SECONDS)[1] for process in both)
    try:
        assert said.count(b"Started") == 1, said
    finally:
        desk.call("worker", "stop")


def test_code_that_was_replaced_under_it_is_never_answered_for(tmp_path):
    package = tmp_path / "package"
    shutil.copytree(ROOT / "orchestrator", package / "orchestrator", ignore=shutil.ignore_patterns("__pycache__"))
    with working(Desk(tmp_path / "desk", package)) as desk:
        assert desk.works()
        assert desk.answered() == 1
        code = package / "orchestrator/cli/gate.py"
        found = code.stat()
        code.write_text(code.read_text().replace("Only these gates.", "Other words now!!"))
        os.utime(code, ns=(found.st_atime_ns, found.st_mtime_ns))
        assert code.stat().st_size == found.st_size
        shutil.rmtree(package / "orchestrator/cli/__pycache__")
        assert b"Other words now!!" in desk.call("--help").stdout
        assert desk.call("worker", "status").returncode == 1
        before = desk.call("worker", "start").returncode, desk.pid
        code.write_text(code.read_text() + "# a word\n")
        assert b"Started" in desk.call("worker", "start").stderr
        assert desk.pid != before[1]
        assert desk.works()
        assert desk.answered() == 1


def test_nobody_asked_for_long_and_it_is_gone(tmp_path):
    desk = Desk(tmp_path)
    program = "from orchestrator.cli.resident.control import start; print(start(3.0)[0].pid)"
    done = subprocess.run([sys.executable, "-c", program], env=desk.environment, capture_output=True, check=True)
    until(lambda: not alive(int(done.stdout)))
