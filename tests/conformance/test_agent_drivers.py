"""The drivers pass the suite that every driver must pass, with the real programs; all of them in the long form."""

import sys
from pathlib import Path

import pytest

from orchestrator.agents.drivers import DRIVERS
from orchestrator.agents.native import NativeAgent
from orchestrator.testing import agent_suite

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

import agent_support
import sandbox_support

pytestmark = [pytest.mark.engine, pytest.mark.slow]
OFTEN = [
    ("claude-code", agent_suite.check_works_and_obeys_no_tree),
    ("codex", agent_suite.check_works_and_obeys_no_tree),
    ("opencode-acp", agent_suite.check_works_and_obeys_no_tree),
    ("claude-code", agent_suite.check_short_faults_are_survived),
    ("codex", agent_suite.check_short_faults_are_survived),
    ("claude-code", agent_suite.check_killed_agent_is_not_finished),
    ("codex", agent_suite.check_cancel_is_prompt),
    ("cline", agent_suite.check_works_and_obeys_no_tree),
]
NATIVE_OFTEN = (agent_suite.check_works_and_obeys_no_tree, agent_suite.check_killed_agent_is_not_finished)
RARELY = [(name, check) for name in DRIVERS for check in agent_suite.CHECKS if (name, check) not in OFTEN]


@pytest.fixture(autouse=True)
def _state(monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(agent_support.state_home()))


def name_of(value):
    return value if isinstance(value, str) else value.__name__.removeprefix("check_")


def passes(name, check):
    manifest = agent_support.installed(name)
    with sandbox_support.sandboxes(image=manifest.base) as made:
        check(agent_support.bench(name, made))


@pytest.mark.parametrize(("name", "check"), OFTEN, ids=name_of)
def test_driver(name, check):
    passes(name, check)


@pytest.mark.soak
@pytest.mark.parametrize(("name", "check"), RARELY, ids=name_of)
def test_driver_long(name, check):
    passes(name, check)


def native_passes(check):
    with sandbox_support.sandboxes() as made:
        check(agent_suite.Bench(NativeAgent(), made))


@pytest.mark.parametrize("check", NATIVE_OFTEN, ids=name_of)
def test_native(check):
    native_passes(check)


@pytest.mark.soak
@pytest.mark.parametrize("check", [c for c in agent_suite.CHECKS if c not in NATIVE_OFTEN], ids=name_of)
def test_native_long(check):
    native_passes(check)


def test_an_image_that_does_not_stand_on_the_base_is_refused():
    other = agent_support.installed("codex").image
    from orchestrator.errors import SandboxUnsafe
    from orchestrator.ports import SandboxRequest

    base = agent_support.installed("claude-code").image
    with sandbox_support.sandboxes(image=base) as made:
        request = SandboxRequest("suite:image", agent_suite.RUN, agent_support.LIMITS, image=other)
        with pytest.raises(SandboxUnsafe, match="does not stand on") as refused, made.open(request):
            pass
    assert refused.value.code == "SBX016"
