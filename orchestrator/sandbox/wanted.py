"""Requirements of a project as data, and the Python for which they are wanted."""

from __future__ import annotations

import json
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from orchestrator.errors import SandboxUnavailable

_ALIASES = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_OLDEST_GLIBC = {"x86_64": 5, "i686": 5}
_MARKERS = (
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_system",
    "python_full_version",
    "python_version",
    "sys_platform",
)

TARGET_PROBE = """
import json, os, platform, sys, sysconfig
version = sys.implementation.version
print(json.dumps({
    "implementation_name": sys.implementation.name,
    "implementation_version": "%d.%d.%d" % version[:3],
    "os_name": os.name,
    "platform_machine": platform.machine(),
    "platform_python_implementation": platform.python_implementation(),
    "platform_system": platform.system(),
    "python_full_version": platform.python_version(),
    "python_version": "%d.%d" % sys.version_info[:2],
    "sys_platform": sys.platform,
    "libc": " ".join(platform.libc_ver()),
    "soabi": sysconfig.get_config_var("SOABI") or "",
}))
"""
"""A program that prints what :meth:`Target.parse` reads."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One requirement that holds on the target. ``place`` is ``file:line`` or the lock file's name."""

    requirement: Requirement
    hashes: tuple[str, ...]
    place: str

    @property
    def name(self) -> str:
        """Normalised as PEP 503 says."""
        return canonicalize_name(self.requirement.name)

    @property
    def pinned(self) -> bool:
        """Whether one version alone satisfies it."""
        clauses = list(self.requirement.specifier)
        return len(clauses) == 1 and clauses[0].operator in {"==", "==="} and not clauses[0].version.endswith(".*")

    def line(self) -> str:
        """As one line of a requirements file, without the marker."""
        extras = f"[{','.join(sorted(self.requirement.extras))}]" if self.requirement.extras else ""
        hashes = "".join(f" --hash={value}" for value in self.hashes)
        return f"{self.requirement.name}{extras}{self.requirement.specifier}{hashes}"


@dataclass(frozen=True, slots=True)
class Target:
    """The image's Python: PEP 508 markers, and the PEP 425 tags of wheels that it takes, best first."""

    markers: dict[str, str]
    abi: str
    platforms: tuple[str, ...]

    @property
    def python(self) -> str:
        return self.markers["python_version"]

    def holds(self, requirement: Requirement, extra: str = "") -> bool:
        """Whether the requirement's marker is true here."""
        marker = requirement.marker
        return marker is None or marker.evaluate({**self.markers, "extra": extra})

    @staticmethod
    def parse(data: bytes) -> Target:
        """From the output of :data:`TARGET_PROBE`.

        Raises :class:`SandboxUnavailable` (``ENV020``) for a Python that is not CPython on glibc.
        """
        try:
            told = json.loads(data)
            markers = {name: str(told[name]) for name in _MARKERS}
            libc, version = str(told["libc"]).split(" ")
            implementation, abi = str(told["soabi"]).split("-")[:2]
            minor = int(version.split(".")[1])
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise _foreign("its answer cannot be read") from error
        if libc != "glibc" or implementation != "cpython":
            raise _foreign(f"it is {implementation} on {libc}")
        return Target(
            markers | {"platform_release": "", "platform_version": ""}, f"cp{abi}", _platforms(markers, minor)
        )


def _foreign(what: str) -> SandboxUnavailable:
    hint = "use an image with CPython on glibc (Debian, Ubuntu)"
    return SandboxUnavailable("ENV020", f"the image's Python is not one that environments are built for: {what}", hint)


def _platforms(markers: dict[str, str], glibc_minor: int) -> tuple[str, ...]:
    machine = markers["platform_machine"]
    tags: list[str] = []
    for minor in range(glibc_minor, _OLDEST_GLIBC.get(machine, 17) - 1, -1):
        tags.append(f"manylinux_2_{minor}_{machine}")
        if minor in _ALIASES:
            tags.append(f"{_ALIASES[minor]}_{machine}")
    return (*tags, f"linux_{machine}")
