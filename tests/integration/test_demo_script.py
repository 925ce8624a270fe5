"""The demo's script does what its PRD asks, attempt by attempt, and its wrong turn is one that bandit sees."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.agents.script import load_script

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "sandboxes/images/base/opt/handrail/agents/scripted.py"
DEMO = ROOT / "demo"
ATTEMPTS = [("REQ-001", 1), ("REQ-002", 1), ("REQ-002", 2), ("REQ-003", 1)]


def replay(work, key, attempt):
    actions = load_script((DEMO / "script.yaml").read_bytes(), "script.yaml")[key].actions(attempt)
    stdin = json.dumps({"actions": actions}).encode()
    done = subprocess.run([sys.executable, "-I", PROGRAM], input=stdin, cwd=work, capture_output=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def work(tmp_path):
    return Path(shutil.copytree(DEMO / "repository", tmp_path / "work"))


def findings(work):
    argv = [sys.executable, "-m", "bandit", "-q", "-f", "json", "-r", str(work / "src")]
    return [
        found["test_id"]
        for found in json.loads(subprocess.run(argv, capture_output=True, check=False).stdout)["results"]
    ]


def test_the_repository_passes_its_own_tests_and_the_gates(work):
    subprocess.run([sys.executable, "-m", "unittest", "discover", "-s", "tests", "-t", "."], cwd=work, check=True)
    assert findings(work) == []


def test_each_attempt_is_done_whole_and_ends_green(work):
    for key, attempt in ATTEMPTS:
        events = replay(work, key, attempt)
        assert events[-1]["data"]["failed"] == 0, events
        assert [event["data"]["exit_code"] for event in events if event["kind"] == "command"] == [0], events
        expected = ["B307"] if (key, attempt) == ("REQ-002", 1) else []
        assert findings(work) == expected


def test_the_prd_and_the_script_name_the_same_requirements_and_files():
    prd = (DEMO / "prd.md").read_text()
    script = load_script((DEMO / "script.yaml").read_bytes(), "script.yaml")
    assert set(re.findall(r"^### (REQ-\d+):", prd, re.MULTILINE)) == set(script)
    granted = set(re.findall(r"`((?:src|tests)/[\w/.]+)`", prd))
    written = {
        action["path"]
        for replayed in script.values()
        for attempt in replayed.attempts
        for action in attempt
        if "path" in action
    }
    assert written <= granted


def test_every_verify_command_fails_before_and_passes_after(work):
    commands = [line.split() for line in re.findall(r"\*Verify by:\* `([^`]+)`", (DEMO / "prd.md").read_text())]

    def status(argv):
        return subprocess.run([sys.executable, *argv[1:]], cwd=work, capture_output=True, check=False).returncode

    assert all(status(argv) != 0 for argv in commands)
    for key, attempt in ATTEMPTS:
        replay(work, key, attempt)
    assert all(status(argv) == 0 for argv in commands)
