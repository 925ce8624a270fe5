"""An image's recipe: a list of distribution packages.

The programs that run inside are mounted from this installation, so that an image outlives their versions.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.base import Digest, canonical, sha256

SCHEMA = "handrail.image/1"
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_KEYS = {"schema", "name", "packages"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """What goes into an image. Not pinned: package versions are those of the distribution on the day of the build."""

    name: str
    packages: tuple[str, ...]

    @property
    def digest(self) -> Digest:
        """Over name and packages."""
        return sha256(canonical({"schema": SCHEMA, "name": self.name, "packages": self.packages}))

    @property
    def tag(self) -> str:
        """``handrail/<name>:`` and the first 16 hex digits of the digest."""
        return f"handrail/{self.name}:{self.digest.removeprefix('sha256:')[:16]}"


def load_recipe(folder: Path) -> Recipe:
    """Read ``image.toml`` of a recipe's folder.

    Raises :class:`SandboxUnavailable` (``IMG002``) for one that is missing or wrong.
    """
    source = folder / "image.toml"
    try:
        table = tomllib.loads(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _wrong(source, str(error)) from error
    return Recipe(_name(source, table), _packages(source, table))


def _wrong(source: Path, what: str) -> SandboxUnavailable:
    return SandboxUnavailable("IMG002", f"the image recipe {source} cannot be used: {what}", "install Handrail again")


def _name(source: Path, table: dict[str, Any]) -> str:
    name = table.get("name")
    if set(table) != _KEYS or table["schema"] != SCHEMA:
        raise _wrong(source, f"it must have exactly {', '.join(sorted(_KEYS))}, of schema {SCHEMA}")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise _wrong(source, f"`name` is {name!r}")
    return name


def _packages(source: Path, table: dict[str, Any]) -> tuple[str, ...]:
    packages = table["packages"]
    if not isinstance(packages, list) or not packages:
        raise _wrong(source, "`packages` is not a list of names")
    names = [str(package) for package in cast("list[object]", packages)]
    for name in names:
        if not _PACKAGE.fullmatch(name):
            raise _wrong(source, f"{name!r} is not the name of a package")
    return tuple(sorted(names))
