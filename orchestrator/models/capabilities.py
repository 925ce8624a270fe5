"""What a step may do. Default is nothing; ``meet`` only narrows.

Each field says who enforces it (D7). Advisory fields are shown and recorded,
and no proof or certificate speaks of them.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.models.base import Noun


class Enforcement(StrEnum):
    """Who holds a limit."""

    KERNEL = "kernel"
    COPY = "copy"
    BROKER = "broker"
    ADVISORY = "advisory"


class Limits(Noun):
    """Ceilings of one container, all enforced by the kernel or the supervisor and probed (D8)."""

    cpus: float = Field(default=1.0, gt=0)
    memory_mib: int = Field(default=1024, ge=64)
    pids: int = Field(default=128, ge=16)
    disk_mib: int = Field(default=256, ge=8)
    inodes: int = Field(default=50_000, ge=256)
    wall_seconds: int = Field(default=600, ge=1)
    output_kib: int = Field(default=1024, ge=1)

    def meet(self, other: Limits) -> Limits:
        """The lower of each."""
        return Limits(**{name: min(getattr(self, name), getattr(other, name)) for name in type(self).model_fields})

    def __le__(self, other: Limits) -> bool:
        """Whether no ceiling here is above the other's."""
        return all(getattr(self, name) <= getattr(other, name) for name in type(self).model_fields)


class Capabilities(Noun):
    """The grant of one step.

    ``read`` and ``write`` are gitignore-like globs relative to the root of the
    tree (``src/**``, ``docs/*.md``, ``README.md``). ``write`` is enforced by the
    kernel (modes inside the container) and again on the way out; ``read`` by
    what is copied in. ``protected`` paths are never writable without their own
    grant in ``write_protected``. ``commands`` is advisory: an agent has a shell.
    """

    read: tuple[str, ...] = ("**",)
    write: tuple[str, ...] = ()
    write_protected: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    limits: Limits = Limits()

    @staticmethod
    def enforcement() -> dict[str, Enforcement]:
        """Field name to enforcer; every field is listed."""
        return {
            "read": Enforcement.COPY,
            "write": Enforcement.KERNEL,
            "write_protected": Enforcement.KERNEL,
            "commands": Enforcement.ADVISORY,
            "limits": Enforcement.KERNEL,
        }
