"""What start-up must not load (each costs more than most commands): measured by benchmarks/startup.py, held here."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"pydantic", "z3", "docker", "git", "langgraph", "textual", "cryptography", "bandit"}
LISTING = "orchestrator.cli.runs orchestrator.cli.review orchestrator.app.runs.listing orchestrator.app.project"
LOOKING_AHEAD = "orchestrator.app.gates.scanners orchestrator.gates.scanners.team orchestrator.vcs.ahead"
JUDGING = "orchestrator.cli.gate orchestrator.app.gates.gating orchestrator.gates.catalog orchestrator.gates.runner"
CHECKING = "orchestrator.cli.verify orchestrator.app.runs.start orchestrator.app.evidence.verifying"


def loaded(modules: str) -> set[str]:
    program = f"import sys, {', '.join(modules.split())}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_itself_loads_no_library_but_click() -> None:
    assert not HEAVY & loaded("orchestrator.cli.main")


def test_lists_load_no_model() -> None:
    assert not HEAVY & loaded(LISTING)


def test_what_begins_before_a_judgement_is_loaded_loads_no_model() -> None:
    assert not HEAVY & loaded(LOOKING_AHEAD)


def test_what_judges_loads_no_model() -> None:
    brought = loaded(JUDGING)
    assert not HEAVY & brought
    assert not {"orchestrator.gates.flow.families", "orchestrator.vcs.worktree", "tomllib", "configparser"} & brought


@pytest.mark.parametrize("heavy", ["langgraph", "docker", "textual", "bandit"])
def test_checking_evidence_loads_no_engine(heavy: str) -> None:
    assert heavy not in loaded(CHECKING)


def test_a_call_of_a_warm_worker_loads_next_to_nothing() -> None:
    allowed = {"orchestrator", "orchestrator.cli", "orchestrator.store", "_socket", "binascii", "__future__"}
    brought = loaded("orchestrator.cli.entry") - loaded("os")
    ours = {"orchestrator.cli.entry", "orchestrator.cli.resident", "orchestrator.store.home"}
    ours |= {f"orchestrator.cli.resident.{name}" for name in ("client", "place")}
    assert brought <= allowed | ours


def test_a_worker_has_loaded_what_a_gate_loads(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from orchestrator.cli.resident import loaded\n"
        "loaded.load()\n"
        "before = set(sys.modules)\n"
        "from orchestrator.cli.main import cli\n"
        "try: cli.main(['gate', '--base', 'HEAD~1'], prog_name='handrail')\n"
        "except SystemExit as left: print(left.code, *sorted(set(sys.modules) - before), file=sys.stderr)\n"
    )
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.invalid", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    for text in ("x = 1\n", "exec(input())\n"):
        (tmp_path / "a.py").write_text(text)
        subprocess.run([*git, "add", "-A"], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "x"], check=True)
    folders = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    env = os.environ | folders
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=env, capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "3"
