"""``package-lock.json`` (and ``npm-shrinkwrap.json``) to packages with their places and hashes.

Format: ``lockfileVersion`` 2 or 3, whose ``packages`` table says where each package lies. Only names, versions,
hashes and places are taken. The addresses in a lock are ignored: npm's own configuration says where packages come
from, and the hash says whether they are the right ones.
"""

from __future__ import annotations

import base64
import binascii
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.requirements import MAX_BYTES
from orchestrator.sandbox.wanted import Target

MAX_PACKAGES = 20_000
_PART = r"(?:@[A-Za-z0-9~_-][\w.~-]*/)?[A-Za-z0-9~_-][\w.~-]*"
_PLACE = re.compile(rf"node_modules/{_PART}(?:/node_modules/{_PART})*")
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,128}")
_BIN = re.compile(r"[\w@.~+-]{1,128}")
_ELSEWHERE = ("git+", "git:", "github:", "file:", "ssh:")
_CPUS = {"x86_64": "x64", "aarch64": "arm64", "i686": "ia32", "armv7l": "arm", "ppc64le": "ppc64", "s390x": "s390x"}
Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Package:
    """``sha512`` is the tarball's, in hex. ``bins`` maps a command's name to its file in the package."""

    place: str
    name: str
    version: str
    sha512: str
    bins: tuple[tuple[str, str], ...] = ()
    scripts: bool = False

    @property
    def spec(self) -> str:
        """As npm takes it."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Lock:
    """``links`` maps a place in ``node_modules`` to a folder of the project's own tree (a workspace)."""

    packages: tuple[Package, ...]
    links: tuple[tuple[str, str], ...]


def read_npm_lock(path: str, data: bytes, target: Target) -> Lock:
    """Everything that belongs on ``target``, development dependencies included.

    Raises :class:`SandboxUnavailable`: ``ENV002`` unreadable, ``ENV003`` a package from a repository or path,
    ``ENV022`` one without a SHA-512, ``ENV023`` a layout that one ``node_modules`` cannot hold.
    """
    packages, links = list[Package](), list[tuple[str, str]]()
    for place, entry in _entries(path, data):
        if entry.get("link") is True:
            links.append((_checked(path, place), _folder(path, place, entry)))
        elif "node_modules/" in place and entry.get("inBundle") is not True and _belongs(path, place, entry, target):
            packages.append(_package(path, _checked(path, place), entry))
    return Lock(tuple(sorted(packages, key=lambda package: package.place)), tuple(sorted(links)))


def _entries(path: str, data: bytes) -> Iterator[tuple[str, Table]]:
    if len(data) > 8 * MAX_BYTES:
        raise _broken(path, f"it is larger than {8 * MAX_BYTES >> 20} MiB")
    try:
        lock: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _broken(path, str(error)) from None
    table: Table = cast("Table", lock) if isinstance(lock, dict) else {}
    if table.get("lockfileVersion") not in {2, 3}:
        raise _broken(path, f"version {table.get('lockfileVersion')!r} of the format is not read")
    packages: object = table.get("packages")
    if not isinstance(packages, dict) or len(cast("Table", packages)) > MAX_PACKAGES:
        raise _broken(path, "it has no table of packages, or one that is too long")
    for place, entry in cast("Table", packages).items():
        if not isinstance(entry, dict):
            raise _broken(path, f"the entry {place[:80]!r} is not an object")
        yield place, cast("Table", entry)


def _checked(path: str, place: str) -> str:
    if not _PLACE.fullmatch(place) or ".." in place.split("/"):
        hint = "hoist the dependencies of workspaces to the top (`npm dedupe`)"
        raise SandboxUnavailable("ENV023", f"{path} puts a package at {place[:120]!r}", hint)
    return place


def _folder(path: str, place: str, entry: Table) -> str:
    """A workspace's folder, which lies in the tree."""
    resolved = entry.get("resolved")
    plain = (
        isinstance(resolved, str)
        and resolved.isprintable()
        and not {"", "..", "node_modules"} & set(resolved.split("/"))
    )
    if not plain:
        hint = "keep workspaces inside the repository"
        raise SandboxUnavailable("ENV003", f"{path}: {place} leads out of the tree, to {resolved!r:.80}", hint)
    return posixpath.normpath(str(resolved))


def _belongs(path: str, place: str, entry: Table, target: Target) -> bool:
    """Whether this machine's kind is among those that the package is for."""
    own = {"os": "linux", "cpu": _CPUS.get(target.markers["platform_machine"], "?"), "libc": "glibc"}
    for key, value in own.items():
        wanted = [str(item) for item in cast("list[object]", entry.get(key) or ())]
        refused = f"!{value}" in wanted
        listed = [item for item in wanted if not item.startswith("!")]
        if refused or (listed and value not in listed and "any" not in listed):
            if not (entry.get("optional") or entry.get("devOptional")):
                raise _broken(path, f"{place} is not for {key} {value}")
            return False
    return True


def _package(path: str, place: str, entry: Table) -> Package:
    name = str(entry.get("name") or place.rpartition("node_modules/")[2])
    version, resolved = entry.get("version"), entry.get("resolved")
    if isinstance(resolved, str) and resolved.startswith(_ELSEWHERE):
        hint = "name a released version; code from repositories and paths is not taken"
        raise SandboxUnavailable("ENV003", f"{path}: {place} takes code from a place, not a registry", hint)
    if not re.fullmatch(_PART, name) or not isinstance(version, str) or not _VERSION.fullmatch(version):
        raise _broken(path, f"{place} has no plain name and version")
    bins = tuple(_bins(path, place, name, entry.get("bin")))
    return Package(place, name, version, _sha512(path, place, entry), bins, entry.get("hasInstallScript") is True)


def _bins(path: str, place: str, name: str, given: object) -> Iterator[tuple[str, str]]:
    table = {name.rpartition("/")[2]: given} if isinstance(given, str) else given
    for command, file in cast("Table", table).items() if isinstance(table, dict) else ():
        inside = posixpath.normpath(file) if isinstance(file, str) else ".."
        if not _BIN.fullmatch(command) or command in {".", ".."} or inside.startswith(("/", "..")):
            raise _broken(path, f"{place} has a command {command!r:.80} that leads out of it")
        yield command, inside


def _sha512(path: str, place: str, entry: Table) -> str:
    for value in str(entry.get("integrity", "")).split():
        kind, _, text = value.partition("-")
        try:
            digest = base64.b64decode(text.partition("?")[0], validate=True)
        except (binascii.Error, ValueError):
            digest = b""
        if kind == "sha512" and len(digest) == 64:  # noqa: PLR2004 - bytes of SHA-512
            return digest.hex()
    hint = "delete the lock and write it again (`npm install --package-lock-only`)"
    raise SandboxUnavailable("ENV022", f"{path}: {place} has no SHA-512", hint)


def _broken(path: str, what: str) -> SandboxUnavailable:
    hint = "write it with npm 7 or newer (`npm install --package-lock-only`)"
    return SandboxUnavailable("ENV002", f"{path} cannot be read as a lock: {what}", hint)
