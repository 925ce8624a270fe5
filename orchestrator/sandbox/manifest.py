"""The dependencies that ``pyproject.toml`` names (PEP 621, PEP 735): taken when a project locks nothing.

Only names, versions and markers are read. Nothing is pinned by such a file, so the first build decides the versions.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.wanted import Target, Wanted

TEST_GROUPS = ("test", "tests", "testing")
_DEV_GROUPS = ("dev", "develop", "development")
_MAX_BYTES = 1 << 20
_MAX_DEPTH = 20


def read_manifest(path: str, data: bytes, target: Target, extras: Iterable[str] | None) -> tuple[Wanted, ...]:
    """What the project needs, with ``extras``; with ``None`` also what its tests need.

    For tests: extras and groups called test, else those called dev. Raises :class:`SandboxUnavailable`:
    ``ENV002`` unreadable or an unknown extra, ``ENV003`` a dependency from a URL.
    """
    manifest = _Manifest(path, data)
    lines = [*manifest.listed("project", "dependencies")]
    for extra in manifest.for_tests() if extras is None else extras:
        lines += manifest.named(extra)
    wanted = (_wanted(path, line) for line in dict.fromkeys(lines))
    return tuple(item for item in wanted if item.name != manifest.name and target.holds(item.requirement))


class _Manifest:
    def __init__(self, path: str, data: bytes) -> None:
        self._path = path
        if len(data) > _MAX_BYTES:
            raise _broken(path, "it is larger than 1 MiB")
        try:
            self._all: Mapping[str, Any] = tomllib.loads(data.decode("utf-8-sig"))
        except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
            raise _broken(path, str(error)) from error
        self._extras = self._table("project", "optional-dependencies")
        self._groups = self._table("dependency-groups")
        self.name = canonicalize_name(str(self._table("project").get("name", "")))

    def _table(self, *keys: str) -> dict[str, Any]:
        value: object = self._all
        for key in keys:
            value = cast("Mapping[str, Any]", value).get(key, {}) if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            raise _broken(self._path, f"{'.'.join(keys)} is not a table")
        return cast("dict[str, Any]", value)

    def listed(self, *keys: str) -> list[str]:
        return self._strings(self._table(*keys[:-1]).get(keys[-1], []))

    def for_tests(self) -> list[str]:
        there = {canonicalize_name(name) for name in (*self._extras, *self._groups)}
        return [n for n in TEST_GROUPS if n in there] or [n for n in _DEV_GROUPS if n in there]

    def named(self, name: str) -> list[str]:
        """An extra and a group of that name. Raises when there is neither."""
        wanted = canonicalize_name(name)
        lists = [self._strings(v) for k, v in self._extras.items() if canonicalize_name(k) == wanted]
        lists += [[*self._group(k, 0)] for k in self._groups if canonicalize_name(k) == wanted]
        if not lists:
            raise _broken(self._path, f"there is no extra {name!r}")
        return [line for lines in lists for line in lines]

    def _group(self, name: str, depth: int) -> Iterator[str]:
        items: object = self._groups.get(name)
        if not isinstance(items, list) or depth > _MAX_DEPTH:
            raise _broken(self._path, f"the group {name!r} is missing, no list, or includes itself")
        for item in cast("list[object]", items):
            if isinstance(item, dict):
                yield from self._group(str(cast("dict[str, object]", item).get("include-group")), depth + 1)
            else:
                yield from self._strings([item])

    def _strings(self, value: object) -> list[str]:
        if not isinstance(value, list) or not all(isinstance(v, str) for v in cast("list[object]", value)):
            raise _broken(self._path, "dependencies are lists of strings")
        return cast("list[str]", value)


def _wanted(path: str, line: str) -> Wanted:
    try:
        requirement = Requirement(line)
    except InvalidRequirement as error:
        raise _broken(path, str(error).splitlines()[0]) from error
    if requirement.url is not None:
        hint = "name a released version (`name==version`)"
        raise SandboxUnavailable("ENV003", f"{path} takes code from a place, not an index: {line[:80]!r}", hint)
    return Wanted(requirement, (), path)


def _broken(path: str, reason: str) -> SandboxUnavailable:
    return SandboxUnavailable("ENV002", f"{path} cannot be read for its dependencies: {reason}", "mend the file")
