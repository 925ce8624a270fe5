"""What a repository's own manifests say about sources, tests and the test command. Nothing is executed.

Each fact keeps the file that it was read from. A manifest that cannot be
parsed is an error with its name: guessing past it would be a silent fallback.
"""

from __future__ import annotations

import configparser
import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from orchestrator.errors import UsageError

Read = Callable[[str], bytes | None]
MAX_MANIFEST_BYTES = 1024 * 1024


@dataclass(slots=True)
class Facts:
    """``roots``, ``tests`` map a path to its origin; ``commands`` are argument vectors with theirs, best first."""

    language: str
    roots: dict[str, str] = field(default_factory=dict[str, str])
    tests: dict[str, str] = field(default_factory=dict[str, str])
    commands: list[tuple[tuple[str, ...], str]] = field(default_factory=list["tuple[tuple[str, ...], str]"])
    origin: str = ""


def load(read: Read, path: str) -> str | None:
    """A manifest's text, or ``None`` when there is none. Raises ``UsageError`` (PROF001)."""
    data = read(path)
    if data is None:
        return None
    if len(data) > MAX_MANIFEST_BYTES:
        raise _broken(path, "it is larger than 1 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _broken(path, "it is not UTF-8") from None


def load_toml(read: Read, path: str) -> Mapping[str, Any] | None:
    """A TOML manifest. Raises ``UsageError`` (PROF001)."""
    text = load(read, path)
    if text is None:
        return None
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise _broken(path, str(error)) from None


def load_json(read: Read, path: str) -> Mapping[str, Any] | None:
    """A JSON object. Raises ``UsageError`` (PROF001)."""
    text = load(read, path)
    if text is None:
        return None
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _broken(path, str(error)) from None
    if not isinstance(value, dict):
        raise _broken(path, "it is not an object")
    return cast("Mapping[str, Any]", value)


def load_ini(read: Read, path: str) -> configparser.RawConfigParser | None:
    """An INI manifest. Raises ``UsageError`` (PROF001)."""
    text = load(read, path)
    if text is None:
        return None
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text, path)
    except configparser.Error as error:
        raise _broken(path, error.message.replace("\n", " ")) from None
    return parser


def dig(value: object, *keys: str) -> object:
    """Walk down mappings; ``None`` where a key is missing or something else stands there."""
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, object]", value).get(key)
    return value


def strings(value: object) -> list[str]:
    """The strings of a list, or of one string split at white space."""
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list):
        return [item for item in cast("list[object]", value) if isinstance(item, str)]
    return []


def python_facts(read: Read) -> Facts | None:
    """pyproject.toml, setup.cfg, setup.py (only that it is there), pytest.ini, tox.ini."""
    facts = Facts("python")
    project = load_toml(read, "pyproject.toml")
    setup, pytest_ini, tox = (load_ini(read, p) for p in ("setup.cfg", "pytest.ini", "tox.ini"))
    present = {"pyproject.toml": project, "setup.cfg": setup, "pytest.ini": pytest_ini}
    found = [name for name, value in present.items() if value is not None]
    if not found and read("setup.py") is None:
        return None
    facts.origin = found[0] if found else "setup.py"
    for root, origin in (*_project_roots(project), *_setup_roots(setup)):
        facts.roots.setdefault(root, origin)
    sources = (
        (dig(project, "tool", "pytest", "ini_options"), "pyproject.toml tool.pytest.ini_options"),
        (dig(project, "tool", "pytest"), "pyproject.toml tool.pytest"),
        (_section(setup, "tool:pytest"), "setup.cfg tool:pytest"),
        (_section(pytest_ini, "pytest"), "pytest.ini"),
        (_section(tox, "pytest"), "tox.ini pytest"),
    )
    for options, origin in sources:
        if options is not None:
            facts.commands.append((("python", "-m", "pytest"), origin))
            facts.tests |= dict.fromkeys(strings(dig(options, "testpaths")), origin)
    if _needs_pytest(project):
        facts.commands.append((("python", "-m", "pytest"), "pyproject.toml dependencies"))
    return facts


def _section(parser: configparser.RawConfigParser | None, name: str) -> dict[str, str] | None:
    return dict(parser.items(name)) if parser is not None and parser.has_section(name) else None


def _project_roots(project: object) -> Iterator[tuple[str, str]]:
    tool = dig(project, "tool")
    for root in strings(dig(tool, "setuptools", "packages", "find", "where")):
        yield root, "pyproject.toml tool.setuptools.packages.find"
    yield from _values(dig(tool, "setuptools", "package-dir"), "pyproject.toml tool.setuptools.package-dir")
    for root in strings(dig(tool, "hatch", "build", "targets", "wheel", "packages")):
        yield root, "pyproject.toml tool.hatch.build.targets.wheel"
    packages = dig(tool, "poetry", "packages")
    for package in cast("list[object]", packages) if isinstance(packages, list) else []:
        parts = [p for p in (dig(package, "from"), dig(package, "include")) if isinstance(p, str)]
        yield "/".join(parts), "pyproject.toml tool.poetry.packages"
    for backend, key in (("flit", "module"), ("uv", "build-backend")):
        name = dig(tool, backend, key, "name") or dig(tool, backend, key, "module-name")
        if isinstance(name, str):
            yield from ((root, f"pyproject.toml tool.{backend}") for root in (f"src/{name}", name))
    name = dig(project, "project", "name")
    if isinstance(name, str):
        module = name.replace("-", "_").replace(".", "/")
        yield from ((root, "pyproject.toml project.name") for root in (module, module.lower()))


def _setup_roots(setup: configparser.RawConfigParser | None) -> Iterator[tuple[str, str]]:
    if setup is None:
        return
    for root in strings(setup.get("options.packages.find", "where", fallback=None)):
        yield root, "setup.cfg options.packages.find"
    for line in setup.get("options", "package_dir", fallback="").splitlines():
        yield line.partition("=")[2].strip(), "setup.cfg options.package_dir"


def _values(mapping: object, origin: str) -> Iterator[tuple[str, str]]:
    for value in cast("dict[str, object]", mapping).values() if isinstance(mapping, dict) else ():
        if isinstance(value, str):
            yield value, origin


def _needs_pytest(project: object) -> bool:
    lists: list[object] = [dig(project, "project", "dependencies")]
    for key in (("project", "optional-dependencies"), ("dependency-groups",)):
        groups = dig(project, *key)
        lists += cast("dict[str, object]", groups).values() if isinstance(groups, dict) else []
    named = (item for group in lists for item in strings(group) if isinstance(group, list))
    poetry = _keys(dig(project, "tool", "poetry", "group", "dev", "dependencies"))
    return any(name.lower().startswith("pytest") for name in (*named, *poetry))


def _keys(mapping: object) -> Iterable[str]:
    return cast("dict[str, object]", mapping).keys() if isinstance(mapping, dict) else ()


def javascript_facts(read: Read) -> Facts | None:
    """package.json: its test script, unless it is the placeholder that ``npm init`` writes."""
    package = load_json(read, "package.json")
    if package is None:
        return None
    facts = Facts("javascript", origin="package.json")
    script = dig(package, "scripts", "test")
    if isinstance(script, str) and script.strip() and "no test specified" not in script:
        facts.commands.append((("npm", "test"), "package.json scripts.test"))
    return facts


def go_facts(read: Read) -> Facts | None:
    """go.mod: packages lie anywhere, tests beside them."""
    if load(read, "go.mod") is None:
        return None
    return Facts("go", commands=[(("go", "test", "./..."), "go.mod")], origin="go.mod")


def rust_facts(read: Read) -> Facts | None:
    """Cargo.toml: ``src`` and ``tests`` by Cargo's own layout, ``src`` of each workspace member that is named."""
    cargo = load_toml(read, "Cargo.toml")
    if cargo is None:
        return None
    facts = Facts("rust", commands=[(("cargo", "test"), "Cargo.toml")], origin="Cargo.toml")
    for member in ("", *(m for m in strings(dig(cargo, "workspace", "members")) if "*" not in m)):
        prefix = f"{member.rstrip('/')}/" if member else ""
        facts.roots[f"{prefix}src"] = "Cargo.toml"
        facts.tests[f"{prefix}tests"] = "Cargo.toml"
    return facts


def make_command(read: Read) -> tuple[tuple[str, ...], str] | None:
    """``make test`` when a Makefile has that target."""
    text = load(read, "Makefile")
    for number, line in enumerate((text or "").split("\n"), 1):
        target, colon, rest = line.partition(":")
        if colon and "test" in target.split() and not line[:1].isspace() and not rest.startswith("="):
            return ("make", "test"), f"Makefile:{number}"
    return None


def _broken(path: str, reason: str) -> UsageError:
    return UsageError("PROF001", f"{path} cannot be read: {reason}.", "mend the file, or write the profile by hand")
