"""A tar stream from a container, unpacked on the host: regular files in plain folders, links inside, nothing else."""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.ids import Digest

MAX_MEMBERS = 200_000
MAX_PATH_BYTES = 1024
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Unpacked:
    """``content`` is a SHA-256 over the sorted (mode, path, sha256) of all files."""

    content: Digest
    files: int
    size_bytes: int


def unpack(stream: IO[bytes], folder: Path) -> Unpacked:
    """Write the files of the tar ``stream`` below ``folder``, which must be new and empty.

    Files get mode 0644 or 0755, folders 0755. Symbolic links are relative, name nothing above ``folder`` and are made
    last, so that nothing is written through one. Raises :class:`SandboxUnavailable` (``ENV013``) for other links,
    devices, absolute or climbing names, repeats, too many members, and a stream that ends early.
    """
    rows: dict[str, tuple[str, str]] = {}
    links: dict[str, str] = {}
    size = 0
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            for count, member in enumerate(archive):
                name = _checked(member, count)
                if member.isreg():
                    rows[name] = _write(archive, member, folder / name)
                    size += member.size
                elif member.issym():
                    links[name] = member.linkname
                else:
                    (folder / name).mkdir(mode=0o755, parents=True, exist_ok=True)
            for name, target in links.items():
                (folder / name).parent.mkdir(mode=0o755, parents=True, exist_ok=True)
                (folder / name).symlink_to(target)
                rows[name] = ("link", hashlib.sha256(target.encode()).hexdigest())
                size += len(target.encode())
    except (tarfile.TarError, OSError, ValueError) as error:
        raise _refused(f"the archive cannot be unpacked: {error}") from error
    return Unpacked(_content(rows), len(rows), size)


def measure(folder: Path) -> tuple[int, int]:
    """The number of files below a folder and the sum of their sizes."""
    count = size = 0
    for root, folders, names in os.walk(folder):
        paths = [os.path.join(root, name) for name in (*names, *folders)]  # noqa: PTH118 - called per file
        files = [info for info in map(os.lstat, paths) if not stat.S_ISDIR(info.st_mode)]
        count += len(files)
        size += sum(info.st_size for info in files)
    return count, size


def _checked(member: tarfile.TarInfo, count: int) -> str:
    name = member.name
    if not (member.isreg() or member.isdir() or (member.issym() and _stays_inside(name, member.linkname))):
        raise _refused(f"{name[:80]!r} is neither file nor folder nor a link inside")
    parts = name.split("/")
    if count >= MAX_MEMBERS or len(name.encode("utf-8", "surrogateescape")) > MAX_PATH_BYTES:
        raise _refused("too many members or too long a name")
    if not name or any(part in {"", ".", ".."} or "\\" in part or not part.isprintable() for part in parts):
        raise _refused(f"{name[:80]!r} is not a plain relative path")
    return name


def _stays_inside(name: str, target: str) -> bool:
    whole = posixpath.normpath(posixpath.join(posixpath.dirname(name), target))
    return target.isprintable() and "\\" not in target and not target.startswith("/") and whole.split("/")[0] != ".."


def _write(archive: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> tuple[str, str]:
    mode = 0o755 if member.mode & 0o100 else 0o644
    path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    source = archive.extractfile(member)
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as target:
        while source is not None and (chunk := source.read(_CHUNK)):
            digest.update(chunk)
            target.write(chunk)
        os.fchmod(target.fileno(), mode)
    return f"{mode:o}", digest.hexdigest()


def _content(rows: dict[str, tuple[str, str]]) -> Digest:
    whole = hashlib.sha256()
    for path in sorted(rows):
        mode, digest = rows[path]
        whole.update(f"{mode} {path}\0{digest}\n".encode("utf-8", "surrogateescape"))
    return Digest(f"sha256:{whole.hexdigest()}")


def _refused(what: str) -> SandboxUnavailable:
    return SandboxUnavailable("ENV013", f"the environment is refused: {what}", "remove the package that brings it")
