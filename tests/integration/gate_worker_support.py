"""A user with a repository and the resident worker of `handrail gate`, as processes."""

import json
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

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
    try:
        return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def reads_a_pipe(pid):
    try:
        return str(Path(f"/proc/{pid}/fd/0").readlink()).startswith("pipe:")
    except OSError:
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
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def working(desk):
    done = desk.call("worker", "start")
    assert done.returncode == 0, done.stderr
    try:
        yield desk
    finally:
        desk.call("worker", "stop")


def told(done):
    return done.returncode, done.stdout, done.stderr


def waiting(desk, **options):
    """A call that the worker has begun and that waits for its input."""
    before = desk.answered()
    process = desk.begun("--patch", **options)
    until(lambda: desk.answered() > before)
    return process
