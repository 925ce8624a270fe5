"""Who else could ask the resident worker, or answer in its place."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress

import pytest
from gate_worker_support import SECONDS, Desk, told, working

from orchestrator.cli.resident import place


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with working(Desk(tmp_path_factory.mktemp("desk"))) as desk:
        yield desk


HOSTILE = {
    "nothing": b"",
    "half a length": b"\0\0",
    "half a request": b"\0\0\1\0gate",
    "too long": b"\xff\xff\xff\xffgate",
    "no fields": b"\0\0\0\4gate",
    "another identity": b"\0\0\0\x0agate\0other",
}


@pytest.mark.parametrize("said", HOSTILE.values(), ids=HOSTILE)
def test_a_caller_that_says_nonsense_or_nothing_hinders_nobody(shared, said):
    before = shared.answered()
    with shared.connected() as connection:
        connection.sendall(said)
        assert shared.works()
        assert shared.answered() == before + 1
        with suppress(ConnectionResetError):
            assert connection.recv(16) in {b"", place.OTHER}


@contextmanager
def planted(desk, script="time.sleep(99)"):
    """Something else that listens where a worker would."""
    folder = desk.home / "state/handrail/gate-worker"
    folder.mkdir(parents=True, mode=0o700)
    named = subprocess.run(
        [sys.executable, "-c", "from orchestrator.cli.resident import place; print(place.name())"],
        env=desk.environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    program = f"import os, socket, sys, time; s = socket.socket(socket.AF_UNIX); s.bind({named!r}); {script}"
    listener = subprocess.Popen([sys.executable, "-c", program], cwd=folder, stdout=subprocess.PIPE)
    assert listener.stdout.readline() == b"there\n"
    try:
        yield folder / named
    finally:
        listener.kill()
        listener.communicate()


LISTEN = "s.listen(); print('there', flush=True); c, _ = s.accept(); "
TAKES = (
    LISTEN + "c.recv(99999); c.sendall(b'R'); c.recv(9); c.sendall(b'E\\0'); open('taken', 'w').close(); time.sleep(99)"
)


def test_one_that_takes_the_call_for_granted_would_be_believed(tmp_path):
    """The control of what follows: with nothing wrong about it, whoever listens there is the worker."""
    desk = Desk(tmp_path)
    with planted(desk, TAKES) as listening:
        assert told(desk.call("explain", "HR101")) == (0, b"", b"")
        assert listening.with_name("taken").exists()


def wide(listening):
    listening.parent.chmod(0o750)


def linked(listening):
    listening.rename(listening.with_name("other"))
    listening.symlink_to("other")


def folder_linked(listening):
    listening.parent.rename(listening.parent.with_name("other"))
    listening.parent.symlink_to("other")


def of_another(listening):
    os.chown(listening, 65534, 65534)


def folder_of_another(listening):
    os.chown(listening.parent, 65534, 65534)


@pytest.mark.parametrize("spoil", [wide, linked, folder_linked, of_another, folder_of_another])
def test_what_lies_where_others_could_put_it_is_not_asked(tmp_path, spoil):
    if spoil in {of_another, folder_of_another} and os.geteuid():
        pytest.skip("only root can give a file away")
    desk = Desk(tmp_path)
    with planted(desk, TAKES) as listening:
        spoil(listening)
        assert desk.works()
        assert not listening.with_name("taken").exists()


@pytest.mark.skipif(bool(os.geteuid()), reason="only root can become another user")
def test_a_process_of_another_user_is_not_asked(tmp_path):
    desk = Desk(tmp_path)
    with planted(
        desk, "os.open('taken', os.O_CREAT); os.setuid(65534); " + LISTEN + "c.sendall(b'RE\\0' * 9); time.sleep(99)"
    ):
        assert desk.works()


@pytest.mark.parametrize(
    "script",
    [LISTEN + "time.sleep(99)", LISTEN + "c.close(); time.sleep(99)", "print('there', flush=True); time.sleep(99)"],
)
def test_one_that_says_nothing_costs_seconds_and_no_answer(tmp_path, script):
    desk = Desk(tmp_path)
    with planted(desk, script):
        assert desk.works()


def test_a_caller_below_another_view_of_the_files_is_not_answered(shared):
    unshare = ["unshare", "--mount"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshare, "true"], capture_output=True, check=False).returncode
    ):
        pytest.skip("no namespace can be made here")
    before = shared.answered()
    done = subprocess.run(
        [*unshare, *shared.argv("explain", "HR101")],
        cwd=shared.user.folder,
        env=shared.environment,
        capture_output=True,
        check=False,
        timeout=SECONDS,
    )
    assert (done.returncode, shared.answered()) == (0, before)


def test_where_there_can_be_no_folder_a_start_says_so_and_a_gate_works(tmp_path):
    desk = Desk(tmp_path)
    (tmp_path / "state").write_text("in the way")
    done = desk.call("worker", "start")
    assert done.returncode == 2
    assert b"GATE061" in done.stderr
    assert b"Traceback" not in done.stderr
    assert desk.call("worker", "stop").returncode == 0
    wide = Desk(tmp_path / "wide")
    (wide.home / "state/handrail/gate-worker").mkdir(parents=True, mode=0o755)
    (wide.home / "state/handrail/gate-worker").chmod(0o755)
    assert b"GATE061" in wide.call("worker", "start").stderr


def test_without_a_home_the_users_own_is_taken(tmp_path):
    desk = Desk(tmp_path)
    env = {k: v for k, v in desk.environment.items() if k != "HOME" and not k.startswith("XDG")}
    program = "from orchestrator.cli.resident import place; from orchestrator.store.layout import state_home\n"
    program += "assert place.folder() == f'{state_home()}/gate-worker'; print(place.folder())"
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip().endswith(".local/state/handrail/gate-worker")
