"""What start-up must not load (each costs more than most commands): measured by benchmarks/startup.py, held here."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"pydantic", "z3", "docker", "git", "langgraph", "textual", "cryptography", "bandit"}
LISTING = "orchestrator.cli.runs orchestrator.cli.review orchestrator.app.runs orchestrator.app.project"
LOOKING_AHEAD = "orchestrator.app.scanners orchestrator.gates.team orchestrator.vcs.ahead"
CHECKING = "orchestrator.cli.verify orchestrator.app.start orchestrator.app.verifying"


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


@pytest.mark.parametrize("heavy", ["langgraph", "docker", "textual", "bandit"])
def test_checking_evidence_loads_no_engine(heavy: str) -> None:
    assert heavy not in loaded(CHECKING)
