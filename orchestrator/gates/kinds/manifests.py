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
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from orchestrator.gates.changes.plain_toml import toml
from orchestrator.gates.kinds.tables import items_of, json_table, record_of, strings_of, table_of, tables_of
from orchestrator.policy.late import Late

__all__ = ["Dependency", "Manifest", "Reader", "Setting", "reader_of", "requirement"]


class Dependency(NamedTuple):
    """One thing that is asked for. ``version`` is the pinned one or ''; ``source`` is '' for an index.

    ``digests``: of what an index may send for it.
    """

    ecosystem: str
    name: str
    spec: str = ""
    version: str = ""
    source: str = ""
    locked: bool = False
    hashed: bool = True
    digests: frozenset[str] = frozenset()

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
    return _in_folder if name.endswith((".txt", ".in")) and parents and parents[-1] == "requirements" else None


def _requirements(text: str) -> Manifest:
    return _read_requirements(text, "")


def _in_folder(text: str) -> Manifest:
    """Of a folder that holds nothing else: each file beside it is read as well."""
    return _read_requirements(text, "requirements/")


def _read_requirements(text: str, folder: str) -> Manifest:
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
            elif reader_of(folder + link[1].strip()) not in {_requirements, _in_folder}:
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
    digests = frozenset(re.findall(r"--hash=(\S{1,200})", text))
    return Dependency("PyPI", name, spec=rest, version=version, hashed=hashed, digests=digests)


def _pyproject(text: str) -> Manifest:
    data = toml(text)
    project, tool = table_of(data, "project"), table_of(data, "tool")
    lines = [*strings_of(project.get("dependencies")), *strings_of(table_of(data, "build-system").get("requires"))]
    for groups in (table_of(project, "optional-dependencies"), table_of(data, "dependency-groups")):
        lines += [line for group in groups.values() for line in strings_of(group)]
    uv, poetry = table_of(tool, "uv"), table_of(tool, "poetry")
    hatch = [record_of(env) for env in table_of(table_of(tool, "hatch"), "envs").values()]
    more = [env.get(key) for env in hatch for key in ("dependencies", "extra-dependencies")]
    more += table_of(table_of(tool, "pdm"), "dev-dependencies").values()
    lines += [line for group in more for line in strings_of(group)]
    lines += strings_of(uv.get("dev-dependencies"))
    lines += [*strings_of(uv.get("override-dependencies")), *strings_of(uv.get("constraint-dependencies"))]
    found = [requirement(line) for line in lines] + [
        d for table in _poetry_tables(poetry) for d in _tabled("PyPI", table)
    ]
    found += [_sourced("PyPI", name, s) for name, s in table_of(uv, "sources").items()]
    indexes = [uv.get("index"), poetry.get("source"), table_of(tool, "pdm").get("source")]
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
    setuptools, hatch = table_of(tool, "setuptools"), table_of(tool, "hatch")
    named = {
        "build-system.backend-path": table_of(data, "build-system").get("backend-path"),
        "setuptools.cmdclass": setuptools.get("cmdclass"),
        "setuptools.dynamic": setuptools.get("dynamic"),
        "hatch.build.hooks": table_of(hatch, "build").get("hooks"),
        "hatch.metadata.hooks": table_of(hatch, "metadata").get("hooks"),
        "poetry.build": table_of(tool, "poetry").get("build"),
        "pdm.build": table_of(tool, "pdm").get("build"),
        "pdm.scripts": _at_install(table_of(table_of(tool, "pdm"), "scripts")),
    }
    for key, value in named.items():
        if value:
            yield Setting("script", f"{key} = {json.dumps(value, sort_keys=True, default=str)}")


def _at_install(scripts: Mapping[str, Any]) -> Mapping[str, Any]:
    """Those that run by themselves around what pdm does."""
    return {name: command for name, command in scripts.items() if re.match(r"(?:pre|post)_", name)}


def _poetry_tables(poetry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield table_of(poetry, "dependencies")
    yield table_of(poetry, "dev-dependencies")
    for group in table_of(poetry, "group").values():
        yield table_of(group, "dependencies")


def _tabled(ecosystem: str, table: Mapping[str, Any]) -> list[Dependency]:
    """Name → version, or a table with a source."""
    return [_sourced(ecosystem, name, asked) for name, asked in table.items()]


def _sourced(ecosystem: str, name: str, asked: Any) -> Dependency:  # noqa: ANN401 - a stranger's TOML
    name = _canonical(name) if ecosystem == "PyPI" else name
    if isinstance(asked, str):
        pinned = _PINNED.fullmatch(asked)
        source = asked if _REMOTE.match(asked) else ""
        return Dependency(ecosystem, name, spec=asked, version=pinned[1] if pinned else "", source=source)
    entries = items_of(asked) or [asked]
    source, spec = "", ""
    for table in map(record_of, entries):
        source = source or next((f"{k} {table[k]}" for k in ("git", "url", "registry", "index") if table.get(k)), "")
        spec = spec or str(table.get("version", ""))
        # Cargo and npm can install one package under another's name.
        name = str(table.get("package", name))
    return Dependency(ecosystem, name, spec=spec, source=source)


def _pipfile(text: str) -> Manifest:
    data = toml(text)
    tables = [record_of(t) for name, t in data.items() if name not in {"source", "requires", "pipenv", "scripts"}]
    found = [d for table in tables for d in _tabled("PyPI", table)]
    source = data.get("source")
    return Manifest(tuple(found), (Setting("index", json.dumps(source, default=str)),) if source else ())


def _python_lock(text: str) -> Manifest:
    data = toml(text)
    return Manifest(tuple(_locked("PyPI", p) for p in tables_of(data.get("package") or data.get("packages"))))


def _cargo_lock(text: str) -> Manifest:
    packages = tables_of(toml(text).get("package"))
    return Manifest(tuple(_locked("crates.io", p) for p in packages if p.get("source")))


def _locked(ecosystem: str, package: Mapping[str, Any]) -> Dependency:
    source = package.get("source")
    kinds = record_of(source)
    place = str(kinds.get("git") or kinds.get("url") or "")
    if isinstance(source, str) and source.startswith("git+"):
        place = source
    if str(kinds.get("type", "")) in {"git", "url", "legacy"}:
        place = f"{kinds['type']} {place}"
    place = place or str(table_of(package, "vcs").get("url") or table_of(package, "archive").get("url") or "")
    name = str(package.get("name", ""))
    name = _canonical(name) if ecosystem == "PyPI" else name
    version = str(package.get("version", ""))
    return Dependency(ecosystem, name, version=version, source=place, locked=True, digests=frozenset(_sent(package)))


def _sent(package: Mapping[str, Any]) -> Iterator[str]:
    """Digests of the files of a package, as uv, Poetry, PDM, Cargo and PEP 751 keep them."""
    files = [
        *tables_of(package.get("files")),
        *tables_of(package.get("wheels")),
        table_of(package, "sdist"),
        table_of(package, "archive"),
    ]
    for file in files:
        found = file.get("hash") or file.get("hashes")
        yield from (f"{kind}:{value}" for kind, value in record_of(found).items())
        yield from [found] if isinstance(found, str) else []
    checksum = package.get("checksum")
    yield from [checksum] if isinstance(checksum, str) else []


def _package_json(text: str) -> Manifest:
    data = json_table(text)
    found = [
        _node(name, asked)
        for key in ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
        for name, asked in table_of(data, key).items()
    ]
    overridden = [*table_of(data, "overrides").items(), *table_of(data, "resolutions").items()]
    found += [_node(name, asked) for name, asked in overridden if isinstance(asked, str)]
    scripts = [
        Setting("script", f"{name}: {command}")
        for name, command in sorted(table_of(data, "scripts").items())
        if re.fullmatch(
            r"(?:pre|post)?(?:install|uninstall|prepare|pack|publish|version)|prepublishOnly|dependencies", name
        )
    ]
    scripts += [Setting("script", "gypfile")] if data.get("gypfile") else []
    manager = str(data.get("packageManager", ""))
    scripts += [Setting("script", f"packageManager: {manager}")] if "://" in manager else []
    registry = table_of(data, "publishConfig").get("registry")
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
    data = json_table(text)
    found: list[Dependency] = []
    settings: list[Setting] = []
    packages = {place: record_of(p) for place, p in table_of(data, "packages").items() if place}
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
        sent = frozenset(str(entry.get("integrity", "")).split())
        found.append(Dependency("npm", name, version=version, source=remote, locked=True, hashed=hashed, digests=sent))
        if entry.get("hasInstallScript"):
            settings.append(Setting("script", f"{name} {version} runs a script when it is installed"))
    places = (re.match(r"https://([^/]+)/", str(entry.get("resolved", ""))) for entry in packages.values())
    hosts = sorted({place[1] for place in places if place})
    settings += [Setting("index", f"packages come from {host}") for host in hosts]
    return Manifest(tuple(found), tuple(settings))


def _cargo(text: str) -> Manifest:
    data = toml(text)
    tables = [data, *map(record_of, table_of(data, "target").values()), table_of(data, "workspace")]
    keys = ("dependencies", "dev-dependencies", "build-dependencies")
    found = [d for t in tables for key in keys for d in _tabled("crates.io", table_of(t, key))]
    found += [d for table in table_of(data, "patch").values() for d in _tabled("crates.io", record_of(table))]
    build = table_of(data, "package").get("build")
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
    "go.work": _go_mod,
}
