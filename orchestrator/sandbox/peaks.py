"""What a container takes of the machine, sampled while an agent works.

Not seen: what comes and goes between two samples, but for what the kernel keeps a peak of itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, cast

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.usage import Peaks
from orchestrator.sandbox.cgroup import group_of
from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.profile import MIB

EVERY_SECONDS: Final = 1.0
OFTEN_SECONDS: Final = 0.25
"""Between two samples: of the engine, whose answer may wait for its own next second, and of the kernel."""
_LAST_SECONDS: Final = 0.25
_NANO: Final = 1e9


class Watch:
    """Samples one container in a thread of its own until it is closed. An engine that does not answer is no error.

    The kernel's account is read where it can be reached, else the engine's.
    """

    def __init__(self, engine: Engine, container: str) -> None:
        self._engine, self._container = engine, container
        self._over, self._left = threading.Event(), threading.Event()
        self._peaks = Peaks()
        self._thread = threading.Thread(target=self._run, name="peaks", daemon=True)
        self._thread.start()

    def close(self) -> Peaks:
        """Take a last sample and stop. An engine that is slow to tell it is not waited for. Idempotent."""
        self._over.set()
        self._thread.join(_LAST_SECONDS)
        return self._peaks

    def abandon(self) -> None:
        """Stop without a last sample: the container may be gone."""
        self._left.set()
        self.close()

    def _run(self) -> None:
        sample = self._sampler()
        every = EVERY_SECONDS if sample == self._told else OFTEN_SECONDS
        while not self._over.wait(every):
            self._peaks = higher(self._peaks, sample())
        if not self._left.is_set():
            self._peaks = higher(self._peaks, sample())

    def _sampler(self) -> Callable[[], Peaks]:
        try:
            state = _dict(self._engine.inspect(self._container), "State")
        except SandboxUnavailable:
            return self._told
        group = group_of(self._container, _whole(_number(state, "Pid")) or 0)
        return self._told if group is None else group.read

    def _told(self) -> Peaks:
        try:
            return read(self._engine.stats(self._container))
        except SandboxUnavailable:
            return Peaks()


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
