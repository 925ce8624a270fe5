"""Preferences: flag, then environment, then trusted project, then user, then default (D18)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator.errors import UsageError
from orchestrator.store.layout import config_home

if TYPE_CHECKING:
    from orchestrator.app.project import Project
    from orchestrator.models.ids import Digest

FILE = "preferences.yaml"
_VARIABLE = "HANDRAIL_"
_DEFAULTS: dict[str, Any] = {
    "agent": "",
    "model": "",
    "escalate": "",
    "escalate_after": 2,
    "review": "each-step",
    "max_parallel": 2,
    "image": "",
    "runtime": "",
    "osv": "",
}


class Preference(NamedTuple):
    """A value and where it came from: ``flag``, a variable's name, a file's path, or ``default``."""

    value: Any
    source: str


def preferences(project: Project, flags: Mapping[str, Any], trust: Digest | None) -> dict[str, Preference]:
    """Every preference by name. ``flags`` hold ``None`` where nothing was given.

    Raises ``UsageError`` (CFG020) for a file or variable that cannot be read as what it should be. A
    project's file counts only as part of a ``.handrail`` folder that the user trusts.
    """
    from orchestrator.app.base import FOLDER

    said = [
        ({k: v for k, v in flags.items() if k in _DEFAULTS}, "flag"),
        (_environment(), _VARIABLE + "*"),
        (_project(project, trust), FOLDER + FILE),
        (_user(), str(config_home() / FILE)),
        (_DEFAULTS, "default"),
    ]
    return {
        name: next(
            Preference(values[name], source.replace("*", name.upper()))
            for values, source in said
            if values.get(name) is not None
        )
        for name in _DEFAULTS
    }


def user_preference(name: str, flag: str | None) -> str:
    """One preference where no project counts: flag, variable, the user's own file, default. Raises as above."""
    return next(str(v) for v in (flag, _environment().get(name), _user().get(name), _DEFAULTS[name]) if v is not None)


def _environment() -> dict[str, Any]:
    found = {name: os.environ.get(_VARIABLE + name.upper()) for name in _DEFAULTS}
    if not any(value is not None for value in found.values()):
        return {}
    from pydantic import ValidationError

    from orchestrator.models.preferences import Preferences

    try:
        return Preferences.model_validate(found).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors()[0]
        name = _VARIABLE + str(first["loc"][0]).upper()
        raise UsageError("CFG020", f"{name} is set to what it cannot be: {first['msg']}.", f"unset {name}") from error


def _project(project: Project, trust: Digest | None) -> dict[str, Any]:
    from orchestrator.app.base import FOLDER, folder_at, trust_store
    from orchestrator.app.trees import open_trees
    from orchestrator.provenance.roots.trusted import folder_digest

    with open_trees(project) as trees:
        files = folder_at(trees, trees.resolve("HEAD"))
    data = files.get(FOLDER + FILE)
    if data is None or folder_digest(files) not in {trust, trust_store().known(project.repository.id).folder}:
        return {}
    return _read(data, FOLDER + FILE)


def _user() -> dict[str, Any]:
    path = config_home() / FILE
    try:
        return _read(path.read_bytes(), str(path))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsageError("CFG020", f"{path} cannot be read: {error.strerror}.", "mend or remove it") from error


def _read(data: bytes, path: str) -> dict[str, Any]:
    from orchestrator.models.preferences import Preferences
    from orchestrator.models.strict_yaml import validate

    found, problems = validate(data, Preferences, path, "CFG020", lambda plain: plain or {})
    if found is None:
        hint = f"the names are: {', '.join(_DEFAULTS)}"
        raise UsageError("CFG020", f"{path} is no list of preferences.", hint, [str(p) for p in problems])
    return found.model_dump(mode="json")


def explain(found: Mapping[str, Preference]) -> list[tuple[str, str, str]]:
    """Rows of name, value and source, for ``--explain-config``."""
    return [(name, str(p.value), p.source) for name, p in found.items()]
