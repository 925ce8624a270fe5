"""The broker's process in a container of its own, for engines that cannot mount a host's socket.

It alone has a network; it shares with the sandbox one volume, in memory, that holds the socket. Its code and
packages are mounted read-only. Keys reach it over its attached stdin, when it asks. It ends when that closes,
and the volume of a dead owner is reaped as its containers are (D9).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.models.capabilities import Limits
from orchestrator.models.ids import RunId
from orchestrator.ports import SandboxRequest
from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.drift import require_as_asked
from orchestrator.sandbox.owner import Owner
from orchestrator.sandbox.pipe import Pipe
from orchestrator.sandbox.profile import PYTHON, Profile, container_spec, mount

USER = 65532
CODE, PACKAGES, FOLDER, SOCKET_FOLDER = "/opt/broker", "/opt/env", "/lease", "/lease/socket"
MACHINE = "host.docker.internal"
"""The user's machine as the container sees it, for endpoints that listen on its loopback."""
LIMITS = Limits(cpus=1.0, memory_mib=1024, pids=64, disk_mib=640, inodes=1024, wall_seconds=1, output_kib=1)
"""``wall_seconds`` and ``output_kib`` are not used: it lives as long as its pipe, and its lines are bounded."""
_VOLUME_KIB = 256


@dataclass(frozen=True, slots=True)
class Program:
    """``boot`` is Python that gets :data:`CODE` as its argument; ``code`` and ``packages`` are folders of this host."""

    boot: str
    code: Path
    packages: Path


class Sidecar:
    """Implements :class:`~orchestrator.ports.BrokerProcess`. Made by :func:`sidecar`, which also ends it."""

    folder, machine, pid = FOLDER, MACHINE, 0

    def __init__(self, pipe: Pipe, volume: str, container: str) -> None:
        self._pipe, self.mount, self.container = pipe, volume, container

    def send(self, data: bytes) -> None:
        """As the port says."""
        self._pipe.send(data)

    def lines(self) -> Iterator[bytes]:
        """As the port says."""
        return self._pipe.lines()

    def kill(self) -> None:
        """As the port says: without its pipe it ends."""
        self._pipe.close()


Connect = Callable[[], tuple[Engine, Profile]]


@contextmanager
def sidecar(connect: Connect, program: Program) -> Iterator[Sidecar]:
    """One container and one volume, gone afterwards. Raises ``SandboxUnavailable``, ``SandboxUnsafe`` (SBX family)."""
    engine, profile = connect()
    owner = Owner.this()
    volume = engine.create_volume("handrail-broker-" + secrets.token_hex(8), owner.labels(), _volume_options())
    try:
        with _started(engine, sidecar_spec(engine, profile, program, volume, owner)) as (container, pipe):
            yield Sidecar(pipe, volume, container)
    finally:
        engine.remove_volume(volume)


@contextmanager
def _started(engine: Engine, spec: Mapping[str, Any]) -> Iterator[tuple[str, Pipe]]:
    container = engine.create(spec)
    try:
        require_as_asked(spec, engine.inspect(container), "broker's container")
        pipe = engine.pipe(container)
        try:
            engine.start(container)
            yield container, pipe
        finally:
            pipe.close()
    finally:
        engine.remove(container)


def sidecar_spec(engine: Engine, profile: Profile, program: Program, volume: str, owner: Owner) -> dict[str, Any]:
    """As a step's container but for its network, its user and what is mounted; on the engine's ordinary runtime."""
    plain = Profile(
        profile.image, profile.programs, profile.programs_digest, profile.seccomp, str(engine.info["DefaultRuntime"])
    )
    spec = container_spec(plain, SandboxRequest(key="broker", run=RunId("broker"), limits=LIMITS), owner)
    host = spec["HostConfig"] | {
        "ExtraHosts": [f"{MACHINE}:host-gateway"],
        "Mounts": _mounts(program, volume),
        "NetworkMode": "bridge",
        "Tmpfs": {FOLDER: f"rw,nosuid,nodev,noexec,size={LIMITS.disk_mib}m,nr_inodes=64,uid={USER},mode=0700"},
    }
    argv: Sequence[str] = (PYTHON, "-I", "-c", _BOOT, PACKAGES, program.boot, CODE)
    return spec | {
        "Entrypoint": list(argv),
        "HostConfig": host,
        "Hostname": "broker",
        "NetworkDisabled": False,
        "User": f"{USER}:{USER}",
    }


_BOOT = "import sys; sys.path.append(sys.argv.pop(1)); exec(sys.argv.pop(1))"
"""Adds the packages, then is the program's own boot line with its own arguments."""


def _mounts(program: Program, volume: str) -> list[dict[str, Any]]:
    return [
        mount(str(program.code), CODE),
        mount(str(program.packages), PACKAGES),
        mount(volume, SOCKET_FOLDER, read_only=False),
    ]


def _volume_options() -> dict[str, str]:
    options = f"size={_VOLUME_KIB}k,nr_inodes=16,uid={USER},gid={USER},mode=0755,nosuid,nodev,noexec"
    return {"type": "tmpfs", "device": "tmpfs", "o": options}
