"""What a container takes of the machine, read from the engine's account of it.

Not seen: what comes and goes between two samples, but for memory where the kernel keeps its own peak (cgroup v1).
"""

from __future__ import annotations

from typing import Any, Final, cast

from orchestrator.models.usage import Peaks
from orchestrator.sandbox.profile import MIB

_NANO: Final = 1e9


def read(told: dict[str, Any]) -> Peaks:
    """One sample. What the engine leaves out, or writes in another shape, is ``None``."""
    memory = _dict(told, "memory_stats")
    stats = _dict(memory, "stats")
    cpu = _number(_dict(_dict(told, "cpu_stats"), "cpu_usage"), "total_usage")
    return Peaks(
        cpu_seconds=None if cpu is None else round(cpu / _NANO, 3),
        memory_mib=_mib(_number(memory, "max_usage", "usage")),
        pids=_whole(_number(_dict(told, "pids_stats"), "current")),
        disk_mib=_mib(_number(stats, "shmem", "total_cache")),
    )


def higher(one: Peaks, other: Peaks) -> Peaks:
    """The higher of each."""
    both = {name: (getattr(one, name), getattr(other, name)) for name in Peaks.model_fields}
    return Peaks(**{name: max((v for v in pair if v is not None), default=None) for name, pair in both.items()})


def _dict(told: dict[str, Any], name: str) -> dict[str, Any]:
    found = told.get(name)
    return cast("dict[str, Any]", found) if isinstance(found, dict) else {}


def _number(told: dict[str, Any], *names: str) -> float | None:
    """The first that is a number above zero: an engine writes 0 for what it does not know."""
    values = (told.get(name) for name in names)
    return next((v for v in values if isinstance(v, int | float) and not isinstance(v, bool) and v > 0), None)


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _mib(value: float | None) -> int | None:
    return None if value is None else -(-int(value) // MIB)
