"""The whole self-test on the real engine, and an engine's protection taken away to see that it is noticed."""

import json
import os
import subprocess
import sys

import pytest
import sandbox_support

from orchestrator.models.capabilities import Limits
from orchestrator.sandbox import docker_engine, profile
from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.selftest import run

pytestmark = pytest.mark.engine


def runtimes():
    engine = Engine()
    try:
        return [name for name in ("runc", "runsc") if name in engine.info["Runtimes"]]
    finally:
        engine.close()


@pytest.mark.parametrize("runtime", ["runc", "runsc"])
def test_every_attack_is_held(tmp_path, runtime):
    """Under each runtime that the engine has; ``make engine`` gives it both where that is possible."""
    if runtime not in runtimes():
        code, told = selftest(tmp_path, "--runtime", runtime, "--only", "13")
        assert (code, told["code"]) == (8, "SBX003")
        return
    code, told = selftest(tmp_path, "--runtime", runtime)
    assert [a for a in told["attacks"] if a["verdict"] != "held"] == []
    assert code == 0
    assert told["runtime"] == runtime
    assert len(told["attacks"]) == told["counts"]["held"] >= 60


def selftest(tmp_path, *arguments):
    command = [sys.executable, "-m", "orchestrator.cli", "sandbox", "selftest", "--json", *arguments]
    env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(sandbox_support.ROOT), "HOME": str(tmp_path)}
    env |= {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    env |= {name: os.environ[name] for name in ("DOCKER_HOST",) if name in os.environ}
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=300)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


LOOSE = {
    13: {"SecurityOpt": ["no-new-privileges:true", "seccomp=unconfined"]},
    25: {"ReadonlyRootfs": False},
    11: {"IpcMode": "private"},
    8: {"LogConfig": {"Type": "json-file", "Config": {}}},
    1: {"PidsLimit": 0},
}


@pytest.mark.parametrize("number", LOOSE)
def test_a_protection_that_is_missing_is_an_escape(monkeypatch, number):
    """The same attack, on a product whose sandbox lacks what should stop it."""
    whole = profile.host_config
    user = {"User": "0:0"} if number == 25 else {}
    monkeypatch.setattr(docker_engine, "require_as_asked", lambda *_: None)
    monkeypatch.setattr(profile, "host_config", lambda *a: {**whole(*a), **LOOSE[number]})
    spec = profile.container_spec
    monkeypatch.setattr(docker_engine, "container_spec", lambda *a: {**spec(*a), **user})
    with sandbox_support.sandboxes() as made:
        made._probed = True
        with run.bench(made, Limits()) as bench:
            chosen = [attack for attack in run.attacks() if attack.id == number]
            (result,) = run.judge(bench, chosen, lambda _: None)
    assert result.verdict is run.Verdict.ESCAPED, result


def test_nothing_is_left_behind(tmp_path):
    engine = Engine()
    try:
        before = engine.newest_image("handrail/selftest")
        code, _ = selftest(tmp_path, "--only", "29", "--only", "23", "--runtime", "runc")
        assert code == 0
        assert engine.newest_image("handrail/selftest") == before
        assert [c for c in engine.owned() if "selftest" in str(c["Labels"].get("dev.handrail.key"))] == []
    finally:
        engine.close()
