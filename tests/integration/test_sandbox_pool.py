"""Containers made ahead: used once, as limited as any other, and gone with their owner."""

import subprocess
import sys
import time

import pytest
from sandbox_support import ROOT, sandboxes

from orchestrator.errors import LimitReached, SandboxUnavailable
from orchestrator.models.capabilities import Limits
from orchestrator.ports import SandboxRequest
from orchestrator.sandbox.pool import POOL, kind

pytestmark = pytest.mark.engine
LIMITS = Limits(memory_mib=128, disk_mib=32, pids=32, wall_seconds=30)
REQUEST = SandboxRequest("run:S01:1:agent", "run", LIMITS, open_tree=True)
MINE = ["docker", "ps", "-aq", "--no-trunc", "--filter"]


def labelled(text):
    return set(subprocess.run([*MINE, f"label={text}"], capture_output=True, text=True, check=True).stdout.split())


def waits_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_each_is_used_once_and_knows_nothing_of_another():
    with sandboxes(pool_size=2) as made:
        made.warm(REQUEST)
        used = set()
        for _ in range(4):
            waits_for(lambda: made._pool.waiting() == 2)
            with made.open(REQUEST) as box:
                done = box.execute(
                    ["sh", "-c", "ls -A /work /tmp; echo x > /work/x; echo x > /tmp/x"], timeout_seconds=5
                )
                assert done.stdout == b"/tmp:\n\n/work:\n"
                assert [member.path for member in box.change_out().changed] == ["x"]
                used.add(box._container)
        assert len(used) == 4
        waits_for(lambda: not labelled("dev.handrail.key=pool") & used)  # removed behind the one who used them
    assert made._pool.waiting() == 0


def test_without_a_pool_one_that_was_ordered_is_given_and_none_made_behind_it():
    with sandboxes() as made:
        made.warm(REQUEST)
        made.warm(REQUEST)
        waits_for(lambda: made.made_ahead() == 1)
        ahead = next(iter(made._pool._ready[kind(REQUEST)])).container
        with made.open(REQUEST) as box:
            assert box.container == ahead
        time.sleep(0.5)
        assert made.made_ahead() == 0


def test_it_is_given_only_to_a_request_of_its_kind():
    others = [
        SandboxRequest("k", "run", LIMITS),
        SandboxRequest("k", "run", LIMITS, open_tree=True, environment="/e"),
        SandboxRequest("k", "run", LIMITS, open_tree=True, packages="/p"),
        SandboxRequest("k", "run", LIMITS.model_copy(update={"pids": 33}), open_tree=True),
    ]
    assert len({kind(request) for request in (REQUEST, *others)}) == 5
    assert kind(REQUEST) == kind(SandboxRequest("other", POOL, LIMITS, open_tree=True))


def test_its_wall_time_begins_when_it_is_taken_and_holds():
    short = SandboxRequest("k", "run", LIMITS.model_copy(update={"wall_seconds": 2}), open_tree=True)
    with sandboxes(pool_size=1) as made:
        made.warm(short)
        waits_for(lambda: made._pool.waiting() == 1)
        time.sleep(2.5)
        with made.open(short) as box:
            assert box.execute(["true"], timeout_seconds=5).exit_code == 0
            with pytest.raises(LimitReached, match="SBX030"):
                box.execute(["sleep", "30"], timeout_seconds=60)


def test_one_that_ended_while_it_waited_is_not_given():
    with sandboxes(pool_size=1) as made:
        made.warm(REQUEST)
        waits_for(lambda: made._pool.waiting() == 1)
        dead = next(iter(made._pool._ready[kind(REQUEST)])).container
        subprocess.run(["docker", "kill", dead], capture_output=True, check=True)
        with made.open(REQUEST) as box:
            assert box._container != dead
            assert box.execute(["true"], timeout_seconds=5).exit_code == 0


def test_an_abort_and_a_close_leave_none():
    with sandboxes(pool_size=2) as made:
        made.warm(REQUEST)
        waits_for(lambda: made._pool.waiting() > 0)
        made.abort()
        with pytest.raises(SandboxUnavailable, match="SBX009"), made.open(REQUEST):
            pass
        kept = {one.container for one in made._pool._ready[kind(REQUEST)]}
    assert not kept & labelled("dev.handrail.key=pool")


def test_a_killed_owner_leaves_none():
    program = f"""
import sys, time
sys.path.insert(0, {str(ROOT / "tests/integration")!r})
from sandbox_support import sandboxes
from test_sandbox_pool import REQUEST, waits_for
with sandboxes(pool_size=2) as made:
    made.warm(REQUEST)
    waits_for(lambda: made._pool.waiting() == 2)
    print("ready", flush=True)
    time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert owner.stdout.readline() == "ready\n"
    mine = f"dev.handrail.pid={owner.pid}"
    assert len(labelled(mine)) == 2
    owner.kill()
    owner.communicate()
    waits_for(lambda: not labelled(mine))
