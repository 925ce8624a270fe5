"""What decides which tests run and when they count as passed: settings of pytest, coverage and npm's test scripts.

Read from ``pytest.ini``, ``pytest.toml``, ``tox.ini``, ``setup.cfg``, ``pyproject.toml``, ``.coveragerc`` and
``package.json`` without any of these programs. Settings that only describe (markers, logs, reports) are left out.

Not read: options on a command line, ``jest.config.js`` and other settings that are programs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any, cast

from orchestrator.gates.changes.plain_toml import toml
from orchestrator.policy.late import Late

__all__ = ["is_settings", "settings_of"]

_DESCRIBES = Late(
    r"(?:markers|minversion|required_plugins|log_.*|junit_.*|console_output_style|cache_dir|doctest_.*|verbosity_.*|show_.*"
    r"|report|html|xml|json|lcov|paths|precision|sort|skip_.*)"
)
Settings = dict[str, str]


def is_settings(path: str) -> bool:
    """By its name."""
    return PurePosixPath(path).name.casefold() in _READERS


def settings_of(path: str, data: bytes) -> Settings:
    """Name → value, as text. Raises ``ValueError`` for a file that cannot be read."""
    import configparser  # noqa: PLC0415 - few changes hold any

    try:
        return _READERS[PurePosixPath(path).name.casefold()](data.decode("utf-8-sig"))
    except (configparser.Error, RecursionError, AttributeError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _ini(*sections: str) -> Callable[[str], Settings]:
    def read(text: str) -> Settings:
        import configparser  # noqa: PLC0415

        parser = configparser.ConfigParser(interpolation=None, strict=False)
        parser.read_string(text)
        found = {s: dict(parser[s]) for s in parser.sections() if s.startswith(sections)}
        return {f"{s}.{k}": " ".join(v.split()) for s, keys in found.items() for k, v in keys.items() if _decides(k)}

    return read


def _tox(text: str) -> Settings:
    """Of an environment only whether what its commands say counts: what they are is in the file's own diff."""
    found = _ini("pytest", "coverage:")(text)
    environments = _ini("testenv")(text)
    return found | {
        key: value for key, value in environments.items() if key.endswith((".ignore_outcome", ".ignore_errors"))
    }


def _decides(name: str) -> bool:
    return _DESCRIBES.fullmatch(name) is None


def _pyproject(text: str) -> Settings:
    tool = _table(toml(text).get("tool"))
    pytest = _table(_table(tool.get("pytest")).get("ini_options")) or _table(tool.get("pytest"))
    return _named("pytest", pytest) | _coverage(_table(tool.get("coverage")))


def _pytest_toml(text: str) -> Settings:
    return _named("pytest", _table(toml(text).get("pytest")))


def _coverage(tables: Mapping[str, Any]) -> Settings:
    return {k: v for name, table in tables.items() for k, v in _named(f"coverage.{name}", _table(table)).items()}


def _package_json(text: str) -> Settings:
    data = _table(json.loads(text))
    scripts = {k: v for k, v in _table(data.get("scripts")).items() if re.fullmatch(r"(?:pre|post)?test(?:[:-].*)?", k)}
    runners = {k: data[k] for k in ("jest", "mocha", "ava", "c8", "nyc", "vitest") if k in data}
    return _named("scripts", scripts) | _named("package.json", runners)


def _named(prefix: str, table: Mapping[str, Any]) -> Settings:
    return {f"{prefix}.{k}": _plain(v) for k, v in table.items() if _decides(k)}


def _plain(value: Any) -> str:  # noqa: ANN401 - a stranger's document
    return " ".join(value.split()) if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)


def _table(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a stranger's document
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


_READERS: Mapping[str, Callable[[str], Settings]] = {
    "pytest.ini": _ini("pytest"),
    ".pytest.ini": _ini("pytest"),
    "pytest.toml": _pytest_toml,
    ".pytest.toml": _pytest_toml,
    "tox.ini": _tox,
    "setup.cfg": _ini("tool:pytest", "coverage:"),
    "pyproject.toml": _pyproject,
    ".coveragerc": _ini("run", "report"),
    "package.json": _package_json,
}
