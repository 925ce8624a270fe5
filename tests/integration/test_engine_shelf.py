"""The engine of a process that advances many runs: asked once what it is, and before each run whether it is there."""

import pytest
from lax_engine import lax_engine

from orchestrator.app.machine.sandboxing import EngineShelf, reach_engine
from orchestrator.errors import SandboxUnavailable

pytestmark = pytest.mark.engine
ASKED = ("", "", (), ())


def calls(shelf):
    """Round trips so far of the one that is kept."""
    kept = shelf.take(ASKED)
    shelf.put(ASKED, kept)
    return kept.calls


def test_what_was_reached_is_kept_for_the_run_that_comes_next_and_asked_only_whether_it_answers():
    shelf = EngineShelf(0)
    reach_engine(shelf=shelf)
    first = calls(shelf)
    reach_engine(shelf=shelf)
    assert (first > 1, calls(shelf)) == (True, first + 1)
    shelf.close()


def test_one_that_has_gone_away_meanwhile_is_refused_before_the_run_is_on_record(tmp_path, monkeypatch):
    shelf = EngineShelf(0)
    with lax_engine(tmp_path / "socket") as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        reach_engine(shelf=shelf)
    (tmp_path / "socket").unlink()
    for _ in range(2):
        with pytest.raises(SandboxUnavailable, match=r"IMG001|SBX001"):
            reach_engine(shelf=shelf)
    with lax_engine(tmp_path / "socket"):
        reach_engine(shelf=shelf)
        assert calls(shelf) > 1
        shelf.close()
