"""A root file system's tar, as it goes into an image: stripped, with no set-id bit."""

from __future__ import annotations

import io
import re
import tarfile
from typing import IO

from orchestrator.sandbox.profile import SERVICE_USER, SERVICES

_DROPPED = (
    "boot/",
    "dev/",
    "etc/apt/apt.conf.d/",
    "etc/apt/sources.list",
    "proc/",
    "run/",
    "sys/",
    "tmp/",
    "usr/share/doc/",
    "usr/share/doc-base/",
    "usr/share/info/",
    "usr/share/lintian/",
    "usr/share/locale/",
    "usr/share/man/",
    "var/cache/",
    "var/lib/apt/lists/",
    "var/log/",
    "var/tmp/",
)
_SET_ID = 0o6000
SERVICE_ENTRY = f"\nservices:x:{SERVICE_USER}:{SERVICE_USER}::{SERVICES}:/usr/sbin/nologin\n".encode()
_FILE_CAPABILITY = "SCHILY.xattr.security.capability"


def write_rootfs(source: IO[bytes], target: IO[bytes]) -> frozenset[str]:
    """Copy the tar stream ``source`` to ``target`` without documentation, caches, devices and set-id bits.

    Gives the names of the programs in it (the last part of whatever lies in a ``bin`` folder).

    Whatever lies below ``/dev``, ``/proc``, ``/sys`` and ``/tmp`` is the engine's to make. Set-user-id,
    set-group-id and file capabilities are taken off everything. Raises :class:`tarfile.TarError` for a
    stream that is no tar or that ends early. Names are not checked: the engine unpacks inside its own store.
    """
    programs: set[str] = set()
    with (
        tarfile.open(fileobj=source, mode="r|") as old,
        tarfile.open(fileobj=target, mode="w|", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in old:
            if _kept(member):
                _add(new, _tame(member), old.extractfile(member) if member.isreg() else None)
                programs.update(re.findall(r"(?:^|/)bin/([^/]+)$", member.name))
    while source.read(1 << 20):
        pass  # a writer that meets a closed pipe would seem to have failed
    return frozenset(programs)


def _add(archive: tarfile.TarFile, member: tarfile.TarInfo, content: IO[bytes] | None) -> None:
    """As it is; the list of users gets the one that services run as, whom PostgreSQL looks up."""
    if content is not None and _plain(member.name) == "etc/passwd":
        text = content.read()
        lines = text if SERVICE_ENTRY in text else text.rstrip(b"\n") + SERVICE_ENTRY
        member.size, content = len(lines), io.BytesIO(lines)
    archive.addfile(member, content)


def _kept(member: tarfile.TarInfo) -> bool:
    name = _plain(member.name) + ("/" if member.isdir() else "")
    if member.isdev() or name.startswith("opt/handrail/"):
        return False
    return not any(name.startswith(prefix) and name != prefix for prefix in _DROPPED)


def _plain(name: str) -> str:
    return name.removeprefix("./").strip("/")


def _tame(member: tarfile.TarInfo) -> tarfile.TarInfo:
    if not member.isdir():
        member.mode &= ~_SET_ID
    member.pax_headers = {key: value for key, value in member.pax_headers.items() if key != _FILE_CAPABILITY}
    return member
