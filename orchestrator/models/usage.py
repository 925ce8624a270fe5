"""What a step really used of its grant, as the host saw it from outside the sandbox."""

from __future__ import annotations

from pydantic import Field

from orchestrator.models.base import Noun


class Peaks(Noun):
    """The most that a container was seen to take of the machine; ``None`` where the engine does not tell.

    From the engine's account of its cgroup, asked once a second and at the end: ``memory_mib`` is the kernel's own
    peak where it keeps one, ``pids`` and ``disk_mib`` are the highest of the samples. ``disk_mib`` is what its
    file systems in memory take (on cgroup v1 with other cached pages). ``cpu_seconds`` are all that were used.
    """

    cpu_seconds: float | None = Field(default=None, ge=0)
    memory_mib: int | None = Field(default=None, ge=0)
    pids: int | None = Field(default=None, ge=0)
    disk_mib: int | None = Field(default=None, ge=0)


class Used(Noun):
    """Of one attempt. ``commands`` are what the agent's driver told; all else was seen or counted by the host.

    ``programs`` ran in the sandbox. ``cost_usd`` is ``None`` where a price is unknown. ``egress_kib`` counts both ways.
    """

    commands: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    requests: int = 0
    tokens: int = 0
    cost_usd: float | None = 0.0
    egress_kib: int = 0
    wall_seconds: float = 0.0
    peaks: Peaks = Peaks.model_construct()
