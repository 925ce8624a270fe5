"""Which files of a project make the environment that its tests run in (D5); a person edits the choice.

For npm its lock. For Python one lock speaks alone; without one, requirements files count by their names: what the
project needs to run, and what its tests need; those for documentation, typing, linting or building are left out.
Without either, ``pyproject.toml`` itself, which pins nothing. Not checked: whether what is chosen is enough
(``doctor --project`` tries it).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from orchestrator.planning.manifests import Read, dig, load, load_toml

_LOCKS = ("uv.lock", "poetry.lock")
_UNREAD_LOCKS = ("pdm.lock", "Pipfile.lock", "pylock.toml", "conda-lock.yml", "setup.cfg", "setup.py")
_NPM_LOCKS = ("npm-shrinkwrap.json", "package-lock.json")
_OTHER_LOCKS = {
    "javascript": ("yarn.lock", "pnpm-lock.yaml", "package.json"),
    "go": ("go.sum",),
    "rust": ("Cargo.lock",),
}
_RUN = frozenset({"", "base", "main", "prod", "production", "requirements", "runtime", "common", "core", "install"})
_TEST = frozenset({"test", "tests", "testing"})
_DEV = frozenset({"dev", "develop", "development", "local", "ci"})
_FILE = re.compile(r"(?:requirements?/)?[\w.-]*\.txt")
_WORD = re.compile(r"[-_.]?requirements?[-_.]?")
_INCLUDE = re.compile(r"^\s*(?:-r|--requirement)[\s=]\s*(\S+)", re.MULTILINE)
_ITSELF = re.compile(r"^\s*(?:(?:-e|--editable)[\s=]?\s*)?\.(?:\[[^\]]*\])?\s*(?:#.*)?$", re.MULTILINE)
_MANIFEST = "pyproject.toml"


def choose_dependencies(languages: Sequence[str], files: frozenset[str], read: Read) -> tuple[dict[str, str], str]:
    """Files with the reason for each, and a sentence for the person about what is not locked or not read."""
    npm = {name: "npm's lock" for name in _NPM_LOCKS if name in files and "javascript" in languages}
    npm = dict(list(npm.items())[:1])
    if "python" not in languages:
        return npm, "" if npm else _unread(languages, files)
    found, note = _python(languages, files, read)
    return {**found, **npm}, note


def _python(languages: Sequence[str], files: frozenset[str], read: Read) -> tuple[dict[str, str], str]:
    locks = [name for name in _LOCKS if name in files]
    if locks:
        return {locks[0]: "a lock, which speaks alone"}, ""
    named = _with_includes(_requirements(files), files, read)
    if named:
        return named, ""
    if _names_dependencies(load_toml(read, _MANIFEST)):
        note = f"{_MANIFEST} names dependencies and nothing locks them: commit what `uv lock` writes"
        return {_MANIFEST: "names dependencies, unlocked"}, note
    return {}, _unread(languages, files)


def _requirements(files: frozenset[str]) -> dict[str, str]:
    roles: dict[str, list[str]] = {"run": [], "test": [], "dev": []}
    for path in sorted(files):
        role = _role(path)
        if role is not None:
            roles[role].append(path)
    with_tests = "test" if roles["test"] else "dev"
    return {path: f"requirements to {role}" for role in ("run", with_tests) for path in roles[role]}


def _role(path: str) -> str | None:
    pure = PurePosixPath(path)
    folder = str(pure.parent) in {"requirements", "requirement"}
    if not _FILE.fullmatch(path) or not (folder or "requirement" in pure.stem):
        return None
    rest = _WORD.sub("", pure.stem).lower()
    for role, names in (("run", _RUN), ("test", _TEST), ("dev", _DEV)):
        if rest in names:
            return role
    return None


def _with_includes(chosen: dict[str, str], files: frozenset[str], read: Read) -> dict[str, str]:
    """Also what they include with ``-r``, and the manifest when one says ``-e .``."""
    pending = list(chosen)
    while pending:
        path = pending.pop()
        text = load(read, path) or ""
        if _ITSELF.search(text) and _MANIFEST in files:
            chosen.setdefault(_MANIFEST, f"{path} installs the project itself")
        for include in _INCLUDE.findall(text):
            target = str(PurePosixPath(path).parent / include)
            if target in files and target not in chosen:
                chosen[target] = f"included by {path}"
                pending.append(target)
    return chosen


def _names_dependencies(manifest: object) -> bool:
    keys = (("project", "dependencies"), ("project", "optional-dependencies"), ("dependency-groups",))
    return any(dig(manifest, *key) for key in keys)


def _unread(languages: Iterable[str], files: frozenset[str]) -> str:
    """What there is and no environment is built from."""
    names = [name for language in languages for name in _OTHER_LOCKS.get(language, _UNREAD_LOCKS)]
    found = [name for name in names if name in files]
    if not found:
        return ""
    advice = "; for Python commit requirements.txt or what `uv lock` writes" if "python" in languages else ""
    advice += "; for npm commit what `npm install --package-lock-only` writes" if "javascript" in languages else ""
    return f"no environment is built from {', '.join(found)}{advice}"
