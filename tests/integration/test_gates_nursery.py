"""Scanners that a nursery brings: the same answers and limits as those that were started, nothing of the caller's, no
process left behind whoever ends first.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a nursery is for Linux")

PROGRAM = """
from orchestrator.gates.scanners import nursery
import os, sys
secret = os.open(sys.argv[2], os.O_RDONLY)
sys.path.insert(0, os.path.dirname(sys.argv[2]))
nursery.begin(2)
family = nursery.WAITING[0].family[0]
import json, time
from contextlib import suppress
from orchestrator.errors import GateBroken
from orchestrator.gates.scanners import spare
from orchestrator.gates.scanners.worker import Worker
bad, slow = b"import subprocess\\nsubprocess.run(x, shell=True)\\n", b"x = f(1)\\n" * 100000
said = {}
def gone(pid):
    try: os.kill(pid, 0)
    except ProcessLookupError: return True
    return False
with Worker(file_limit_seconds=float(sys.argv[1])) as nursed:
    said["nursed"] = [nursed.scan(bad), nursed.analyse(bad), nursed.outline(bad), nursed.secrets(b"")]
    pid = nursed.pid
    said["parent"] = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1]) == family
    said["fds"] = {p: sorted(os.readlink(f"/proc/{p}/fd/{n}").split(":")[0] for n in os.listdir(f"/proc/{p}/fd")
                   if os.path.lexists(f"/proc/{p}/fd/{n}")) for p in (pid, family)}
    said["folders"] = [os.readlink(f"/proc/{p}/cwd") for p in (pid, family)]
    try:
        nursed.scan(slow)
    except GateBroken as error:
        said["slow"] = error.code
    said["gone"] = gone(pid)
    said["next"] = nursed.scan(b"exec(x)\\n")["issues"] != []
    said["another"] = nursed.pid != pid
    os.kill(nursed.pid, 9)
    while nursed.pid is not None:
        time.sleep(0.01)
    said["family ended"] = gone(family)
    said["after a kill"] = nursed.scan(b"exec(input())\\n")["issues"] != []
with Worker(file_limit_seconds=float(sys.argv[1])) as started:
    said["started"] = [started.scan(bad), started.analyse(bad), started.outline(bad), started.secrets(b"")]
said["left"] = spare.take()
print(json.dumps(said))
"""


def ran(program, *words, **more):
    return subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True, timeout=300, **more
    )


def test_it_answers_ends_and_is_replaced_as_a_scanner_that_was_started(tmp_path):
    secret = tmp_path / "secret"
    secret.touch()
    # What the caller alone imports is not what scanners import.
    (tmp_path / "bandit.py").write_text("raise SystemExit(7)\n")
    said = json.loads(ran(PROGRAM, "0.5", str(secret)).stdout)
    assert said["nursed"] == said["started"]
    assert (said["slow"], said["next"], said["another"], said["after a kill"]) == ("GATE021", True, True, True)
    assert said["parent"]
    assert (said["gone"], said["family ended"], said["left"]) == (True, True, None)
    assert said["folders"] == ["/", "/"]
    assert {name for fds in said["fds"].values() for name in fds} <= {"pipe", "/dev/null", "anon_inode"}


ENDS = """
from orchestrator.gates.scanners import nursery
nursery.begin(2)
import os, sys, time
from orchestrator.gates.scanners import spare
print(nursery.WAITING[0].family[0], flush=True)
if sys.argv[1] == "taken":
    processes = [spare.take(), spare.take()]
    print(*[p.pid for p in processes], flush=True)
    time.sleep(60)
if sys.argv[1] == "loading":
    time.sleep(60)
"""


def children(pid):
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def end_of(pids):
    deadline = time.monotonic() + 30
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(alive, pids))


@pytest.mark.parametrize("when", ["taken", "loading", "left alone"])
def test_nothing_outlives_a_caller_that_is_killed_or_leaves(when):
    with subprocess.Popen([sys.executable, "-c", ENDS, when], stdout=subprocess.PIPE, text=True) as caller:
        pids = [int(caller.stdout.readline())]
        if when == "taken":
            pids += map(int, caller.stdout.readline().split())
            assert set(children(pids[0])) == {*pids[1:]}
        if when != "left alone":
            caller.send_signal(signal.SIGKILL)
        assert end_of(pids)


BROKEN = """
from orchestrator.gates.scanners import nursery
import os
{damage}
nursery.begin(2)
from orchestrator.gates.scanners.worker import Worker
with Worker() as worker:
    print(len(worker.scan(b"exec(input())\\n")["issues"]))
print(nursery.take())
"""
DAMAGE = {
    "dies while it loads": "import sys; sys.modules['orchestrator.gates.scanners.bandit_worker'] = None",
    "no handle of a process": "del os.pidfd_open",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_where_none_is_brought_a_scanner_is_started(damage):
    undone = "import sys; sys.modules.pop('orchestrator.gates.scanners.bandit_worker', None)\n"
    program = BROKEN.format(damage=DAMAGE[damage]).replace(
        "from orchestrator.gates.scanners.worker", undone + "from orchestrator.gates.scanners.worker"
    )
    assert ran(program).stdout.split() == ["1", "None"]


def test_ctrl_c_while_it_loads_ends_all_of_it(tmp_path):
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    argv = [sys.executable, "-m", "orchestrator.cli", "gate", "--repo", str(tmp_path), "--patch"]
    env = os.environ | {"XDG_STATE_HOME": str(tmp_path / "s"), "XDG_CONFIG_HOME": str(tmp_path / "c")}
    with subprocess.Popen(
        argv, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, process_group=0
    ) as call:
        deadline = time.monotonic() + 30
        while not (found := children(call.pid)) and time.monotonic() < deadline:
            time.sleep(0.005)
        assert found
        time.sleep(0.5)
        os.killpg(call.pid, signal.SIGINT)
        _, said = call.communicate(timeout=60)
    assert (call.returncode, b"Traceback" in said) == (130, False)
    assert end_of(found)


FEW = """
from orchestrator.gates.scanners import nursery
import os, resource
before = os.listdir("/proc/self/fd")
resource.setrlimit(resource.RLIMIT_NOFILE, (12, 12))
nursery.begin(2)
print(nursery.WAITING, os.listdir("/proc/self/fd") == before)
"""


def test_without_enough_descriptors_there_is_none_and_nothing_is_left_open():
    assert ran(FEW).stdout.split() == ["[]", "True"]


CHILDLESS = """
import signal
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
from orchestrator.gates.scanners import nursery
nursery.begin(2)
from orchestrator.errors import GateBroken
from orchestrator.gates.scanners.worker import Worker
with Worker(file_limit_seconds=0.5) as worker:
    try: worker.scan(b"x = f(1)\\n" * 100000)
    except GateBroken as error: print(error.code)
nursery.forget()
"""


def test_a_caller_whose_children_are_ignored_hears_how_a_scanner_ended():
    assert ran(CHILDLESS).stdout.split() == ["GATE021"]


@pytest.mark.parametrize("stream", [0, 1, 2])
def test_a_call_with_a_closed_stream_ends_as_with_its_own_scanners(stream, tmp_path):
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.invalid", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    for text in ("x = 1\n", "exec(input())\n"):
        (tmp_path / "a.py").write_text(text)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
    argv = [sys.executable, "-m", "orchestrator.cli", "gate", "--repo", str(tmp_path), "--base", "HEAD~1", "--no-cache"]
    env = os.environ | {"XDG_STATE_HOME": str(tmp_path / "s"), "XDG_CONFIG_HOME": str(tmp_path / "c")}
    shell = f'exec "$@" {stream}{"<" if stream == 0 else ">"}&-'
    done = subprocess.run(["/bin/sh", "-c", shell, "sh", *argv], env=env, capture_output=True, check=False)
    assert done.returncode == 3
