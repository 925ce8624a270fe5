"""Versions and entry points of the scanners, against what Python's own library says of them."""

import importlib.metadata

import pytest

from orchestrator.gates.scanners import bandit_lean
from orchestrator.gates.scanners.installed import NotInstalled, folder_of, version


def test_versions_are_those_of_the_library() -> None:
    names = [d.metadata["Name"] for d in importlib.metadata.distributions() if folder_of(d.metadata["Name"])]
    assert {"bandit", "detect-secrets", "ruff"} <= set(names)
    assert {n: version(n) for n in names} == {n: importlib.metadata.version(n) for n in names}


@pytest.mark.parametrize("name", ["no-such-package", "", "../bandit"])
def test_what_is_not_installed_is_said(name: str) -> None:
    with pytest.raises((NotInstalled, ValueError)):
        version(name)


@pytest.mark.parametrize("group", ["bandit.plugins", "bandit.blacklists"])
def test_bandit_is_given_all_of_its_own_tests(group: str) -> None:
    points = importlib.metadata.distribution("bandit").entry_points.select(group=group)
    assert len(points) > 1
    assert bandit_lean.entry_points(group) == [(p.name, p.module, p.attr) for p in points]
