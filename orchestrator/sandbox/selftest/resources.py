"""Attacks that use up what a step may use, and what the host keeps of its output and time."""

from __future__ import annotations

import time
from functools import partial

from orchestrator.errors import AgentFailed
from orchestrator.sandbox.profile import PYTHON
from orchestrator.sandbox.selftest.bench import Bench, Inside, Seen
from orchestrator.sandbox.selftest.inside import entry
from orchestrator.sandbox.selftest.model import Attack

_MANY = "import os\nfor i in range({}): os.symlink('x', f'/work/src/{{i}}')"
_FLOOD = "yes | head -c 400000; yes | head -c 400000 >&2"
_DAEMON = "(setsid sleep 61 >/dev/null 2>&1 &)"
_DEADLINE_SECONDS, _STUBBORN_SECONDS = 0.5, 2
_STUBBORN = f"trap '' TERM INT HUP ALRM; (setsid sleep 61 &); sleep {_STUBBORN_SECONDS} & wait; echo lived"


def _flooded(bench: Bench) -> Seen:
    with bench.hardened() as box:
        done = box.execute(["sh", "-c", _FLOOD], timeout_seconds=20)
    came, cap = len(done.stdout) + len(done.stderr), bench.limits.output_kib * 1024
    return Seen(came > cap, f"{came} bytes came, {cap} are allowed")


def _flooded_weakly(bench: Bench) -> Seen:
    with bench.weakened() as box:
        done = box.execute(["sh", "-c", _FLOOD], timeout_seconds=20)
    came, cap = len(done.stdout) + len(done.stderr), bench.limits.output_kib * 1024
    return Seen(came > cap, f"{came} bytes came")


def _logged(bench: Bench) -> Seen:
    with bench.hardened() as box:
        box.execute(["sh", "-c", "yes | head -c 100000"], timeout_seconds=20)
        kept = bench.engine.logged_bytes(box.container)
    return Seen(kept > 0, f"the engine kept {kept} bytes")


def _logged_weakly(bench: Bench) -> Seen:
    with bench.weakened() as box:
        box.execute(["sh", "-c", "yes | head -c 100000"], timeout_seconds=20)
        kept = bench.engine.logged_bytes(box.container)
    return Seen(kept > 0, f"the engine kept {kept} bytes")


def _daemon(bench: Bench) -> Seen:
    with bench.hardened() as box:
        box.execute(["sh", "-c", _DAEMON], timeout_seconds=20)
        return Bench.tried(box, ["resources.survivors"], {})["resources.survivors"]


def _daemon_weakly(bench: Bench) -> Seen:
    """Beside PID 1, as ``docker exec`` starts commands: nobody ends what they leave."""
    with bench.weakened(idle=True) as box:
        bench.as_root(box.container, ["resources.leave_daemon"], {})
        return bench.as_root(box.container, ["resources.survivors"], {})["resources.survivors"]


def _zombies_weakly(bench: Bench) -> Seen:
    with bench.weakened(idle=True) as box:
        return bench.as_root(box.container, ["resources.zombies"], {})["resources.zombies"]


_INODES = Inside("resources.inode_fill", alone=True, ends_sandbox=True)


def _inodes(bench: Bench) -> Seen:
    """GVisor's file systems in memory know no limit of inodes: there the way out must refuse them."""
    seen = bench.attempt(_INODES)
    if not seen.succeeded or not bench.gvisor:
        return seen
    with bench.hardened() as box:
        box.execute([PYTHON, "-I", "-S", "-c", _MANY.format(bench.limits.inodes + 64)], timeout_seconds=60)
        try:
            box.change_out()
        except AgentFailed as refused:
            return Seen(refused.code != "AGT041", f"made inside, in the container's memory; {refused}")
    return seen


def _stubborn(bench: Bench, seconds: float) -> Seen:
    began = time.monotonic()
    with bench.hardened() as box:
        done = box.execute(["sh", "-c", _STUBBORN], timeout_seconds=seconds)
    lived = b"lived" in done.stdout
    return Seen(lived, f"ended after {time.monotonic() - began:.1f} s, exit {done.exit_code}")


_ZOMBIES = entry(10, "resources.zombies", "zombies", "PID 1 reaps orphans", "none is left", "PID 1 reaps nothing")

ATTACKS = (
    entry(
        1,
        Inside("resources.fork_bomb", alone=True, ends_sandbox=True),
        "fork bomb",
        "pids limit",
        "EAGAIN at the limit, or the sandbox is ended",
    ),
    entry(
        2,
        Inside("resources.memory_bomb", alone=True, ends_sandbox=True),
        "memory bomb",
        "memory limit without swap",
        "killed",
    ),
    entry(3, Inside("resources.cpu_spin", alone=True, limits={"cpus": 0.2}), "CPU spin", "cpus limit", "throttled"),
    entry(4, Inside("resources.disk_fill", alone=True, ends_sandbox=True), "disk fill", "tmpfs size", "ENOSPC"),
    Attack(
        5,
        "resources",
        "inode fill",
        "tmpfs inodes; gVisor: refused on the way out",
        "ENOSPC, or AGT041 with gVisor",
        "wide limits",
        _inodes,
        partial(Bench.positive, inside=_INODES),
    ),
    entry(6, "resources.descriptors", "descriptor exhaustion", "nofile limit", "EMFILE"),
    Attack(7, "resources", "output flood", "output cap", "cut at the cap", "a wide cap", _flooded, _flooded_weakly),
    Attack(8, "resources", "log fill", "no log driver", "nothing is kept", "log driver", _logged, _logged_weakly),
    Attack(
        9,
        "resources",
        "surviving daemon",
        "every process is ended with its command",
        "no process is left",
        "commands run beside a PID 1 that ends nothing",
        _daemon,
        _daemon_weakly,
    ),
    Attack(
        10,
        "resources",
        _ZOMBIES.name,
        _ZOMBIES.control,
        _ZOMBIES.expected,
        _ZOMBIES.weakened,
        _ZOMBIES.attempt,
        _zombies_weakly,
    ),
    entry(11, "resources.shared_memory", "shared memory fill", "no shared memory mount", "no such place"),
    Attack(
        30,
        "resources",
        "live past the deadline",
        "the host's monotonic deadline",
        "ended at the deadline, with all children",
        "a later deadline",
        lambda bench: _stubborn(bench, _DEADLINE_SECONDS),
        lambda bench: _stubborn(bench, 4 * _STUBBORN_SECONDS),
    ),
    entry(61, "resources.giant_file", "4 GiB file of zeroes", "fsize limit", "EFBIG"),
)
