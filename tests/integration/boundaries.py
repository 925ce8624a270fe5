"""Every moment at which a run makes something durable or starts something, seen from below.

Nothing of Handrail knows of this: what is watched are the ways by which a Python program can reach a disk, a
database, git, the container engine or another process. A boundary is called by its kind and by the function of ours
that is at work, as ``commit store.index:StoredIndex.add_decision``. So a new one is found without anybody naming it.
"""

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from datetime import datetime
from pathlib import Path

from docker.api.client import APIClient

from orchestrator.app import clock
from orchestrator.vcs.git import Git

PACKAGE = f"{Path(sys.modules['orchestrator'].__path__[0])}{os.sep}"
HELPERS = {"_write", "flush", "transaction", "run", "_sync_directory", "sync_directory", "<lambda>", "<dictcomp>"}
"""What only passes on: the caller names the boundary. ``run`` is git's."""
READS = {"cat-file", "for-each-ref", "rev-parse", "rev-list", "ls-tree", "diff-tree", "diff", "worktree", "config"}
READS |= {"merge-base", "symbolic-ref", "log", "show-ref", "check-ref-format", "var", "version", "name-rev"}
WRITING_SQL = re.compile(r"\s*(COMMIT|INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER)\b", re.IGNORECASE)


def site():
    """The innermost function of ours that is more than a helper; for LangGraph's saver its method."""
    frame = sys._getframe(2)
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(PACKAGE) and code.co_name not in HELPERS:
            module = code.co_filename.removeprefix(PACKAGE).removesuffix(".py").replace(os.sep, ".")
            return f"{module}:{code.co_qualname}"
        if "checkpoint" in code.co_filename and code.co_name in {"put", "put_writes", "setup"}:
            return f"langgraph:{code.co_name}"
        frame = frame.f_back
    return "elsewhere"


class Watch:
    """Calls ``seen(name, when)`` with ``before`` and ``after`` around each boundary, from whatever thread."""

    def __init__(self, seen):
        self.seen = seen

    def around(self, kind, real):
        def done(*args, **kwargs):
            name = f"{kind} {site()}"
            self.seen(name, "before")
            try:
                return real(*args, **kwargs)
            finally:
                self.seen(name, "after")

        return done

    def install(self):
        for name in ("fsync", "rename", "replace", "link", "unlink"):
            setattr(os, name, self.around(name, getattr(os, name)))
        self._databases()
        self._git()
        for name in ("_post", "_put", "_delete"):
            setattr(APIClient, name, self.around(f"engine{name}", getattr(APIClient, name)))
        subprocess.Popen.__init__ = self._spawned(subprocess.Popen.__init__)

    def _databases(self):
        watch, connect = self, sqlite3.connect

        class Connection(sqlite3.Connection):
            def execute(self, sql, *rest):
                ends = sql == "COMMIT" or (not self.in_transaction and self.isolation_level is None)
                if ends and WRITING_SQL.match(sql):
                    return watch.around("commit", super().execute)(sql, *rest)
                return super().execute(sql, *rest)

            def commit(self):
                real = super().commit
                return watch.around("commit", real)() if self.in_transaction else real()

        sqlite3.connect = lambda *args, **kwargs: connect(*args, **{"factory": Connection, **kwargs})

    def _git(self):
        real = Git.run

        def run(git, *args, **kwargs):
            if args[0] in READS:
                return real(git, *args, **kwargs)
            return self.around(f"git-{args[0]}", real)(git, *args, **kwargs)

        Git.run = run

    def _spawned(self, real):
        def made(process, args, *rest, **kwargs):
            if Path(args[0]).name == "git":  # by their names above; a reader changes nothing
                return real(process, args, *rest, **kwargs)
            return self.around("spawn", real)(process, args, *rest, **kwargs)

        return made


def record(path):
    """Write down each boundary, a name a line, in the order of their beginnings."""
    handle, turn = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), threading.Lock()

    def seen(name, when):
        if when == "before":
            with turn:
                os.write(handle, f"{name}\n".encode())

    Watch(seen).install()


def kill_at(name, when, nth=1):
    """``kill -9`` of this process at the nth time of a boundary."""
    counted = Counter()

    def seen(now, moment):
        counted[now, moment] += 1
        if (now, moment) == (name, when) and counted[now, moment] >= nth:
            os.kill(os.getpid(), signal.SIGKILL)

    Watch(seen).install()


def fill_at(name, when, ballast):
    """Leave no byte free on the file system of ``ballast`` from the first time of a boundary on."""

    def seen(now, moment):
        if (now, moment) == (name, when) and not Path(ballast).exists():
            free = os.statvfs(Path(ballast).parent)
            Path(ballast).write_bytes(bytes(free.f_bavail * free.f_frsize))

    Watch(seen).install()


def jump(seed):
    """The system's clock goes back and forth by up to two days at every look.

    Never into the future: evidence that is said to be of tomorrow is refused, and so it should be.
    """
    chance, real = random.Random(seed), time.time  # noqa: S311  no secret

    class Jumping(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.fromtimestamp(time.time(), tz)

    time.time = lambda: real() + chance.uniform(-172_800, 0)
    clock.datetime = Jumping


def hungry(mib):
    """Take memory until the kernel ends this process, from the first container on."""

    def seen(name, moment):
        if (name, moment) == ("engine_post sandbox.client:Engine.start", "after"):
            kept.extend(bytes(b"x" * (1 << 20)) for _ in range(mib))

    kept = []
    Watch(seen).install()


def kill_after(moments):
    """``kill -9`` of this process after so many moments before or after any boundary."""
    left, turn = [moments], threading.Lock()

    def seen(_name, _moment):
        with turn:
            left[0] -= 1
            if left[0] <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    Watch(seen).install()
