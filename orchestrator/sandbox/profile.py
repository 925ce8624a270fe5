"""From limits to the exact container that the engine is asked for. Pure: the engine's own JSON, nothing else.

Two tmpfs share ``disk_mib`` and ``inodes``: ``/work`` and ``/tmp``. Both allow
execution: test suites write scripts and run them, and ``noexec`` stops no
interpreter. Both count as memory (D8).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.errors import UsageError
from orchestrator.models.capabilities import Limits
from orchestrator.models.environment import SERVICE_MIB, Service
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.ports import SandboxRequest
from orchestrator.sandbox.owner import PREFIX, Owner

USER = 65534
WORK = "/work"
PROGRAMS = "/opt/handrail"
ENVIRONMENT = "/opt/env"
BROKER = "/run/handrail"
NODE_MODULES = f"{WORK}/node_modules"
PACKAGES = "/opt/packages"
SERVICES = "/services"
SERVICE_USER = 65533
PYTHON = "python3"
SUPERVISOR = (PYTHON, "-I", "-S", f"{PROGRAMS}/supervisor.py")
UNPACKER = (*SUPERVISOR, "unpack")
WATCHER = (*UNPACKER, "watch")
"""Unpacks, and stays to tell which programs run; how often it looks is its next word."""
SERVICE_KEEPER = (PYTHON, "-I", "-S", f"{PROGRAMS}/services.py")
WORKING_SET_MIB = 32
"""What the supervisor and the smallest command need beside the files."""
OPEN_FILES = 1024
MIB = 1024 * 1024
_TMP_MIB = 64
GVISOR_THREADS = 128
"""What gVisor's own kernel, a process of the container, needs beside the agent's processes."""
_PERIOD = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Profile:
    """What all containers of one provider have in common."""

    image: str
    programs: Path
    programs_digest: Digest
    seccomp: str
    runtime: str

    def digest(self) -> Digest:
        """Of everything a probe's result depends on, apart from the engine."""
        spec = container_spec(self, SandboxRequest("", _NO_RUN, Limits()), None)
        return sha256(canonical([self.image, self.programs_digest, spec]))


_NO_RUN: Any = ""


def check_limits(limits: Limits, services: Iterable[Service] = ()) -> None:
    """Raises ``UsageError`` (``SBX020``): a tmpfs counts as memory, so files could take all of it (D8)."""
    beside = WORKING_SET_MIB + sum(SERVICE_MIB[service.kind] + WORKING_SET_MIB for service in services)
    if limits.disk_mib + beside > limits.memory_mib:
        raise UsageError(
            "SBX020",
            f"a disk limit of {limits.disk_mib} MiB does not fit into {limits.memory_mib} MiB of memory: "
            f"files count as memory, and {beside} MiB are needed beside them",
            f"set memory_mib to at least {limits.disk_mib + beside}, or lower disk_mib",
        )


def _service_tmpfs(services: Iterable[Service]) -> dict[str, str]:
    """One for the files of all services, which belong to a user of their own."""
    size = sum(SERVICE_MIB[service.kind] for service in services)
    options = f"rw,nosuid,nodev,noexec,size={size}m,nr_inodes=20000,uid={SERVICE_USER},gid={SERVICE_USER},mode=0700"
    return {SERVICES: options} if size else {}


def is_gvisor(runtime: str) -> bool:
    """Whether an engine's runtime is gVisor, by its name."""
    return "runsc" in runtime or "gvisor" in runtime.lower()


def _tmpfs(limits: Limits, *, open_tree: bool) -> dict[str, str]:
    tmp_mib, tmp_inodes = min(_TMP_MIB, limits.disk_mib // 4), limits.inodes // 4
    common = "rw,nosuid,nodev,exec"
    owner = f"uid={USER},gid={USER},mode=0755" if open_tree else "uid=0,gid=0,mode=0755"
    work_mib, work_inodes = limits.disk_mib - tmp_mib, limits.inodes - tmp_inodes
    return {
        "/tmp": f"{common},size={tmp_mib}m,nr_inodes={tmp_inodes},mode=1777",  # noqa: S108  inside the container
        WORK: f"{common},size={work_mib}m,nr_inodes={work_inodes},{owner}",
    }


def _binds(profile: Profile, request: SandboxRequest) -> list[dict[str, Any]]:
    places = [(str(profile.programs), PROGRAMS), (f"{profile.programs}/hosts", "/etc/hosts")]
    places += [(request.environment, ENVIRONMENT)] if request.environment else []
    places += [(f"{request.environment}/node_modules", NODE_MODULES)] if request.node_modules else []
    places += [(request.packages, PACKAGES)] if request.packages else []
    places += [(request.broker, BROKER)] if request.broker else []
    return [mount(source, target) for source, target in places]


def mount(source: str, target: str, *, read_only: bool = True) -> dict[str, Any]:
    """Of a host's folder by its absolute path, or of a volume by its name."""
    if not source.startswith("/"):
        return {"Type": "volume", "Source": source, "Target": target, "ReadOnly": read_only}
    made = {"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only}
    return made | {"BindOptions": {"Propagation": "rprivate"}}


def host_config(profile: Profile, request: SandboxRequest) -> dict[str, Any]:
    """The protections. Every key is compared again with what the engine made of it."""
    limits = request.limits
    return {
        "AutoRemove": True,
        "CapDrop": ["ALL"],
        "CgroupnsMode": "private",
        "Init": False,
        "IpcMode": "none",
        "LogConfig": {"Type": "none", "Config": {}},
        "Memory": limits.memory_mib * MIB,
        "MemorySwap": limits.memory_mib * MIB,
        "Mounts": _binds(profile, request),
        "NanoCpus": int(limits.cpus * _PERIOD),
        "NetworkMode": "none",
        "OomScoreAdj": 0,
        "PidsLimit": limits.pids + (GVISOR_THREADS if is_gvisor(profile.runtime) else 0),
        "Privileged": False,
        "ReadonlyRootfs": True,
        "Runtime": profile.runtime,
        "SecurityOpt": ["no-new-privileges:true", f"seccomp={profile.seccomp}"],
        "Tmpfs": _tmpfs(limits, open_tree=request.open_tree) | _service_tmpfs(request.services),
        "Ulimits": [
            {"Name": "nofile", "Soft": OPEN_FILES, "Hard": OPEN_FILES},
            {"Name": "core", "Soft": 0, "Hard": 0},
            {"Name": "fsize", "Soft": limits.disk_mib * MIB, "Hard": limits.disk_mib * MIB},
        ],
    }


def enforced(profile: Profile, request: SandboxRequest) -> bytes:
    """Canonical JSON of what held of one container, without names of this machine, run or folder.

    It is what the engine was asked for (:func:`container_spec`), each protection compared with what it made of that:
    mounts by their places inside, the seccomp profile and the mounted programs by digest. NOT in it: which paths of
    the tree could be read or written (the grant), and protections that were accepted to be missing.
    """
    spec = container_spec(profile, request, None)
    host = spec["HostConfig"]
    places = sorted((m["Target"], m["Type"], m["ReadOnly"]) for m in host["Mounts"])
    seccomp = ["no-new-privileges:true", f"seccomp={sha256(profile.seccomp.encode())}"]
    kept = {k: v for k, v in spec.items() if k != "Labels"}
    whole = kept | {
        "HostConfig": host | {"Mounts": places, "SecurityOpt": seccomp},
        "Programs": profile.programs_digest,
    }
    return canonical(whole)


def container_spec(
    profile: Profile, request: SandboxRequest, owner: Owner | None, wall_seconds: int | None = None
) -> dict[str, Any]:
    """The body of the engine's create call. No host environment, no proxy settings, no anonymous volume.

    ``wall_seconds`` is how long a container that is made ahead may wait, instead of how long it may work.
    """
    seconds = request.limits.wall_seconds if wall_seconds is None else wall_seconds
    labels = {PREFIX + "run": request.run, PREFIX + "key": request.key, **(owner.labels() if owner else {})}
    return {
        "Image": request.image or profile.image,
        "User": f"{USER}:{USER}",
        "Entrypoint": [*SUPERVISOR, str(seconds)],
        "Cmd": [],
        "Env": [],
        "WorkingDir": "/",
        "Hostname": "sandbox",
        "Labels": labels,
        "Tty": False,
        "OpenStdin": True,
        "StdinOnce": True,
        "AttachStdin": True,
        "AttachStdout": True,
        "AttachStderr": True,
        "NetworkDisabled": True,
        "Healthcheck": {"Test": ["NONE"]},
        "HostConfig": host_config(profile, request),
    }
