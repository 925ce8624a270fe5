"""The resident worker behind `handrail gate`: the same bytes and exit codes as without it, or no answer of its."""

import json
import os
import pty
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from vcs_support import UserRepository

from orchestrator.cli.resident import place

ROOT = Path(__file__).parents[2]
BAD = "import subprocess\n\n\ndef run(name):\n    return subprocess.run('ls ' + name, shell=True)\n"
PATCH = "diff --git a/n.py b/n.py\nnew file mode 100644\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+exec(input())\n"
SECONDS = 60


class Desk:
    """One user's folders, a repository with one bad commit, and the command as a process."""

    def __init__(self, home, package=ROOT):
        self.home, self.package = home, package
        self.user = UserRepository(home / "repository")
        self.user.write("a.py", "x = 1\n")
        self.user.commit("first")
        self.user.write("run.py", BAD)
        self.user.commit("second")

    @property
    def environment(self):
        kept = {k: os.environ[k] for k in ("PATH", "LANG") if k in os.environ}
        own = {"HOME": str(self.home), "PYTHONPATH": str(self.package), "HANDRAIL_NOTES": "kept"}
        return {**kept, **own, "XDG_STATE_HOME": str(self.home / "state"), "XDG_CONFIG_HOME": str(self.home / "config")}

    def argv(self, *words):
        return [sys.executable, "-m", "orchestrator.cli", "gate", *words]

    def call(self, *words, stdin=b"", cwd=None, **extra):
        return subprocess.run(
            self.argv(*words),
            cwd=cwd or self.user.folder,
            env=self.environment | extra,
            input=stdin,
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )

    def works(self):
        """Whether a call is answered, by whomever: the cheapest one."""
        return self.call("explain", "HR101").stdout.startswith(b"HR101 ")

    def begun(self, *words, **options):
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        usual = {**pipes, "cwd": self.user.folder, "env": self.environment}
        # Whoever starts the tests may have Ctrl-C ignored: a shell does so for what it runs in the background.
        return subprocess.Popen(["env", "--default-signal=INT", *self.argv(*words)], **(usual | options))

    def connected(self):
        """To the worker, with no command."""
        folder = os.open(self.home / "state/handrail/gate-worker", os.O_RDONLY)
        named = next((self.home / "state/handrail/gate-worker").iterdir())
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(SECONDS)
        made.connect(f"/proc/self/fd/{folder}/{named.name.removesuffix('.lock')}")
        os.close(folder)
        return made

    def answered(self):
        with self.connected() as connection:
            connection.sendall(b"\0\0\0\x09status\0me")
            return json.loads(connection.recv(4096))["answered"]

    @property
    def pid(self):
        with self.connected() as connection:
            return place.peer(connection)[0]

    def attendants(self):
        return children(self.pid)


def children(pid):
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def reads_a_pipe(pid):
    try:
        return str(Path(f"/proc/{pid}/fd/0").readlink()).startswith("pipe:")
    except FileNotFoundError:
        return False


def waits_for_input(pid):
    """Whether its first thread is in the system call ``read`` (0 on x86-64, 63 on arm64) of descriptor 0."""
    try:
        words = Path(f"/proc/{pid}/syscall").read_text().split()
    except OSError:
        return False
    return words[0] in {"0", "63"} and words[1:2] == ["0x0"]


def until(true):
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def alive(pid):
    return Path(f"/proc/{pid}").exists() and " Z " not in Path(f"/proc/{pid}/stat").read_text()


@contextmanager
def working(desk):
    done = desk.call("worker", "start")
    assert done.returncode == 0, done.stderr
    try:
        yield desk
    finally:
        desk.call("worker", "stop")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with working(Desk(tmp_path_factory.mktemp("desk"))) as desk:
        yield desk


@pytest.fixture
def desk(tmp_path):
    with working(Desk(tmp_path)) as made:
        yield made


def told(done):
    return done.returncode, done.stdout, done.stderr


CALLS = {
    "text": ("--base", "HEAD~1"),
    "json": ("--base", "HEAD~1", "--json"),
    "sarif": ("--base", "HEAD~1", "--format", "sarif"),
    "nothing kept": ("--base", "HEAD~1", "--no-cache"),
    "no such commit": ("--base", "nowhere", "--json"),
    "no such option": ("--bogus",),
    "help": ("--help",),
    "bandit's rule": ("explain", "B602"),
    "bandit's list": ("explain", "B301"),
    "ruff's rule": ("explain", "S602"),
    "our rule": ("explain", "HR101"),
    "no such rule": ("explain", "HR999"),
}


@pytest.mark.parametrize("words", CALLS.values(), ids=CALLS)
def test_a_warm_answer_is_byte_for_byte_that_of_a_process_of_its_own(shared, words):
    before = shared.answered()
    warm = shared.call(*words)
    assert shared.answered() == before + 1
    assert told(warm) == told(shared.call(*words, HANDRAIL_GATE_WORKER="0"))
    assert shared.answered() == before + 1


def test_folder_mask_arguments_and_input_are_the_callers(shared, tmp_path):
    os.umask(before := os.umask(0o027))
    os.umask(0o027)
    try:
        done = shared.call(
            "--patch", "--repo", shared.user.folder, "--report", "json=r.json", stdin=PATCH.encode(), cwd=tmp_path
        )
    finally:
        os.umask(before)
    assert done.returncode == 3, done
    assert {f["rule"] for f in json.loads((tmp_path / "r.json").read_text())["findings"]} >= {"B102", "S102"}
    assert stat.S_IMODE((tmp_path / "r.json").stat().st_mode) == 0o640


def test_variables_count_for_the_call_that_has_them_and_for_no_other(shared):
    plain, before = shared.call("--base", "HEAD~1"), shared.answered()
    odd = shared.call("--base", "HEAD~1", HANDRAIL_OSV="/nowhere/osv.zip")
    assert odd.returncode == 1
    assert b"dependencies: ERROR" in odd.stderr
    assert told(shared.call("--base", "HEAD~1")) == told(plain)
    nobody = shared.call("--base", "HEAD~1", PATH="/nowhere")
    assert b"REPO005" in nobody.stderr
    assert told(shared.call("--base", "HEAD~1")) == told(plain)
    assert shared.answered() == before + 4


def test_a_terminal_stays_a_terminal(shared):
    def seen(**extra):
        ours, theirs = pty.openpty()
        process = shared.begun(
            "--base", "HEAD~1", stdin=theirs, stdout=theirs, stderr=theirs, env=shared.environment | extra
        )
        os.close(theirs)
        text = b""
        with os.fdopen(ours, "rb", buffering=0) as terminal:
            while part := _read(terminal):
                text += part
        return process.wait(SECONDS), text

    before = shared.answered()
    warm = seen()
    assert shared.answered() == before + 1
    assert warm == seen(HANDRAIL_GATE_WORKER="off")
    assert b"B602" in warm[1]


def _read(terminal):
    try:
        return terminal.read(65536)
    except OSError:
        return b""


def test_a_reader_that_leaves_is_as_without_a_worker(shared):
    def left(*words):
        process = shared.begun("--base", "HEAD~1", "--json", *words)
        process.stdin.close()
        process.stdout.close()
        process.stderr.close()
        return process.wait(SECONDS)

    assert left() == left("--no-worker")


def test_without_the_worker_means_without_it(shared):
    before = shared.answered()
    assert shared.call("--no-worker", "explain", "HR101").returncode == 0
    assert shared.call("explain", "HR101", HANDRAIL_GATE_WORKER="false").returncode == 0
    # Another Python, other options of it, another locale: what would be loaded or printed is not what is loaded.
    assert shared.call("explain", "HR101", PYTHONOPTIMIZE="1").returncode == 0
    assert shared.call("explain", "HR101", LC_ALL="C").returncode == 0
    assert shared.answered() == before


def waiting(desk, **options):
    """A call that the worker has begun and that waits for its input."""
    before = desk.answered()
    process = desk.begun("--patch", **options)
    until(lambda: desk.answered() > before)
    return process


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


def test_what_stands_is_told(shared):
    told = json.loads(shared.call("worker", "status", "--json").stdout)
    assert told["schema"] == "handrail.gate-worker/1"
    assert (told["running"], told["pid"]) == (True, shared.pid)
    assert told["memory_mib"] > 1


def test_it_listens_for_its_user_alone(shared):
    folder = shared.home / "state/handrail/gate-worker"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (listening,) = folder.glob("*.sock")
    assert stat.S_IMODE(listening.stat().st_mode) == 0o600
    assert stat.S_ISSOCK(listening.stat().st_mode)


def test_it_holds_nothing_of_the_variables_of_who_started_it(shared):
    held = Path(f"/proc/{shared.pid}/environ").read_bytes()
    assert b"HANDRAIL_NOTES" not in held
    assert b"XDG_STATE_HOME" in held
