"""Docker passes the suite that every provider of sandboxes must pass."""

import sys
from pathlib import Path

import pytest

from orchestrator.testing.sandbox_suite import CHECKS

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

import sandbox_support

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def docker():
    with sandbox_support.sandboxes() as made:
        yield made


@pytest.mark.parametrize("check", CHECKS, ids=lambda c: c.__name__.removeprefix("check_"))
def test_docker(docker, check):
    check(docker)


def test_the_suite_is_not_empty():
    assert len(CHECKS) >= 13
