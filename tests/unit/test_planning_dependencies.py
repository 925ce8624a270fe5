"""Which files are proposed as what the environment is made from."""

from __future__ import annotations

import pytest

from orchestrator.planning.profile import detect_profile
from orchestrator.policy.imports import import_roots

PROJECT = '[project]\nname = "a"\n'


def proposed(files: dict[str, str]) -> tuple[tuple[str, ...], str]:
    data = {"pyproject.toml": PROJECT} | files
    profile = detect_profile(list(data), lambda path: data[path].encode() if path in data else None)
    return profile.requirements, profile.detected_from.get("requirements", "")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (["uv.lock", "poetry.lock", "requirements.txt"], ("uv.lock",)),
        (["poetry.lock", "requirements-dev.txt"], ("poetry.lock",)),
        (["requirements/tests.txt", "requirements/docs.txt", "requirements/dev.txt"], ("requirements/tests.txt",)),
        (["requirements.txt", "requirements-dev.txt"], ("requirements-dev.txt", "requirements.txt")),
        (["requirements/base.txt", "test-requirements.txt"], ("requirements/base.txt", "test-requirements.txt")),
        (["requirements_typing.txt", "docs/requirements.txt", "notes.txt"], ()),
    ],
)
def test_files_for_other_ends_are_left_out(files: list[str], expected: tuple[str, ...]) -> None:
    assert proposed(dict.fromkeys(files, "")) == (expected, "")


def test_what_a_file_includes_is_an_input_too() -> None:
    files = {"requirements-dev.txt": "-r more.txt\n-e .[x]\n", "more.txt": "-r requirements-dev.txt\n"}
    assert proposed(files)[0] == ("more.txt", "pyproject.toml", "requirements-dev.txt")


def test_a_project_that_locks_nothing_is_told_so() -> None:
    requirements, note = proposed({"pyproject.toml": PROJECT + 'dependencies = ["b"]\n'})
    assert requirements == ("pyproject.toml",)
    assert "nothing locks them" in note
    assert "`uv lock`" in note


def test_a_lock_that_is_not_read_is_named() -> None:
    assert proposed({"pdm.lock": ""}) == ((), proposed({"pdm.lock": ""})[1])
    assert "no environment is built from pdm.lock" in proposed({"pdm.lock": ""})[1]
    profile = detect_profile(["package.json", "yarn.lock"], lambda p: b"{}" if p == "package.json" else None)
    assert profile.requirements == ()
    assert "yarn.lock" in profile.detected_from["requirements"]
    assert "npm install --package-lock-only" in profile.detected_from["requirements"]


def test_npms_lock_makes_the_environment() -> None:
    def read(path: str) -> bytes | None:
        return b"{}" if path == "package.json" else None

    paths = ["package.json", "package-lock.json", "npm-shrinkwrap.json"]
    assert detect_profile(paths[:2], read).requirements == ("package-lock.json",)
    assert detect_profile(paths, read).requirements == ("npm-shrinkwrap.json",)
    assert detect_profile(["a.py", "pyproject.toml", *paths[:2]], read).requirements == ("package-lock.json",)


def test_packages_are_imported_from_above_them() -> None:
    paths = ["src/a/__init__.py", "src/a/b/__init__.py", "lib/c.py", "d/__init__.py", "e.py"]
    assert import_roots(["src/a/b", "src", "lib", "d", ".", "e.py"], paths) == ("src", "lib")
