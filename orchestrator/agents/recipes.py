"""The bundled recipes of coding agents: one TOML file each, with versions and hashes."""

from __future__ import annotations

import platform
import re
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.errors import UsageError
from orchestrator.models.agent import AgentPackage, AgentRecipe, PackageIndex

_HASHED = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+) --hash=(sha256:[0-9a-f]{64})")


def recipe_names(folder: Path) -> tuple[str, ...]:
    """Of all agents that can be added, sorted."""
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))


def load_recipe(folder: Path, name: str) -> AgentRecipe:
    """By name, with the packages for this machine.

    Raises ``UsageError``: ``AGT034`` unknown name, ``AGT035`` a broken file, ``AGT036`` nothing for this machine.
    """
    if name not in recipe_names(folder):
        hint = f"one of: {', '.join(recipe_names(folder))}"
        raise UsageError("AGT034", f"There is no recipe for an agent {name!r}.", hint)
    path = folder / f"{name}.toml"
    try:
        recipe = AgentRecipe.model_validate(_read(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise UsageError(
            "AGT035", f"The recipe {path.name} cannot be used.", "reinstall Handrail", [str(error)]
        ) from error
    machine = platform.machine()
    kept = tuple(p for p in recipe.packages if p.machine in {"", machine})
    if len(kept) < len({p.at for p in recipe.packages}):
        raise UsageError("AGT036", f"{recipe.title} is not packaged here for {machine}.", "use an x86-64 machine")
    return recipe.model_copy(update={"packages": kept})


def _read(path: Path) -> dict[str, Any]:
    """A file, on top of the one that it ``extends``: the same program, and what is added to it."""
    own = tomllib.loads(path.read_text(encoding="utf-8"))
    beneath = own.pop("extends", None)
    if beneath is None:
        return own
    below = tomllib.loads((path.parent / f"{beneath}.toml").read_text(encoding="utf-8"))
    return {**below, **own, "packages": [*below.get("packages", []), *own.get("packages", [])]}


def at_version(recipe: AgentRecipe, version: str) -> tuple[AgentRecipe, dict[str, bytes]]:
    """The recipe for another version, which nobody pinned, and the requirements that replace its files.

    What was pinned for this version only is dropped: its hashes, and for PyPI the whole list of wheels.
    """
    packages: list[AgentPackage] = []
    requirements: dict[str, bytes] = {}
    for package in recipe.packages:
        if package.index is PackageIndex.NPM and package.name == recipe.own:
            exact = package.version.replace(recipe.version, version)
            packages.append(package.model_copy(update={"version": exact, "integrity": None}))
            continue
        packages.append(package)
        if package.requirements == f"{recipe.name}.txt":
            requirements[package.requirements] = f"{recipe.own}=={version}\n".encode()
    return recipe.model_copy(update={"version": version, "packages": tuple(packages)}), requirements


def as_lock(requirements: bytes) -> tuple[str, bytes]:
    """A file name and bytes for the builder of environments.

    A list with hashes is a lock: it is complete as it stands, also without what a package declares and an agent never
    imports. A list without is resolved by pip.
    """
    rows = [_HASHED.fullmatch(line) for line in requirements.decode().splitlines() if line and line[0] != "#"]
    if not all(rows):
        return "requirements.txt", requirements
    found = [row for row in rows if row is not None]
    one = '[[package]]\nname = "{}"\nversion = "{}"\nfiles = [{{ file = "any.whl", hash = "{}" }}]\n'
    return "poetry.lock", "\n".join(one.format(*row.groups()) for row in found).encode()


def requirement_files(folder: Path, recipe: AgentRecipe) -> dict[str, bytes]:
    """File name → bytes of the requirements that a recipe names."""
    return {p.requirements: (folder / p.requirements).read_bytes() for p in recipe.packages if p.requirements}
