"""What pyproject.toml names, as requirements."""

from __future__ import annotations

import pytest

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.manifest import read_manifest
from orchestrator.sandbox.requirements import read_requirements
from orchestrator.sandbox.wanted import Target

MARKERS = {"python_version": "3.11", "sys_platform": "linux", "python_full_version": "3.11.2"}
TARGET = Target(MARKERS, "cp311", ("linux_x86_64",))
FULL = """
[project]
name = "Own"
dependencies = ["six>=1", "old; python_version < '3'"]
[project.optional-dependencies]
Tests = ["pytest", "own[fast]"]
fast = ["speedy"]
[dependency-groups]
test = ["hypothesis", {include-group = "shared"}]
shared = ["attrs"]
dev = ["sphinx"]
"""


def names(text: str, extras: tuple[str, ...] | None) -> list[str]:
    return [item.line() for item in read_manifest("pyproject.toml", text.encode(), TARGET, extras)]


def test_tests_are_taken_and_what_is_for_other_ends_is_not() -> None:
    assert names(FULL, None) == ["six>=1", "hypothesis", "attrs", "pytest"]
    assert names(FULL, ()) == ["six>=1"]
    assert names(FULL, ("fast",)) == ["six>=1", "speedy"]
    assert names('[dependency-groups]\ndev = ["sphinx"]\n', None) == ["sphinx"]


def test_a_line_that_installs_the_project_means_its_dependencies() -> None:
    files = {"requirements.txt": b"-e .[fast]  # us\nidna\n", "pyproject.toml": FULL.encode()}
    assert [item.line() for item in read_requirements(files, TARGET)] == ["six>=1", "speedy", "idna"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[", "ENV002"),
        ("project = 1\n[x]", "ENV002"),
        ("[project]\ndependencies = 'six'\n", "ENV002"),
        ("[project]\ndependencies = [1]\n", "ENV002"),
        ("[project]\ndependencies = ['a b c']\n", "ENV002"),
        ("[project]\ndependencies = ['six @ file:///etc']\n", "ENV003"),
        ("[dependency-groups]\ntest = [{include-group = 'test'}]\n", "ENV002"),
        ("[dependency-groups]\ntest = [{include-group = 'gone'}]\n", "ENV002"),
        ("x = " + "[" * 5000, "ENV002"),
    ],
)
def test_a_bad_manifest_is_refused(text: str, code: str) -> None:
    with pytest.raises(SandboxUnavailable) as caught:
        names(text, None)
    assert caught.value.code == code


def test_an_extra_that_is_not_there_is_refused() -> None:
    with pytest.raises(SandboxUnavailable, match="no extra 'gone'"):
        names(FULL, ("gone",))
