"""One owner at a time in a cluster: who stalled past its lease writes, starts and tells nothing when it wakes up."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cluster_store_support import REPOSITORY, RUN
from cluster_support import server
from run_support import containers

from orchestrator.errors import RunBusy
from orchestrator.models.ids import sha256
from orchestrator.store.cluster import database as postgres
from orchestrator.store.cluster.lease import is_held, lease
from orchestrator.store.index import StoredIndex

pytest_plugins = ("cluster_store_fixtures",)
pytestmark = [pytest.mark.slow]

STALLS = """
import os, sys, threading, time
from orchestrator.store.cluster import database as postgres
from orchestrator.store.cluster.pools import open_pool
from orchestrator.store.cluster.lease import lease
from orchestrator.store.cluster.saver import FencedSaver
from orchestrator.store.checkpoints import serializer
from orchestrator.store.index import StoredIndex
from orchestrator.errors import RunBusy
from orchestrator.models.ids import Digest

url, schema, run = sys.argv[1:]
base = postgres.PostgresDatabase(open_pool(url, schema))
index = StoredIndex(base)
with lease(base, run, 1.0) as owner:
    saver = FencedSaver(base.pool, serializer(run, None), owner)
    config = {"configurable": {"thread_id": run, "checkpoint_ns": "", "checkpoint_id": "1"}}
    empty = {"v": 4, "id": "9", "ts": "", "channel_values": {"a": 1}, "channel_versions": {"a": "9"}}
    empty["versions_seen"] = {}
    print("owner", owner.token, flush=True)
    sys.stdin.readline()
    def tried(what):
        owner._lost.clear()  # only the database is to know
        try:
            what()
        except RunBusy as problem:
            return problem.code
        return "DONE"
    print(*(tried(what) for what in (
        lambda: (index.record_effect("stale", Digest("sha256:" + "0" * 64)), index.flush()),
        lambda: index.ask_to_cancel(run),
        lambda: saver.put(config, empty, {}, {"a": "9"}),
        lambda: saver.put_writes(config, [("a", 1)], "task"),
        owner.check,
    )), owner.lost, flush=True)
    index.forget_staged()
"""


def test_an_owner_that_stalled_past_its_lease_writes_nothing_when_it_wakes_up(name, base, index):
    url, where = server().url(name), postgres.schema_of(REPOSITORY)
    argv = [sys.executable, "-c", STALLS, url, where, RUN]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, start_new_session=True) as stalled:
        try:
            assert stalled.stdout.readline() == "owner 1\n"
            with pytest.raises(RunBusy, match="RUN002"), lease(base, RUN, 1.0):
                pass
            os.killpg(stalled.pid, signal.SIGSTOP)
            until = time.monotonic() + 30
            while is_held(base, RUN):
                assert time.monotonic() < until
                time.sleep(0.05)
            with lease(base, RUN, 30.0) as owner:
                assert owner.token == 2
                StoredIndex(base).record_effect("fresh", sha256(b"x"))
                os.killpg(stalled.pid, signal.SIGCONT)
                said, _ = stalled.communicate("go\n", timeout=60)
                assert said == "RUN014 RUN014 RUN014 RUN014 RUN014 True\n"
                owner.check()
        finally:
            stalled.kill()
    assert index.effect("stale") is None
    counted = "SELECT (SELECT count(*) FROM checkpoints) + (SELECT count(*) FROM checkpoint_writes)"
    assert base.read(counted) == [(0,)]


OUTSIDE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[4])
import sandbox_support
from orchestrator.app.clock import SystemClock
from orchestrator.app.runs.fencing import FencedNotifier, FencedSandboxes
from orchestrator.app.runs.notifying import LocalNotifier
from orchestrator.errors import RunBusy
from orchestrator.models.ids import RunId
from orchestrator.models.capabilities import Limits
from orchestrator.models.workflow import Channel
from orchestrator.ports import SandboxRequest
from orchestrator.store.cluster import database as postgres
from orchestrator.store.cluster.pools import open_pool
from orchestrator.store.cluster.lease import lease

url, schema, run, _, list_ = sys.argv[1:]
base = postgres.PostgresDatabase(open_pool(url, schema))
request = SandboxRequest(f"{run}/S1/1/agent", RunId(run), Limits())

def opened(sandboxes):
    with sandboxes.open(request):
        pass

def tried(what):
    owner._lost.clear()  # only the database is to know
    try:
        return what()
    except RunBusy as problem:
        return problem.code

with sandbox_support.sandboxes() as made, lease(base, run, float(sys.stdin.readline())) as owner:
    sandboxes = FencedSandboxes(made, owner.check)
    notifier = FencedNotifier(LocalNotifier(Path(list_), SystemClock()), owner.check)
    effects = (
        lambda: notifier.tell(Channel.FILE, "ana", "it waits", "k"),
        lambda: opened(sandboxes),
        lambda: sandboxes.warm(request),
    )
    print(*map(tried, effects), flush=True)
    sys.stdin.readline()
    print(*map(tried, effects), flush=True)
"""


@pytest.mark.engine
def test_an_owner_that_stalled_past_its_lease_starts_no_container_and_tells_nobody(name, base, tmp_path):
    url, where, told = server().url(name), postgres.schema_of(REPOSITORY), tmp_path / "notifications.jsonl"
    argv = [sys.executable, "-c", OUTSIDE, url, where, RUN, str(Path(__file__).parent), str(told)]
    pipe = subprocess.PIPE
    with subprocess.Popen(argv, stdin=pipe, stdout=pipe, text=True, start_new_session=True) as stalled:
        try:
            stalled.stdin.write("2.0\n")
            stalled.stdin.flush()
            assert stalled.stdout.readline() == "True None None\n"  # while the run is its own all of it works
            os.killpg(stalled.pid, signal.SIGSTOP)
            until = time.monotonic() + 60
            while is_held(base, RUN):
                assert time.monotonic() < until
                time.sleep(0.05)
            with lease(base, RUN, 60.0) as owner:
                os.killpg(stalled.pid, signal.SIGCONT)
                said, _ = stalled.communicate("go\n", timeout=120)
                assert said == "RUN014 RUN014 RUN014\n"
                owner.check()
        finally:
            stalled.kill()
    assert len(told.read_text().splitlines()) == 1
    assert containers(RUN) == []


def test_an_owner_that_keeps_renewing_keeps_its_run(base):
    with lease(base, RUN, 1.0) as owner:
        time.sleep(2.5)
        assert not owner.lost
        assert is_held(base, RUN)
        with pytest.raises(RunBusy, match="RUN002"), lease(base, RUN, 1.0):
            pass
    assert not is_held(base, RUN)
