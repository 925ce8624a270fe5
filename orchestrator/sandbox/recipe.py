"""An image's recipe: a list of distribution packages. The base's recipe and any number of others make one image.

The programs that run inside are mounted from this installation, so that an image outlives their versions.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, cast

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.ids import Digest, canonical, sha256

SCHEMA = "handrail.image/1"
_PACKAGE = re.compile(r"[a-z0-9][a-z0-9+.-]+")
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_KEYS = {"schema", "name", "packages", "programs"}
BASE = "base"
LABEL = "io.handrail.recipe"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What goes into an image. Not pinned: package versions are those of the distribution on the day of the build."""

    name: str
    packages: tuple[str, ...]
    programs: tuple[str, ...] = ("git", "python3")
    """Looked for in what was built: an image without one of them is refused."""

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
    return Recipe(_name(source, table), _packages(source, table), _programs(source, table))


def sufficient(folder: Path, layers: Iterable[str]) -> Iterator[Recipe]:
    """The recipes of ``layers``, then of more than those, the smallest first: an image that has more serves as well."""
    wanted = set(layers) - {BASE}
    compose(folder, wanted)
    others = sorted({path.parent.name for path in folder.glob("*/image.toml")} - wanted - {BASE})
    for count in range(len(others) + 1):
        for more in combinations(others, count):
            yield compose(folder, wanted | set(more))


def compose(folder: Path, layers: Iterable[str]) -> Recipe:
    """The recipe of the base and ``layers`` (folders beside it) together; the base alone when there are none.

    The order of layers does not matter. Raises :class:`SandboxUnavailable` (``IMG002``) as :func:`load_recipe`,
    ``IMG011`` for a layer that there is none of.
    """
    names = sorted(set(layers) - {BASE})
    known = sorted(path.parent.name for path in folder.glob("*/image.toml"))
    unknown = [name for name in names if name not in known]
    if unknown:
        hint = f"one of: {', '.join(name for name in known if name != BASE)}"
        raise SandboxUnavailable("IMG011", f"there is no image layer {', '.join(unknown)}", hint)
    parts = [load_recipe(folder / name) for name in (BASE, *names)]
    return Recipe(
        "-".join(part.name for part in parts),
        tuple(sorted({package for part in parts for package in part.packages})),
        tuple(sorted({program for part in parts for program in part.programs})),
    )


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
    return _names(source, table, "packages", "package")


def _programs(source: Path, table: dict[str, Any]) -> tuple[str, ...]:
    return _names(source, table, "programs", "program")


def _names(source: Path, table: dict[str, Any], key: str, what: str) -> tuple[str, ...]:
    given = table[key]
    if not isinstance(given, list) or not given:
        raise _wrong(source, f"`{key}` is not a list of names")
    names = [str(name) for name in cast("list[object]", given)]
    for name in names:
        if not _PACKAGE.fullmatch(name):
            raise _wrong(source, f"{name!r} is not the name of a {what}")
    return tuple(sorted(names))
