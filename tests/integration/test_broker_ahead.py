"""The broker's process for the next lease is started ahead: used once, for the same environment, and never left."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from orchestrator.broker.local import LocalProcesses

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {"PATH": os.environ["PATH"]}
OWNER = """
import os, sys, time
from orchestrator.broker.local import LocalProcesses
with LocalProcesses()({"PATH": os.environ["PATH"]}) as made:
    print(made.pid, flush=True)
    time.sleep(60)
"""


def children(pid):
    folders = Path(f"/proc/{pid}/task").iterdir()
    return {int(word) for folder in folders for word in (folder / "children").read_text().split()}


def test_it_is_used_once_and_only_where_the_environment_is_the_same():
    before, processes = children(os.getpid()), LocalProcesses()
    try:
        with processes(ENVIRONMENT) as first:
            (ahead,) = children(os.getpid()) - before - {first.pid}
            with processes(ENVIRONMENT) as second:
                assert second.pid == ahead
                assert second.folder != first.folder
            with processes({**ENVIRONMENT, "KEY": "other"}) as third:
                environment = Path(f"/proc/{third.pid}/environ").read_bytes()
                assert b"KEY=other" in environment
    finally:
        processes.close()
    assert children(os.getpid()) == before


def test_one_that_has_died_is_not_used():
    processes = LocalProcesses()
    before = children(os.getpid())
    try:
        with processes(ENVIRONMENT) as first:
            (ahead,) = children(os.getpid()) - before - {first.pid}
            os.kill(ahead, signal.SIGKILL)
            os.waitid(os.P_PID, ahead, os.WEXITED | os.WNOWAIT)
            with processes(ENVIRONMENT) as second:
                assert second.pid != ahead
                assert Path(f"/proc/{second.pid}").exists()
    finally:
        processes.close()


def test_it_ends_with_its_owner():
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    with owner:
        owner.stdout.readline()
        begun = children(owner.pid)
        assert len(begun) == 2
        owner.kill()
    until = time.monotonic() + 60
    while any(Path(f"/proc/{pid}").exists() for pid in begun):
        assert time.monotonic() < until, "a broker's process outlives its owner"
        time.sleep(0.1)
