"""What is kept of a scanner's answers is kept for exactly the sources that gave them."""

from pathlib import Path

import orchestrator.gates
from orchestrator.gates.scanners import team


def test_every_file_of_the_room_decides(monkeypatch, tmp_path):
    room = Path(orchestrator.gates.__file__).parent
    known = team.own_sources()
    assert set(known) == set(room.rglob("*.py"))
    now = team.ruleset()
    other = tmp_path / "other.py"
    other.write_text("")
    monkeypatch.setattr(team, "own_sources", lambda: [*known, other])
    team.ruleset.cache_clear()
    assert team.ruleset() != now
    team.ruleset.cache_clear()
