"""What the engine would not heed is refused before anything begins."""

from __future__ import annotations

import pytest
from workflow_support import ROOT, bundled, workflow

from orchestrator.engine.runnable import ensure_runnable
from orchestrator.errors import WorkflowInvalid

HEAD = "It may write `docs/**`.\nA merge needs no tests.\n\n1. The author edits the change.\n"
GATES = "2. The gates check the change.\n"
REST = "3. The lead approves the change.\n4. Merge the change.\n"


def test_a_change_is_judged_by_people_after_a_gate() -> None:
    ensure_runnable(workflow(HEAD + GATES + REST))
    early = workflow(HEAD + "2. The clerk approves the change.\n3. The gates check the change.\n" + REST)
    with pytest.raises(WorkflowInvalid) as found:
        ensure_runnable(early)
    assert found.value.code == "WF041"
    assert found.value.details == (
        "clerk-approves-change judges a change before any gate has: The gates check the change.",
    )


@pytest.mark.parametrize("name", sorted(path.name for path in (ROOT / "workflows").iterdir()))
def test_what_comes_with_handrail_runs(name: str) -> None:
    ensure_runnable(bundled(name))
