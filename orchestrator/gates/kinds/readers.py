"""Which reader a file has: one of :mod:`orchestrator.gates.kinds.manifests`, or one for what names packages in passing.

Python scripts with inline metadata (PEP 723), conda environments, and settings that say where packages come from or
what runs when they are installed. Manifests of ecosystems that are not read here are left to a person, by name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any

from orchestrator.gates.changes.plain_toml import toml
from orchestrator.gates.kinds import manifests
from orchestrator.gates.kinds.manifests import Dependency, Manifest, Reader, Setting
from orchestrator.gates.kinds.tables import items_of, record_of
from orchestrator.policy.late import Late

__all__ = ["reader_of"]

_HARMLESS = Late(
    r"(?i)(?:save-exact|save-prefix|fund|progress|color|loglevel|engine-strict|timeout|default-timeout|retries"
    r"|disable-pip-version-check|no-color|quiet|verbose)\s*[=:]\s*[\"']?[\w~^.]{0,12}[\"']?"
)
_FOLDERS = Late(r"(?m)^packages:[ \t]*\n(?:[ \t]*(?:-[ \t]*[\"']?!?[\w./*@-]+[\"']?)?[ \t]*\n)*")
_BLOCK = Late(r"(?m)^# /// script\s*$\n(?P<text>(?:^#(?:| .*)$\n){1,2000}?)^# ///\s*$")
_UNREAD = frozenset(
    {
        *("gemfile", "gemfile.lock", "composer.json", "composer.lock", "pom.xml", "build.gradle", "build.gradle.kts"),
        *("package.swift", "pubspec.yaml", "mix.exs", "packages.config", "directory.packages.props", "conanfile.txt"),
        *("conanfile.py", "vcpkg.json", "flake.nix", "deno.json", "deno.lock"),
    }
)


def reader_of(path: str) -> Reader | None:
    """How a file of this name is read, or ``None``. A Python file is read for its inline metadata alone."""
    name = PurePosixPath(path).name.casefold()
    if name in _UNREAD:
        return _unread
    if name in _BY_NAME:
        return _BY_NAME[name]
    if PurePosixPath(path.casefold()).parts[-2:] in {(".cargo", "config.toml"), (".cargo", "config")}:
        return _lines
    if re.fullmatch(r"environment[\w.-]*\.ya?ml", name):
        return _conda
    return manifests.reader_of(path) or (_inline if name.endswith((".py", ".pyw")) and name != "setup.py" else None)


def _unread(_text: str) -> Manifest:
    raise ValueError("this manifest's form is not read")


def _lines(text: str) -> Manifest:
    """Each line that says something is a setting, but for what only concerns pace, looks and how versions are kept."""
    lines = (line.strip() for line in text.splitlines())
    said = (line for line in lines if line and line[0] not in "#;[" and not _HARMLESS.fullmatch(line))
    return Manifest((), tuple(Setting("index", _masked(line)) for line in said))


def _workspace(text: str) -> Manifest:
    """Which folders belong to a workspace says nothing of where packages come from; all other keys may."""
    return _lines(_FOLDERS.sub("", text))


def _masked(line: str) -> str:
    key, sign, value = line.partition("=")
    return f"{key}{sign}…" if re.search(r"(?i)auth|password|token", key) and not value.strip().startswith("$") else line


def _program(text: str) -> Manifest:
    """A program that a package manager runs at every install."""
    lines = (line.strip() for line in text.splitlines())
    return Manifest((), tuple(Setting("script", line) for line in lines if line and not line.startswith("//")))


def _inline(text: str) -> Manifest:
    """Of two blocks none counts for PEP 723; here both do."""
    blocks = [m["text"] for m in _BLOCK.finditer(text + "\n")] if "# /// script" in text else []
    tables = [toml("\n".join(line[2:] for line in block.splitlines())) for block in blocks]
    asked = [str(d) for table in tables for d in items_of(table.get("dependencies"))]
    tool = [f"{key} = {value}" for table in tables for key, value in record_of(table.get("tool")).items()]
    return Manifest(tuple(map(manifests.requirement, asked)), tuple(Setting("index", line) for line in tool))


def _yaml(text: str) -> Mapping[str, Any]:
    # Late: most changes hold no such file.
    yaml = import_module("yaml")
    try:
        return record_of(yaml.safe_load(text))
    except yaml.YAMLError as error:
        raise ValueError("not readable YAML") from error


def _conda(text: str) -> Manifest:
    data = _yaml(text)
    found: list[Dependency] = []
    for item in items_of(data.get("dependencies")):
        found += _asked(item)
    return Manifest(tuple(found), tuple(Setting("index", f"channel {c}") for c in items_of(data.get("channels"))))


def _asked(item: Any) -> Iterator[Dependency]:  # noqa: ANN401 - a stranger's YAML
    if isinstance(item, str):
        name, _, version = item.partition("=")
        yield Dependency("conda", name.strip(), spec=item, version=version.partition("=")[0])
    elif isinstance(item, dict):
        yield from (manifests.requirement(str(line)) for line in items_of(record_of(item).get("pip")))


def _modules(text: str) -> Manifest:
    """git's: where each module comes from, and a command that an update runs."""
    pairs = [
        (key.strip().casefold(), value.strip())
        for key, sign, value in (n.partition("=") for n in text.splitlines())
        if sign
    ]
    found = tuple(Dependency("git", value, source=value) for key, value in pairs if key == "url")
    return Manifest(
        found, tuple(Setting("script", f"update = {v}") for k, v in pairs if k == "update" and v.startswith("!"))
    )


def _hooks(text: str) -> Manifest:
    """pre-commit's: repositories whose programs run at each commit, and commands of this one."""
    data = _yaml(text)
    found: list[Dependency] = []
    settings: list[Setting] = []
    for repo in map(record_of, items_of(data.get("repos"))):
        name, revision = str(repo.get("repo", "")), str(repo.get("rev", ""))
        hooks = [record_of(hook) for hook in items_of(repo.get("hooks"))]
        if name not in {"local", "meta"}:
            fixed = revision if any(c.isdigit() for c in revision) else ""
            found.append(Dependency("pre-commit", name, spec=revision, version=fixed))
        elif name == "local":
            settings += [Setting("script", f"{hook.get('id')}: {hook.get('entry')}") for hook in hooks]
        more = [line for hook in hooks for line in items_of(hook.get("additional_dependencies"))]
        found += [manifests.requirement(str(line)) for line in more]
    return Manifest(tuple(found), tuple(settings))


_BY_NAME: Mapping[str, Reader] = {
    **dict.fromkeys(("pip.conf", "pip.ini", ".npmrc", ".yarnrc", ".pypirc", "uv.toml"), _lines),
    ".gitmodules": _modules,
    ".pre-commit-config.yaml": _hooks,
    "pnpm-workspace.yaml": _workspace,
    "bunfig.toml": _lines,
    ".yarnrc.yml": _lines,
    "nuget.config": _lines,
    ".condarc": _lines,
    ".pnpmfile.cjs": _program,
    ".pnpmfile.js": _program,
}
