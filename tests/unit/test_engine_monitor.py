"""The run-time monitor, and the pure parts of the engine."""

import pytest

from orchestrator.app.wiring import open_workflow
from orchestrator.engine.compile import plain
from orchestrator.engine.state import StepStatus
from orchestrator.engine.watch import check_transition
from orchestrator.errors import WorkflowInvalid

WORKFLOW = open_workflow("prd-to-code")


def test_every_transition_of_the_workflow_is_allowed():
    check_transition(WORKFLOW, "", "", WORKFLOW.start)
    for name, node in WORKFLOW.nodes.items():
        for outcome, target in node.on.items():
            check_transition(WORKFLOW, name, outcome, target)


@pytest.mark.parametrize(
    ("before", "outcome", "here"),
    [
        ("", "", "land"),
        ("check", "passed", "land"),
        ("accept", "passed", "land"),
        ("approve", "reject", "land"),
        ("approve", "invented", "land"),
        ("approve-plan", "reject", "steps"),
        ("finished", "end", "land"),
    ],
)
def test_any_other_is_refused(before, outcome, here):
    with pytest.raises(WorkflowInvalid, match="WF040"):
        check_transition(WORKFLOW, before, outcome, here)


def test_state_is_plain_data():
    found = plain({"a": StepStatus.MERGED, "b": (1, None, True), "c": [{"d": StepStatus.LIMIT}]})
    assert found == {"a": "merged", "b": [1, None, True], "c": [{"d": "limit"}]}
    assert {type(found["a"]), type(found["c"][0]["d"])} == {str}
