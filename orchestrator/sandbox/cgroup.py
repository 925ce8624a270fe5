"""What the kernel accounts for a container, read from its control group: exact to the last moment, in a millisecond.

Only where the engine runs on this kernel and its processes can be seen; control groups of version 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from orchestrator.models.usage import Peaks
from orchestrator.sandbox.profile import MIB

_MICRO: Final = 1e6
_NANO: Final = 1e9
_UNIFIED: Final = ""
"""The controller's name under which version 2 lists its one hierarchy."""


class ControlGroup:
    """The folders of one container by controller; ``''`` is the one folder of version 2."""

    def __init__(self, folders: dict[str, Path]) -> None:
        self._folders = folders

    def read(self) -> Peaks:
        """Now. What the kernel does not tell is ``None``; all of it, when the group is gone."""
        return self._unified() if _UNIFIED in self._folders else self._separate()

    def _unified(self) -> Peaks:
        used = self._entry(_UNIFIED, "cpu.stat", "usage_usec")
        return Peaks(
            cpu_seconds=None if used is None else round(used / _MICRO, 3),
            memory_mib=_mib(self._number(_UNIFIED, "memory.peak") or self._number(_UNIFIED, "memory.current")),
            pids=self._number(_UNIFIED, "pids.peak") or self._number(_UNIFIED, "pids.current"),
            disk_mib=_mib(self._entry(_UNIFIED, "memory.stat", "shmem")),
        )

    def _separate(self) -> Peaks:
        used = self._number("cpuacct", "cpuacct.usage")
        return Peaks(
            cpu_seconds=None if used is None else round(used / _NANO, 3),
            memory_mib=_mib(self._number("memory", "memory.max_usage_in_bytes")),
            pids=self._number("pids", "pids.current"),
            disk_mib=_mib(
                self._entry("memory", "memory.stat", "shmem") or self._entry("memory", "memory.stat", "total_cache")
            ),
        )

    def _number(self, controller: str, name: str) -> int | None:
        text = self._text(controller, name).strip()
        return int(text) or None if text.isascii() and text.isdigit() else None

    def _entry(self, controller: str, name: str, key: str) -> int | None:
        pairs = (line.split() for line in self._text(controller, name).splitlines())
        return next((int(p[1]) or None for p in pairs if len(p) == 2 and p[0] == key and p[1].isdigit()), None)  # noqa: PLR2004

    def _text(self, controller: str, name: str) -> str:
        folder = self._folders.get(controller)
        try:
            return (folder / name).read_text() if folder is not None else ""
        except (OSError, ValueError):
            return ""


def group_of(
    container: str, pid: int, proc: Path = Path("/proc"), root: Path = Path("/sys/fs/cgroup")
) -> ControlGroup | None:
    """The group of a container's first process; ``None`` where it cannot be seen from here.

    The number may be another kernel's: only a group that carries the container's whole id is taken.
    """
    try:
        lines = (proc / str(pid) / "cgroup").read_text().splitlines()
    except (OSError, ValueError):
        return None
    folders = dict(_folders(lines, container, root))
    return ControlGroup(folders) if {_UNIFIED, "memory"} & folders.keys() else None


def _folders(lines: list[str], container: str, root: Path) -> Iterator[tuple[str, Path]]:
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if container not in path or ".." in Path(path).parts:
            continue
        for controller in controllers.split(","):
            folder = root / controllers / path.lstrip("/")
            if folder.is_dir():
                yield controller, folder


def _mib(value: int | None) -> int | None:
    return None if value is None else -(-value // MIB)
