"""Where attacks are tried: the user's own sandbox, and one whose protections were taken away on purpose.

The weakened container runs nothing but the attacks of this package, which open
doors and go through none of them. It has no network of its own, apart from the
one attack that asks what of the host can be reached.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.ids import RunId
from orchestrator.ports import SandboxRequest
from orchestrator.sandbox.container import DockerSandbox
from orchestrator.sandbox.docker_engine import DockerSandboxes
from orchestrator.sandbox.owner import Owner
from orchestrator.sandbox.profile import MIB, OPEN_FILES, PROGRAMS, PYTHON, container_spec, is_gvisor
from orchestrator.sandbox.selftest.engine import SelftestEngine
from orchestrator.sandbox.selftest.host import HostSide
from orchestrator.testing.sandbox_suite import Tree

RUN = RunId("selftest")
ATTACKS = (PYTHON, "-I", "-S", f"{PROGRAMS}/attacks/run.py")
MOST = Limits(cpus=2, memory_mib=512, pids=128, disk_mib=128, inodes=8192, wall_seconds=120, output_kib=256)
"""The profile's limits are lowered to these: a smaller bomb shows as much and takes less of the machine."""
FILES: Mapping[str, tuple[str, bytes]] = {
    "README.md": ("100644", b"read me\n"),
    ".github/ci.yml": ("100644", b"on: push\n"),
    "src/conftest.py": ("100644", b"# the project's own\n"),
    "src/granted.txt": ("100644", b"granted\n"),
    "src/app.py": ("100644", b"VALUE = 1\n"),
    "tests/test_app.py": ("100644", b"def test_value():\n    assert True\n"),
}
WRITE = ("src/**", "tests/**")
SECONDS = 90.0
_ADDED = ("DAC_READ_SEARCH", "MKNOD", "NET_ADMIN", "NET_RAW", "SYSLOG", "SYS_ADMIN", "SYS_PTRACE")
"""Beside the engine's ordinary ones: what the attacks need, and no more than that."""
_IDLE = (PYTHON, "-I", "-S", "-c", "import time; time.sleep(120)")


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one attempt. ``broke`` means that the attempt itself failed, so that it shows nothing."""

    succeeded: bool
    words: str
    broke: bool = False


@dataclass(frozen=True, slots=True)
class Inside:
    """Programs of ``/opt/handrail/attacks`` that share one container, unless ``alone``.

    ``ends_sandbox``: that the sandbox dies of it is one way of being stopped
    (a runtime that is itself a process of the container dies of its limits).
    """

    program: str
    alone: bool = False
    ends_sandbox: bool = False
    limits: Mapping[str, float] = field(default_factory=dict[str, float])
    host_network: bool = False


class Bench:
    """One self-test's engine, limits and host side."""

    def __init__(self, sandboxes: DockerSandboxes, engine: SelftestEngine, limits: Limits, host: HostSide) -> None:
        self.sandboxes, self.engine, self.host = sandboxes, engine, host
        self.limits = limits.meet(MOST)
        self.gvisor = is_gvisor(sandboxes.connect().runtime)
        """Whether the sandbox's kernel is gVisor's: some of its devices are emulated, and PID 1 can be ended."""
        self._shared: tuple[str, ...] = ()
        self._seen: dict[tuple[str, bool], Seen] = {}
        self._turns = {False: threading.Lock(), True: threading.Lock()}

    def share(self, programs: Sequence[Inside]) -> None:
        """Tell which programs will be asked for, so that those which may share a container do."""
        self._shared = tuple(i.program for i in programs if not i.alone)

    def attempt(self, inside: Inside) -> Seen:
        """Against the user's profile."""
        if inside.alone:
            return self._alone(inside)
        with self._turns[False]:
            if (inside.program, False) not in self._seen:
                with self.hardened() as box:
                    plant_setuid(self.engine, box.container)
                    self._keep(self.tried(box, self._together(inside), self.parameters()), weak=False)
            return self._seen[inside.program, False]

    def positive(self, inside: Inside) -> Seen:
        """Against the weakened container. The bounds of each bomb are those of the profile."""
        if inside.alone or inside.host_network:
            with self.weakened(host_network=inside.host_network) as box:
                parameters = self.parameters(inside.limits) | {"world": not inside.host_network, "leak": True}
                return self.tried(box, [inside.program], parameters)[inside.program]
        with self._turns[True]:
            if (inside.program, True) not in self._seen:
                with self.weakened() as box:
                    plant_setuid(self.engine, box.container)
                    parameters = self.parameters() | {"world": True, "leak": True}
                    self._keep(self.tried(box, self._together(inside), parameters), weak=True)
            return self._seen[inside.program, True]

    def parameters(self, changes: Mapping[str, float] | None = None) -> dict[str, Any]:
        """What the programs are told: the limits, and how to recognise what is the host's."""
        limits = self.limits.model_copy(update=dict(changes or {}))
        emulated = ["fuse", "tun"] if self.gvisor else []
        return {**limits.model_dump(), "open_files": OPEN_FILES, "emulated": emulated, **self.host.parameters()}

    def _together(self, inside: Inside) -> list[str]:
        return list(dict.fromkeys([*self._shared, inside.program]))

    def _keep(self, seen: Mapping[str, Seen], *, weak: bool) -> None:
        self._seen |= {(name, weak): what for name, what in seen.items()}

    def _alone(self, inside: Inside) -> Seen:
        try:
            with self.hardened(inside.limits) as box:
                return self.tried(box, [inside.program], self.parameters(inside.limits))[inside.program]
        except SandboxUnavailable as ended:
            if inside.ends_sandbox and ended.code == "SBX006":
                return Seen(succeeded=False, words="the whole sandbox was ended by its limit")
            raise

    @contextmanager
    def hardened(
        self, changes: Mapping[str, float] | None = None, *, open_tree: bool = False, broker: str | None = None
    ) -> Generator[DockerSandbox]:
        """A sandbox as a step gets it, with :data:`FILES` in it, of which ``src`` and ``tests`` are granted."""
        limits = self.limits.model_copy(update=dict(changes or {}))
        request = SandboxRequest("selftest", RUN, limits, open_tree=open_tree, broker=broker)
        with self.sandboxes.open(request) as box:
            fill(box, limits, open_tree=open_tree)
            yield box

    @contextmanager
    def weakened(self, *, host_network: bool = False, idle: bool = False) -> Generator[DockerSandbox]:
        """The same image and programs with its protections off. ``idle``: PID 1 is no supervisor and only sleeps."""
        limits = self.limits
        request = SandboxRequest("selftest-weakened", RUN, limits, open_tree=True)
        spec = container_spec(self.sandboxes.connect(), request, Owner.this())
        weaken(spec, self.engine.info, self.host.canary, self.host.socket, host_network=host_network)
        if idle:
            spec["Entrypoint"] = list(_IDLE)
        container = self.engine.create(spec)
        try:
            channel = self.engine.attach(container)
            try:
                self.engine.start(container)
                roomy = limits.model_copy(update={"output_kib": 64 * 1024, "disk_mib": 1024, "inodes": 1_000_000})
                box = DockerSandbox(
                    self.engine, container, channel, SandboxRequest("selftest-weakened", RUN, roomy, open_tree=True)
                )
                if not idle:
                    fill(box, limits, open_tree=True)
                yield box
            finally:
                channel.close()
        finally:
            self.engine.remove(container)

    @staticmethod
    def tried(box: DockerSandbox, programs: Sequence[str], parameters: Mapping[str, Any]) -> dict[str, Seen]:
        """Run programs as the agent runs its own. One that gave no answer broke."""
        done = box.execute([*ATTACKS, json.dumps(parameters), *programs], timeout_seconds=SECONDS)
        return answers(done.stdout, programs)

    def as_root(self, container: str, programs: Sequence[str], parameters: Mapping[str, Any]) -> dict[str, Seen]:
        """Run programs as a process that the engine starts, uid 0, beside PID 1."""
        return answers(framed(self.engine, container, programs, parameters), programs)


def fill(box: DockerSandbox, limits: Limits, *, open_tree: bool = False) -> None:
    """Put :data:`FILES` in."""
    tree = Tree(FILES)
    grant = Capabilities(write=("**",) if open_tree else WRITE, limits=limits)
    box.copy_in(tree.entries, tree.read, grant, ())


def plant_setuid(engine: SelftestEngine, container: str) -> None:
    """A root-owned setuid program, as an image could hold one."""
    framed(engine, container, ["filesystem.plant_setuid"], {})


def framed(engine: SelftestEngine, container: str, programs: Sequence[str], parameters: Mapping[str, Any]) -> bytes:
    """Lines of programs that run beside PID 1."""
    deadline, lines = time.monotonic() + SECONDS, b""
    channel = engine.execute_as(0, container, [*ATTACKS, json.dumps({**parameters, "framed": True}), *programs])
    try:
        while True:
            kind, payload = channel.receive(deadline)
            if kind == b"x":
                return lines
            lines += payload
    finally:
        channel.close()


def answers(lines: bytes, programs: Sequence[str]) -> dict[str, Seen]:
    """By program. What is missing or cannot be read broke."""
    found: dict[str, Seen] = {}
    for line in lines.splitlines():
        try:
            told = json.loads(line)
            found[told["name"]] = Seen(told["succeeded"] is True, str(told["words"]), bool(told.get("broke")))
        except (ValueError, KeyError, TypeError):
            continue
    silent = Seen(succeeded=False, words="the attack gave no answer", broke=True)
    return {name: found.get(name, silent) for name in programs}


def weaken(spec: dict[str, Any], info: Mapping[str, Any], canary: str, socket: str, *, host_network: bool) -> None:
    """Take the protections out of a container's specification: root, all capabilities, no filter, wide limits."""
    host = spec["HostConfig"]
    remapped = any("userns" in str(option) for option in info.get("SecurityOptions") or ())
    spec |= {"User": "0:0", "Env": [f"HANDRAIL_SELFTEST_KEY={canary}"], "NetworkDisabled": False}
    host |= {
        "CapAdd": list(_ADDED),
        "CapDrop": [],
        "DeviceCgroupRules": ["c 1:11 r"],
        "Devices": [{"PathOnHost": "/dev/null", "PathInContainer": "/dev/kvm", "CgroupPermissions": "rw"}],
        "IpcMode": "private",
        "LogConfig": {"Type": "json-file", "Config": {"max-size": "1m"}},
        "MaskedPaths": [],
        "Memory": 2 * host["Memory"],
        "MemorySwap": 2 * host["Memory"],
        "NanoCpus": 0,
        "NetworkMode": "host" if host_network else "none",
        "PidsLimit": None,
        "ReadonlyPaths": [],
        "ReadonlyRootfs": False,
        "Runtime": ordinary_runtime(info),
        "SecurityOpt": ["seccomp=unconfined", "apparmor=unconfined"],
        "Tmpfs": {
            "/work": f"rw,exec,suid,dev,mode=0777,size={host['Memory'] // MIB}m,nr_inodes=0",
            "/tmp": "rw,exec,suid,dev,mode=1777,size=64m",  # noqa: S108  inside the container
        },
        "Ulimits": [{"Name": "nofile", "Soft": 2 * OPEN_FILES, "Hard": 2 * OPEN_FILES}],
        "UsernsMode": "host" if remapped else "",
    }
    host["Mounts"].append({"Type": "bind", "Source": socket, "Target": "/run/handrail-engine.sock", "ReadOnly": True})


def ordinary_runtime(info: Mapping[str, Any]) -> str:
    """The engine's runtime that shares the host's kernel."""
    default = str(info["DefaultRuntime"])
    return "runc" if "runsc" in default and "runc" in (info.get("Runtimes") or {}) else default
