"""What manifests and lock files ask for, read without any package manager.

Python: requirements and constraints files, ``pyproject.toml``, ``Pipfile``,
``uv.lock``, ``poetry.lock``, ``pylock.toml``. Node: ``package.json``,
``package-lock.json``. Rust: ``Cargo.toml``, ``Cargo.lock``. Go: ``go.mod``.

Not read: ``setup.py`` (a program; a protected path), yarn's and pnpm's locks
(reported as not read).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, NamedTuple, cast

from orchestrator.gates.changes.plain_toml import toml
from orchestrator.policy.late import Late

__all__ = ["Dependency", "Manifest", "Reader", "Setting", "reader_of", "requirement"]


class Dependency(NamedTuple):
    """One thing that is asked for. ``version`` is the pinned one or ''; ``source`` is '' for an index."""

    ecosystem: str
    name: str
    spec: str = ""
    version: str = ""
    source: str = ""
    locked: bool = False
    hashed: bool = True

    @property
    def key(self) -> tuple[str, str]:
        return self.ecosystem, self.name


class Setting(NamedTuple):
    """Something else that decides what is installed: ``kind`` is ``index`` or ``script``."""

    kind: str
    text: str


class Manifest(NamedTuple):
    dependencies: tuple[Dependency, ...] = ()
    settings: tuple[Setting, ...] = ()


_LINE_LIMIT = 20_000
_GO_WORDS = 2
_AT_INSTALL = Late(r"(?:pre|post)?(?:install|uninstall|prepare|pack|publish|version)|prepublishOnly|dependencies")
Reader = Callable[[str], Manifest]
_REMOTE = Late(r"(?:git|hg|svn|bzr)\+|[a-z][a-z0-9+.-]*://|git@|file:|github:|gitlab:|bitbucket:|gist:", re.IGNORECASE)
_REQUIREMENT = Late(r"([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)", re.DOTALL)
_PINNED = Late(r"\(?\s*===?\s*([A-Za-z0-9.!+_-]+)\s*\)?")
_INDEX_OPTION = Late(
    r"(?:-i|-f|--index-url|--extra-index-url|--find-links|--trusted-host|--no-index|--pre|--no-verify"
    r"|--proxy|--cert|--client-cert|--global-option|--config-settings|--no-binary|--use-feature)(?:[=\s].*|\Z)",
    re.DOTALL,
)
_LINK_OPTION = Late(r"(?:-e|--editable|-r|-c|--requirement|--constraint)[=\s]*(.*)", re.DOTALL)


def _canonical(name: str) -> str:
    from packaging.utils import canonicalize_name  # noqa: PLC0415 - it costs more than most changes have of manifests

    return canonicalize_name(name)


def reader_of(path: str) -> Reader | None:
    """How a file of this name is read, or ``None``."""
    name = PurePosixPath(path).name.casefold()
    if name in _BY_NAME:
        return _BY_NAME[name]
    if re.fullmatch(r"(?:.*[-_.])?(?:requirements?|constraints?)(?:[-_.].*)?\.(?:txt|in)", name, re.DOTALL):
        return _requirements
    parents = PurePosixPath(path.casefold()).parts[:-1]
    return _requirements if name.endswith((".txt", ".in")) and parents and parents[-1] == "requirements" else None


def _requirements(text: str) -> Manifest:
    found: list[Dependency] = []
    settings: list[Setting] = []
    for raw in _lines(re.sub(r"\\\r?\n", " ", text)):
        line = re.sub(r"(?:^|\s)#.*", "", raw).strip()
        if _INDEX_OPTION.match(line):
            settings.append(Setting("index", line))
        elif (link := _LINK_OPTION.match(line)) is not None:
            if _REMOTE.search(link[1]):
                found.append(requirement(link[1]))
            elif line.startswith(("-e", "--editable")):
                settings.append(Setting("script", line))
            elif reader_of(link[1].strip()) is not _requirements:
                # Whatever is named like no requirements file is read by nobody but pip.
                settings.append(Setting("index", line))
        elif line:
            found.append(requirement(line))
    return Manifest(tuple(found), tuple(settings))


def requirement(text: str) -> Dependency:
    """One requirement. What has no name of its own is named by its address."""
    plain = text.partition(" --hash=")[0].strip()
    hashed = "--hash=" in text
    matched = _REQUIREMENT.match(plain)
    if matched is None or (_REMOTE.match(plain) and "@" not in plain.partition("://")[0]):
        egg = re.search(r"#egg=([A-Za-z0-9._-]+)", plain)
        return Dependency("PyPI", _canonical(egg[1]) if egg else plain, source=plain)
    name, rest = _canonical(matched[1]), matched[2].partition(";")[0].strip()
    if rest.startswith("@"):
        return Dependency("PyPI", name, source=rest[1:].strip())
    if _REMOTE.match(plain) or rest.startswith((":", "/")):
        return Dependency("PyPI", plain, source=plain)
    pinned = _PINNED.fullmatch(rest)
    version = pinned[1] if pinned and "*" not in rest else ""
    return Dependency("PyPI", name, spec=rest, version=version, hashed=hashed)


def _pyproject(text: str) -> Manifest:
    data = toml(text)
    project, tool = _table(data, "project"), _table(data, "tool")
    lines = [*_strings(project.get("dependencies")), *_strings(_table(data, "build-system").get("requires"))]
    for groups in (_table(project, "optional-dependencies"), _table(data, "dependency-groups")):
        lines += [line for group in groups.values() for line in _strings(group)]
    uv, poetry = _table(tool, "uv"), _table(tool, "poetry")
    hatch = [_record(env) for env in _table(_table(tool, "hatch"), "envs").values()]
    more = [env.get(key) for env in hatch for key in ("dependencies", "extra-dependencies")]
    more += _table(_table(tool, "pdm"), "dev-dependencies").values()
    lines += [line for group in more for line in _strings(group)]
    lines += _strings(uv.get("dev-dependencies"))
    lines += [*_strings(uv.get("override-dependencies")), *_strings(uv.get("constraint-dependencies"))]
    found = [requirement(line) for line in lines] + [
        d for table in _poetry_tables(poetry) for d in _tabled("PyPI", table)
    ]
    found += [_sourced("PyPI", name, s) for name, s in _table(uv, "sources").items()]
    indexes = [uv.get("index"), poetry.get("source"), _table(tool, "pdm").get("source")]
    settings = [Setting("index", json.dumps(i, sort_keys=True, default=str)) for i in indexes if i]
    settings += [
        Setting("index", f"{key} = {uv[key]}")
        for key in sorted(uv)
        if re.search(r"index|find-links|insecure|no-build-isolation|prerelease", key) and key != "index"
    ]
    settings += _build_programs(data, tool)
    return Manifest(tuple(d for d in found if d.name != "python"), tuple(settings))


def _build_programs(data: Mapping[str, Any], tool: Mapping[str, Any]) -> Iterator[Setting]:
    """What runs when the project is built or installed, and files from which its dependencies are taken."""
    setuptools, hatch = _table(tool, "setuptools"), _table(tool, "hatch")
    named = {
        "build-system.backend-path": _table(data, "build-system").get("backend-path"),
        "setuptools.cmdclass": setuptools.get("cmdclass"),
        "setuptools.dynamic": setuptools.get("dynamic"),
        "hatch.build.hooks": _table(hatch, "build").get("hooks"),
        "hatch.metadata.hooks": _table(hatch, "metadata").get("hooks"),
        "poetry.build": _table(tool, "poetry").get("build"),
        "pdm.build": _table(tool, "pdm").get("build"),
    }
    for key, value in named.items():
        if value:
            yield Setting("script", f"{key} = {json.dumps(value, sort_keys=True, default=str)}")


def _poetry_tables(poetry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield _table(poetry, "dependencies")
    yield _table(poetry, "dev-dependencies")
    for group in _table(poetry, "group").values():
        yield _table(group, "dependencies")


def _tabled(ecosystem: str, table: Mapping[str, Any]) -> list[Dependency]:
    """Name → version, or a table with a source."""
    return [_sourced(ecosystem, name, asked) for name, asked in table.items()]


def _sourced(ecosystem: str, name: str, asked: Any) -> Dependency:  # noqa: ANN401 - a stranger's TOML
    name = _canonical(name) if ecosystem == "PyPI" else name
    if isinstance(asked, str):
        pinned = _PINNED.fullmatch(asked)
        source = asked if _REMOTE.match(asked) else ""
        return Dependency(ecosystem, name, spec=asked, version=pinned[1] if pinned else "", source=source)
    entries = _items(asked) or [asked]
    source, spec = "", ""
    for table in map(_record, entries):
        source = source or next((f"{k} {table[k]}" for k in ("git", "url", "registry", "index") if table.get(k)), "")
        spec = spec or str(table.get("version", ""))
        # Cargo and npm can install one package under another's name.
        name = str(table.get("package", name))
    return Dependency(ecosystem, name, spec=spec, source=source)


def _pipfile(text: str) -> Manifest:
    data = toml(text)
    tables = [_record(t) for name, t in data.items() if name not in {"source", "requires", "pipenv", "scripts"}]
    found = [d for table in tables for d in _tabled("PyPI", table)]
    source = data.get("source")
    return Manifest(tuple(found), (Setting("index", json.dumps(source, default=str)),) if source else ())


def _python_lock(text: str) -> Manifest:
    data = toml(text)
    return Manifest(tuple(_locked("PyPI", p) for p in _tables(data.get("package") or data.get("packages"))))


def _cargo_lock(text: str) -> Manifest:
    packages = _tables(toml(text).get("package"))
    return Manifest(tuple(_locked("crates.io", p) for p in packages if p.get("source")))


def _locked(ecosystem: str, package: Mapping[str, Any]) -> Dependency:
    source = package.get("source")
    kinds = _record(source)
    place = str(kinds.get("git") or kinds.get("url") or "")
    if isinstance(source, str) and source.startswith("git+"):
        place = source
    if str(kinds.get("type", "")) in {"git", "url", "legacy"}:
        place = f"{kinds['type']} {place}"
    place = place or str(_table(package, "vcs").get("url") or _table(package, "archive").get("url") or "")
    name = str(package.get("name", ""))
    name = _canonical(name) if ecosystem == "PyPI" else name
    return Dependency(ecosystem, name, version=str(package.get("version", "")), source=place, locked=True)


def _package_json(text: str) -> Manifest:
    data = _json(text)
    found = [
        _node(name, asked)
        for key in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
        for name, asked in _table(data, key).items()
    ]
    overridden = [*_table(data, "overrides").items(), *_table(data, "resolutions").items()]
    found += [_node(name, asked) for name, asked in overridden if isinstance(asked, str)]
    scripts = [
        Setting("script", f"{name}: {command}")
        for name, command in sorted(_table(data, "scripts").items())
        if re.fullmatch(
            r"(?:pre|post)?(?:install|uninstall|prepare|pack|publish|version)|prepublishOnly|dependencies", name
        )
    ]
    scripts += [Setting("script", "gypfile")] if data.get("gypfile") else []
    registry = _table(data, "publishConfig").get("registry")
    return Manifest(tuple(found), (*scripts, *([Setting("index", f"registry {registry}")] if registry else ())))


def _node(name: str, asked: Any) -> Dependency:  # noqa: ANN401 - a stranger's JSON
    spec = str(asked)
    alias = re.fullmatch(r"npm:(@?[^@]+)(?:@(.*))?", spec)
    if alias is not None:
        name, spec = alias[1], alias[2] or ""
    remote = _REMOTE.match(spec) or re.fullmatch(r"[\w.-]+/[\w.-]+(?:#.*)?", spec)
    pinned = re.fullmatch(r"=?v?(\d+\.\d+\.\d+[\w.+-]*)", spec)
    return Dependency("npm", name, spec=spec, version=pinned[1] if pinned else "", source=spec if remote else "")


def _package_lock(text: str) -> Manifest:
    data = _json(text)
    found: list[Dependency] = []
    settings: list[Setting] = []
    packages = {place: _record(p) for place, p in _table(data, "packages").items() if place}
    if not packages and data.get("dependencies"):
        return _unread(text)  # of npm before 7
    for place, entry in packages.items():
        if entry.get("link"):
            continue
        name = str(entry.get("name") or place.rpartition("node_modules/")[2])
        resolved = str(entry.get("resolved", ""))
        remote = resolved if re.match(r"git|file:|http:", resolved) else ""
        hashed = bool(entry.get("integrity")) or not resolved or bool(entry.get("inBundle"))
        version = str(entry.get("version", ""))
        found.append(Dependency("npm", name, version=version, source=remote, locked=True, hashed=hashed))
        if entry.get("hasInstallScript"):
            settings.append(Setting("script", f"{name} {version} runs a script when it is installed"))
    places = (re.match(r"https://([^/]+)/", str(entry.get("resolved", ""))) for entry in packages.values())
    hosts = sorted({place[1] for place in places if place})
    settings += [Setting("index", f"packages come from {host}") for host in hosts]
    return Manifest(tuple(found), tuple(settings))


def _cargo(text: str) -> Manifest:
    data = toml(text)
    tables = [data, *map(_record, _table(data, "target").values()), _table(data, "workspace")]
    keys = ("dependencies", "dev-dependencies", "build-dependencies")
    found = [d for t in tables for key in keys for d in _tabled("crates.io", _table(t, key))]
    found += [d for table in _table(data, "patch").values() for d in _tabled("crates.io", _record(table))]
    build = _table(data, "package").get("build")
    return Manifest(tuple(found), (Setting("script", f"build = {build}"),) if build else ())


def _go_mod(text: str) -> Manifest:
    found: list[Dependency] = []
    for raw in _lines(text):
        words = raw.partition("//")[0].split()
        words = words[1:] if words[:1] in (["require"], ["replace"]) else words
        if "=>" in words[1:-1]:
            found.append(Dependency("Go", words[0], source=words[words.index("=>") + 1]))
        elif len(words) == _GO_WORDS and re.match(r"v[0-9]", words[1]):
            found.append(Dependency("Go", words[0], version=words[1].removeprefix("v")))
    return Manifest(tuple(found))


def _lines(text: str) -> list[str]:
    """Raises ``ValueError`` for a line that no manifest has."""
    lines = text.splitlines()
    if any(len(line) > _LINE_LIMIT for line in lines):
        raise ValueError(f"a line of more than {_LINE_LIMIT} characters")
    return lines


def _setup_cfg(text: str) -> Manifest:
    import configparser  # noqa: PLC0415 - few changes hold any

    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string("\n".join(_lines(text)))
    except configparser.Error as error:
        raise ValueError(f"not readable ({type(error).__name__})") from error
    asked = [parser.get("options", key, fallback="") for key in ("install_requires", "setup_requires", "tests_require")]
    if parser.has_section("options.extras_require"):
        asked += [value for _, value in parser.items("options.extras_require")]
    lines = [line.strip() for block in asked for line in re.split(r"[\n;](?!\s*(?:python|sys|os|platform))", block)]
    links = parser.get("options", "dependency_links", fallback="")
    return Manifest(tuple(requirement(n) for n in lines if n), (Setting("index", links),) if links else ())


def _unread(_text: str) -> Manifest:
    raise ValueError("this lock file's form is not read")


def _json(text: str) -> Mapping[str, Any]:
    try:
        data: Any = json.loads(text)
    except ValueError as error:
        raise ValueError(f"not readable JSON ({error})") from error
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the file's content is wrong, not a caller's type
    return data  # pyright: ignore[reportUnknownVariableType]


def _record(data: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a stranger's data
    """The data if it is a table, else an empty one."""
    return cast("Mapping[str, Any]", data) if isinstance(data, dict) else {}


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    return _record(data.get(key))


def _items(data: Any) -> list[Any]:  # noqa: ANN401 - a stranger's data
    return list(cast("Sequence[Any]", data)) if isinstance(data, list) else []


def _tables(data: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - a stranger's data
    return [_record(t) for t in _items(data) if isinstance(t, dict)]


def _strings(data: Any) -> Sequence[str]:  # noqa: ANN401 - a stranger's data
    return [t for t in _items(data) if isinstance(t, str)]


_BY_NAME: dict[str, Reader] = {
    "pyproject.toml": _pyproject,
    "setup.cfg": _setup_cfg,
    "pipfile": _pipfile,
    "uv.lock": _python_lock,
    "poetry.lock": _python_lock,
    "pdm.lock": _python_lock,
    "pylock.toml": _python_lock,
    "package.json": _package_json,
    "package-lock.json": _package_lock,
    "npm-shrinkwrap.json": _package_lock,
    "yarn.lock": _unread,
    "pnpm-lock.yaml": _unread,
    "bun.lock": _unread,
    "cargo.toml": _cargo,
    "cargo.lock": _cargo_lock,
    "go.mod": _go_mod,
}
