"""How sandboxes begin and end: dead owners, weakened containers."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sandbox_support

from orchestrator.errors import SandboxUnavailable, SandboxUnsafe
from orchestrator.models.observed import Account
from orchestrator.sandbox import probe
from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.container import DockerSandbox
from orchestrator.sandbox.owner import Owner
from orchestrator.sandbox.profile import container_spec
from orchestrator.testing.sandbox_suite import GRANT, Filled, Tree, request

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def docker():
    with sandbox_support.sandboxes() as made:
        yield made


@pytest.fixture
def engine():
    made = Engine()
    yield made
    made.close()


def ids(engine, pid=None):
    """The containers of this process, or of another: other runs on the same engine do not count."""
    wanted = str(pid or os.getpid())
    return {c["Id"] for c in engine.owned() if c["Labels"]["dev.handrail.pid"] == wanted}


def none_left(engine, before):
    """A container whose context ended well is removed behind it."""
    until = time.monotonic() + 10
    while ids(engine) - before and time.monotonic() < until:
        time.sleep(0.05)
    return not ids(engine) - before


def gone_within(seconds, engine, container):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if container not in {c["Id"] for c in engine.owned()}:
            return True
        time.sleep(0.1)
    return False


@contextmanager
def channel_to(engine, container):
    """Start a container by hand, and take care of it."""
    channel = engine.attach(container)
    try:
        engine.start(container)
        yield channel
    finally:
        channel.close()
        engine.remove(container)


# --- the probe ----------------------------------------------------------------------

WEAK = {
    "memory": {"Memory": 0, "MemorySwap": 0},
    "pids": {"PidsLimit": 0},
    "cpu": {"NanoCpus": 0},
    "disk": {"Tmpfs": {"/work": "rw,size=512m,nr_inodes=192,uid=65534"}, "Ulimits": []},
    "inodes": {"Tmpfs": {"/work": "rw,size=6m,nr_inodes=9999,uid=65534"}},
    "read-only-root": {"ReadonlyRootfs": False},
    "seccomp": {"SecurityOpt": ["no-new-privileges:true", "seccomp=unconfined"]},
    "no-new-privileges": {"SecurityOpt": ["seccomp=unconfined"]},
    "capabilities": {"CapDrop": [], "CapAdd": ["NET_ADMIN"]},
}


@pytest.mark.parametrize("name", WEAK)
def test_the_probe_finds_each_protection_that_is_missing(docker, engine, name):
    profile = docker.connect()
    spec = container_spec(profile, probe.REQUEST, Owner.this())
    spec["HostConfig"] |= WEAK[name]

    @contextmanager
    def opened():
        container = engine.create(spec)
        with channel_to(engine, container) as channel:
            yield DockerSandbox(engine, container, channel, probe.REQUEST)

    with pytest.raises(SandboxUnsafe) as caught:
        probe.run(opened)
    assert caught.value.code == "SBX011"
    assert name in caught.value.message.split(": ")[1].split(", ")


def at_rest(provider):
    """Its calls so far, once what it removes behind it is gone."""
    calls = -1
    while calls != provider.calls:
        calls = provider.calls
        time.sleep(1)
    return calls


def test_the_probe_is_quick_and_remembered(tmp_path):
    first = sandbox_support.provider(tmp_path)
    first.connect()
    began = time.monotonic()
    first.probe()
    assert time.monotonic() - began < 3
    calls = at_rest(first)
    first.probe()
    assert at_rest(first) == calls
    first.close()
    second = sandbox_support.provider(tmp_path)
    second.connect()
    calls = second.calls
    second.probe()
    assert second.calls == calls
    second.close()


def test_a_cut_record_of_a_probe_does_not_count(tmp_path):
    made = sandbox_support.provider(tmp_path)
    made.probe()
    (record,) = (tmp_path / "probes").iterdir()
    record.write_bytes(record.read_bytes()[:-5])
    made.close()
    again = sandbox_support.provider(tmp_path)
    again.connect()
    calls = again.calls
    again.probe()
    assert again.calls > calls
    again.close()


# --- ends ------------------------------------------------------------------------------


def test_the_container_is_gone_when_the_context_ends(docker, engine):
    before = ids(engine)
    with Filled(docker) as box:
        box.sh("(setsid sleep 100 &)")
        assert len(ids(engine) - before) == 1
    assert none_left(engine, before)
    left = ids(engine)
    with pytest.raises(ZeroDivisionError), Filled(docker):
        raise ZeroDivisionError
    assert ids(engine) <= left


def test_what_a_watched_sandbox_took_is_seen_from_outside(docker):
    """Four children and 40 MiB for longer than two samples are apart; one that is not watched tells nothing."""
    takes = "import os, time\nheld = bytearray(40 << 20)\nfor _ in range(4):\n  if not os.fork(): break\ntime.sleep(2)"
    with docker.open(replace(request(), watched=True)) as sandbox:
        sandbox.copy_in((), lambda _: iter(()), GRANT, ())
        sandbox.execute(["python3", "-c", takes], timeout_seconds=30)
        account = sandbox.observed()
        assert sandbox.observed() == account
    peaks = account.peaks
    assert peaks.pids >= 6
    assert 40 <= peaks.memory_mib <= 512
    assert peaks.cpu_seconds > 0
    with docker.open(request()) as sandbox:
        assert sandbox.observed() == Account()


def test_an_engine_elsewhere_is_asked_and_not_waited_for(docker, monkeypatch):
    real = Engine.stats

    def late(self, container):
        told = real(self, container)
        time.sleep(1.5)
        return told

    monkeypatch.setattr("orchestrator.sandbox.peaks.group_of", lambda *_: None)  # as on another machine
    monkeypatch.setattr(Engine, "stats", late)  # as an engine with much to do
    with docker.open(replace(request(), watched=True)) as sandbox:
        sandbox.copy_in((), lambda _: iter(()), GRANT, ())
        sandbox.execute(["sleep", "4"], timeout_seconds=30)
        began = time.monotonic()
        peaks = sandbox.observed().peaks
        assert time.monotonic() - began < 0.6
    assert peaks.pids >= 1
    assert peaks.memory_mib >= 1


def test_several_threads_share_a_provider(engine, tmp_path):
    before = ids(engine)
    made = sandbox_support.provider(tmp_path)

    def job(number):
        with Filled(made) as box:
            box.sh(f"echo {number} > src/new.py")
            return [m.data for m in box.out().changed]

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(job, range(6))) == [[b"%d\n" % n] for n in range(6)]
    made.close()
    assert none_left(engine, before)


def test_commands_in_two_sandboxes_run_at_the_same_time(docker):
    def work(_: int) -> tuple[float, float]:
        with docker.open(request()) as sandbox:
            sandbox.copy_in((), lambda _: iter(()), GRANT, ())
            began = time.monotonic()
            sandbox.execute(["sleep", "5"], timeout_seconds=30)
            return began, time.monotonic()

    with ThreadPoolExecutor(2) as pool:
        (began, ended), (other_began, other_ended) = pool.map(work, range(2))
    assert max(began, other_began) < min(ended, other_ended)


def test_a_failed_copy_leaves_nothing(docker, engine):
    before = ids(engine)

    def broken(_):
        yield b"one"
        raise OSError("the repository went away")

    with docker.open(request()) as sandbox, pytest.raises(OSError, match="went away"):
        sandbox.copy_in(Tree().entries, broken, GRANT, ())
    assert none_left(engine, before)


def test_a_container_removed_by_somebody_is_said(docker, engine):
    before = ids(engine)
    with Filled(docker) as box:
        (mine,) = ids(engine) - before
        engine.remove(mine)
        with pytest.raises(SandboxUnavailable) as caught:
            box.sh("true")
        assert caught.value.code == "SBX006"
    assert none_left(engine, before)


OWNER = """
import sys
sys.path[:0] = [{root!r}, {here!r}]
import sandbox_support
from orchestrator.testing.sandbox_suite import Filled
box = Filled(sandbox_support.provider({state!r}))
box.__enter__()
print("open", flush=True)
box.sh({script!r}, timeout_seconds=50)
"""


@contextmanager
def owner(tmp_path, engine, script):
    """Another process with a sandbox of its own: the process and its container."""
    here = str(Path(__file__).parent)
    code = OWNER.format(root=str(sandbox_support.ROOT), here=here, state=str(tmp_path), script=script)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=dict(os.environ)) as process:
        try:
            assert process.stdout.readline() == b"open\n"
            time.sleep(0.5)
            (container,) = ids(engine, process.pid)
            yield process, container
        finally:
            process.kill()
            process.wait()


@pytest.mark.parametrize("script", ["sleep 1000", "yes", "(setsid sleep 1000 &); yes >&2"])
def test_kill_9_of_the_owner_leaves_nothing(engine, tmp_path, script):
    with owner(tmp_path, engine, script) as (process, container):
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert gone_within(5, engine, container)


def test_a_stopped_owner_keeps_its_container_and_no_other_run_reaps_it(docker, engine, tmp_path):
    with owner(tmp_path, engine, "sleep 1000") as (process, container):
        process.send_signal(signal.SIGSTOP)
        assert container not in docker.reap()
        assert container in ids(engine, process.pid)
        process.send_signal(signal.SIGCONT)
    assert gone_within(5, engine, container)


def test_what_a_dead_owner_left_is_reaped_and_a_live_one_is_not(docker, engine):
    dead = Owner.this().labels() | {"dev.handrail.pid": "4194303"}
    spec = container_spec(docker.connect(), request(), Owner.this())
    left = engine.create(spec | {"Labels": spec["Labels"] | dead})
    mine = engine.create(spec)
    try:
        with Filled(docker) as box:
            docker.reap()  # another process on this engine may have been first
            assert box.sh("echo alive").stdout == b"alive\n"
        assert gone_within(5, engine, left)
        assert mine in ids(engine)
    finally:
        engine.remove(mine)
        engine.remove(left)


def test_pid_1_ends_itself_after_its_time(docker, engine):
    limits = request().limits.model_copy(update={"wall_seconds": 1})
    spec = container_spec(docker.connect(), request(limits=limits), Owner.this())
    container = engine.create(spec)
    with channel_to(engine, container):
        began = time.monotonic()
        assert gone_within(45, engine, container)
        assert time.monotonic() - began > 28


def test_a_command_that_the_host_did_not_send_ends_the_sandbox(docker):
    """Whoever could write to PID 1's input would have its commands obeyed; without the key they end everything."""
    with Filled(docker) as box:
        assert box.sh("true").exit_code == 0
        box.sandbox._channel.send([b"X" + bytes(16) + bytes(64)], time.monotonic() + 5)
        with pytest.raises(SandboxUnavailable) as caught:
            box.sh("true")
        assert caught.value.code == "SBX006"


def test_a_second_key_ends_the_sandbox(docker):
    with Filled(docker) as box:
        box.sandbox._channel.command(b"A", [bytes(32)], time.monotonic() + 5)
        with pytest.raises(SandboxUnavailable):
            box.sh("true")
