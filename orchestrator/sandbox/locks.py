"""``uv.lock`` and ``poetry.lock`` to pinned, hashed requirements for one Python.

Only names, versions, markers and hashes are taken. The addresses that stand in a lock are ignored:
pip's own configuration says where wheels come from, and the hash says whether they are the right ones.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.requirements import MAX_BYTES
from orchestrator.sandbox.wanted import Target, Wanted

_HASH = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
Table = Mapping[str, Any]


def read_uv_lock(path: str, data: bytes, target: Target) -> tuple[Wanted, ...]:
    """What the lock's own projects need, with all their dependency groups and no extras of their own.

    Format: version 1 of uv's lock. Raises :class:`SandboxUnavailable`: ``ENV002`` unreadable,
    ``ENV003`` a dependency from a repository, URL or path, ``ENV007`` one without a wheel.
    """
    lock = _toml(path, data)
    if lock.get("version") != 1:
        raise _broken(path, f"version {lock.get('version')!r} of the format is not known")
    packages = _packages(path, lock)
    return _pins(path, _Walk(path, packages, target).all())


def read_poetry_lock(path: str, data: bytes, target: Target) -> tuple[Wanted, ...]:
    """Every package of the lock that is not optional and whose markers hold.

    Formats 1 and 2. A format without markers (1.x) says per dependency where it applies; a package that
    only such dependencies name is taken when one of them holds. Raises as :func:`read_uv_lock`.
    """
    lock = _toml(path, data)
    packages = [package for package in _packages(path, lock) if not package.get("optional", False)]
    named = _poetry_edges(path, packages, target)
    kept = [package for package in packages if _poetry_holds(path, package, named, target)]
    return _pins(path, kept)


class _Walk:
    """A walk over uv's lock from the projects in it."""

    def __init__(self, path: str, packages: list[Table], target: Target) -> None:
        self._path, self._target = path, target
        self._packages = packages
        self._seen: dict[int, Table] = {}
        self._extras: set[tuple[int, str]] = set()

    def all(self) -> list[Table]:
        roots = [package for package in self._packages if _is_root(package)]
        if not roots:
            raise _broken(self._path, "it holds no project of its own")
        pending: list[Table] = []
        for root in roots:
            pending += _tables(root.get("dependencies"))
            for group in _table(root.get("dev-dependencies")).values():
                pending += _tables(group)
        while pending:
            pending += self._visit(pending.pop())
        return list(self._seen.values())

    def _visit(self, edge: Table) -> Iterator[Table]:
        if not _holds(self._path, edge.get("marker"), self._target):
            return
        package = self._find(edge)
        if not _is_root(package) and id(package) not in self._seen:
            self._seen[id(package)] = package
            yield from _tables(package.get("dependencies"))
        for extra in edge.get("extra", ()):
            if (id(package), extra) not in self._extras:
                self._extras.add((id(package), extra))
                yield from _tables(_table(package.get("optional-dependencies")).get(extra))

    def _find(self, edge: Table) -> Table:
        matches = [
            package
            for package in self._packages
            if package["name"] == edge.get("name") and edge.get("version") in {None, package.get("version")}
        ]
        if len(matches) != 1:
            raise _broken(self._path, f"a dependency on {edge.get('name')!r} names {len(matches)} packages")
        return matches[0]


def _is_root(package: Table) -> bool:
    """Whether it lies in the project's own tree."""
    source = _table(package.get("source"))
    place = source.get("virtual", source.get("editable"))
    return place is not None and not str(place).startswith(("/", ".."))


def _poetry_edges(path: str, packages: Iterable[Table], target: Target) -> dict[str, bool]:
    """Name of a depended-on package → whether one of the dependencies on it applies."""
    named: dict[str, bool] = {}
    for package in packages:
        for name, value in _table(package.get("dependencies")).items():
            options = cast("list[object]", value) if isinstance(value, list) else [cast("object", value)]
            key = canonicalize_name(name)
            applies = any(_holds(path, _table(option).get("markers"), target) for option in options)
            named[key] = named.get(key, False) or applies
    return named


def _poetry_holds(path: str, package: Table, named: Mapping[str, bool], target: Target) -> bool:
    if "groups" not in package:
        return named.get(canonicalize_name(str(package["name"])), True)
    markers = package.get("markers")
    if isinstance(markers, str):
        return _holds(path, markers, target)
    return any(_holds(path, _table(markers).get(str(group)), target) for group in package["groups"])


def _pins(path: str, packages: Iterable[Table]) -> tuple[Wanted, ...]:
    return tuple(sorted((_pin(path, package) for package in packages), key=lambda item: item.line()))


def _pin(path: str, package: Table) -> Wanted:
    name, version = package["name"], package.get("version")
    source = _table(package.get("source"))
    if source and "registry" not in source and source.get("type", "git") != "legacy":
        hint = "depend on a released version"
        raise SandboxUnavailable("ENV003", f"{path}: {name} comes from a place, not an index", hint)
    files = [*_tables(package.get("wheels")), *_tables(package.get("files"))]
    wheels = [file for file in files if str(file.get("file", file.get("url", ".whl"))).endswith(".whl")]
    hashes = {str(file.get("hash", "")) for file in wheels}
    if not hashes:
        hint = "take a version that has wheels; source distributions are never built"
        raise SandboxUnavailable("ENV007", f"{path}: {name} {version} has no wheel", hint)
    if not all(_HASH.fullmatch(value) for value in hashes):
        raise _broken(path, f"a hash of {name} is not one")
    try:
        return Wanted(Requirement(f"{name}=={version}"), tuple(sorted(hashes)), path)
    except InvalidRequirement as error:
        raise _broken(path, f"{name!r} {version!r} is no name and version") from error


def _holds(path: str, marker: object, target: Target) -> bool:
    if not marker:
        return True
    try:
        return Marker(str(marker)).evaluate({**target.markers, "extra": ""})
    except InvalidMarker as error:
        raise _broken(path, f"{str(marker)[:80]!r} is no marker") from error


def _toml(path: str, data: bytes) -> Table:
    if len(data) > MAX_BYTES:
        raise _broken(path, f"it is larger than {MAX_BYTES >> 20} MiB")
    try:
        return tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise _broken(path, str(error)) from error


def _packages(path: str, lock: Table) -> list[Table]:
    packages = _tables(lock.get("package"))
    if not all(isinstance(package.get("name"), str) for package in packages):
        raise _broken(path, "a package has no name")
    return packages


def _tables(value: object) -> list[Table]:
    if not isinstance(value, list):
        return []
    return [cast("Table", item) for item in cast("list[object]", value) if isinstance(item, dict)]


def _table(value: object) -> Table:
    return cast("Table", value) if isinstance(value, dict) else {}


def _broken(path: str, what: str) -> SandboxUnavailable:
    return SandboxUnavailable("ENV002", f"{path} cannot be read: {what}", "write the lock file again with its own tool")
