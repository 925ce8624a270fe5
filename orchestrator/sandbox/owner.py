"""Who owns a container, written on it as labels, and whether that process is provably dead (D9)."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PREFIX = "dev.handrail."
INSTANCE = PREFIX + "instance"


def _instance() -> str:
    """This machine, pseudonymous; machines without an id share one name and are told apart by their boot."""
    try:
        machine = Path("/etc/machine-id").read_bytes().strip()
    except OSError:
        machine = b""
    return hashlib.sha256(b"handrail instance " + machine).hexdigest()[:16]


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def started_at(pid: int) -> str | None:
    """A process's start time in clock ticks since boot, or ``None`` when it is gone or only a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return None if fields[0] in {"Z", "X"} else fields[19]


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, told apart from any later one with the same number, in its own PID namespace."""

    instance: str
    boot: str
    namespace: str
    pid: str
    started: str

    @classmethod
    def this(cls) -> Owner:
        """The calling process."""
        pid = os.getpid()
        return cls(_instance(), _boot(), str(Path("/proc/self/ns/pid").readlink()), str(pid), started_at(pid) or "")

    @classmethod
    def of(cls, labels: Mapping[str, str]) -> Owner:
        """From a container's labels; what is missing is ''."""
        return cls(*(labels.get(PREFIX + name, "") for name in cls.__slots__))

    def labels(self) -> dict[str, str]:
        """Label name to value."""
        return {PREFIX + name: getattr(self, name) for name in self.__slots__}

    def is_dead(self, *, container_runs: bool) -> bool:
        """Only what can be proved from here: another machine's or PID namespace's process counts as alive.

        After a reboot nothing of the earlier boot runs, so a *running*
        container of another boot belongs to some other machine on the engine.
        """
        here = Owner.this()
        if self.instance != here.instance or not self.pid.isdecimal():
            return False
        if self.boot != here.boot:
            return not container_runs
        return self.namespace == here.namespace and started_at(int(self.pid)) != self.started
