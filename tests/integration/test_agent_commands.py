"""`handrail agent`: list, add, test and remove, as commands."""

import json
import os
import subprocess
import sys

import pytest
from agent_support import installed
from run_support import ROOT

from orchestrator.app.machine import agents
from orchestrator.errors import UsageError
from orchestrator.models.ids import Digest
from orchestrator.testing.agent_suite import CHECKS

pytestmark = pytest.mark.engine

NAME = "codex"
REFUSED = {
    "unknown": (lambda: agents.add("nothing", None, print), "AGT034"),
    "a-path": (lambda: agents.add("../x", None, print), "AGT034"),
    "own": (lambda: agents.add("native", None, print), "AGT044"),
    "own-removed": (lambda: agents.remove("scripted"), "AGT044"),
    "no-version": (lambda: agents.add(NAME, "1;rm", print), "AGT038"),
    "not-there": (lambda: agents.test(NAME, print), "AGT041"),
    "not-there-removed": (lambda: agents.remove(NAME), "AGT041"),
}


def handrail(state, *words):
    argv = [sys.executable, "-m", "orchestrator.cli", "agent", *words]
    env = {**os.environ, "XDG_STATE_HOME": str(state), "PYTHONPATH": str(ROOT)}
    return subprocess.run(argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)


def names(state, *more):
    said = handrail(state, "list", "--json", *more)
    assert said.returncode == 0, said.stderr
    return {one["name"]: one["installed"] for one in json.loads(said.stdout)["agents"]}


@pytest.mark.parametrize("defect", REFUSED)
def test_what_cannot_be_done_is_said(tmp_path, monkeypatch, defect):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    order, code = REFUSED[defect]
    with pytest.raises(UsageError) as refused:
        order()
    assert refused.value.code == code


def test_an_agent_is_listed_until_it_is_removed(tmp_path, monkeypatch):
    kept = installed(NAME)
    assert names(tmp_path) == {"native": True}
    assert names(tmp_path, "--all")[NAME] is False
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    agents.save(kept.model_copy(update={"recipe": Digest("sha256:" + "0" * 64)}))  # so that its image stays
    assert names(tmp_path) == {NAME: True, "native": True}
    said = handrail(tmp_path, "remove", NAME)
    assert said.returncode == 0, said.stderr
    assert names(tmp_path) == {"native": True}


def test_a_manifest_that_somebody_broke_is_refused(tmp_path):
    place = tmp_path / "handrail" / "agents" / f"{NAME}.json"
    place.parent.mkdir(parents=True)
    place.write_text('{"name": "codex", "image": "latest"}')
    said = handrail(tmp_path, "test", NAME)
    assert (said.returncode, "AGT042" in said.stderr) == (2, True), said.stderr


@pytest.mark.soak
def test_a_new_agent_is_tried_and_written_down(tmp_path):
    said = handrail(tmp_path, "add", NAME)
    assert said.returncode == 0, said.stderr
    told = json.loads((tmp_path / "handrail" / "agents" / f"{NAME}.json").read_text())
    assert told["checks"] == [check.__name__.removeprefix("check_").replace("_", "-") for check in CHECKS]
    assert (told["name"], told["pinned"], told["capabilities"]) == (NAME, True, {"memory_mib": 1024})
    assert "command" in told["events"]
    assert told["wiring"]
