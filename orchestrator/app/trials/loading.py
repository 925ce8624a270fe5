"""Scenarios from a folder: ``ID/scenario.yaml`` with ``ID/repository/`` beside it. All of it is hostile."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from orchestrator.assets.find import data_folder
from orchestrator.errors import UsageError
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.models.strict_yaml import validate
from orchestrator.models.trial import AgentScenario
from orchestrator.policy.commands import split_command
from orchestrator.vcs.names import has_git_component, hostile

MAX_SCENARIOS: Final = 200
MAX_FILES: Final = 500
MAX_BYTES: Final = 4 << 20
_HINT = "docs/reference/agent-scenarios.md"
_ID = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")


@dataclass(frozen=True, slots=True)
class Loaded:
    """``files`` maps a path of its repository to mode and bytes."""

    id: str
    scenario: AgentScenario
    files: dict[str, tuple[str, bytes]]


def load(folder: Path | None) -> tuple[Loaded, ...]:
    """By name; without a folder those that come with Handrail. Raises ``UsageError`` TRI001 to TRI003."""
    place = folder or data_folder("scenarios")
    try:
        names = sorted(entry.name for entry in os.scandir(place) if entry.is_dir(follow_symlinks=False))
    except OSError as error:
        raise UsageError("TRI001", f"{place} is no folder of scenarios: {error.strerror}.", _HINT) from error
    if not names or len(names) > MAX_SCENARIOS:
        raise UsageError("TRI001", f"{place} holds {len(names)} scenarios; 1 to {MAX_SCENARIOS} are taken.", _HINT)
    return tuple(_one(place / name) for name in names)


def digest(scenarios: tuple[Loaded, ...]) -> Digest:
    """Of a whole set: a result is only comparable with one of the same."""
    told = {
        one.id: [one.scenario.model_dump(mode="json"), {path: [m, sha256(d)] for path, (m, d) in one.files.items()}]
        for one in scenarios
    }
    return sha256(canonical(told))


def _one(place: Path) -> Loaded:
    path = place / "scenario.yaml"
    if not place.name[0].isalpha() or not set(place.name) <= _ID or len(place.name) > 64:  # noqa: PLR2004  as Name
        raise UsageError("TRI002", f"{place.name!r} is no name of a scenario.", "small letters, digits and hyphens")
    data = _read(path)
    found, problems = validate(data, AgentScenario, str(path), "TRI002", _commands)
    if found is None:
        raise UsageError("TRI002", f"{path} is no scenario.", _HINT, [str(problem) for problem in problems])
    return Loaded(place.name, found, _files(place / "repository"))


def _commands(plain: object) -> object:
    """A command in ``passes`` may be written as a line."""
    whole: Any = plain
    if not isinstance(plain, dict):
        return whole
    rows: list[Any] = [row for name in ("must", "must_not") for row in whole.get(name) or ()]
    for row in rows:
        line: Any = cast("dict[str, Any]", row).get("passes") if isinstance(row, dict) else None
        if isinstance(line, str):
            try:
                row["passes"] = list(split_command(line))
            except ValueError as error:
                raise UsageError("TRI002", f"a command cannot be run: {error}", _HINT) from None
    return whole


def _read(path: Path) -> bytes:
    """A regular file, never a link."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise UsageError("TRI003", f"{path} cannot be read: {error.strerror}.", _HINT) from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise UsageError("TRI003", f"{path} is no plain file.", _HINT)
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise UsageError("TRI003", f"{path} is larger than {MAX_BYTES >> 20} MiB.", _HINT)
    return data


def _files(root: Path) -> dict[str, tuple[str, bytes]]:
    found: dict[str, tuple[str, bytes]] = {}
    for folder, names, files in os.walk(root):
        names.sort()
        for name in [*files, *(n for n in names if (Path(folder) / n).is_symlink())]:
            place = Path(folder) / name
            relative = place.relative_to(root).as_posix()
            why = "it belongs to git" if has_git_component(relative) else hostile(relative)
            if why is not None:
                raise UsageError("TRI003", f"{place}: {why}.", _HINT)
            mode = "100755" if place.lstat().st_mode & 0o100 else "100644"
            found[relative] = (mode, _read(place))
            if len(found) > MAX_FILES or sum(len(d) for _, d in found.values()) > MAX_BYTES:
                raise UsageError("TRI003", f"{root} holds more than {MAX_FILES} files or 4 MiB.", _HINT)
    if not found:
        raise UsageError("TRI003", f"{root} holds no file.", _HINT)
    return found
