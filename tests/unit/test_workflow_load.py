"""A workflow that could merge unseen work is refused before it is compiled, with the story of how."""

from __future__ import annotations

import pytest

from orchestrator.assets.find import workflow_files
from orchestrator.errors import UsageError, WorkflowInvalid
from orchestrator.models.workflow import NodeKind
from orchestrator.workflows.load import load_workflow

YAML, PROSE, PATH = workflow_files("prd-to-code")


def problems(before: str, after: str, prose: bytes = PROSE) -> str:
    edited = YAML.replace(before.encode(), after.encode())
    assert edited != YAML or prose != PROSE
    with pytest.raises(WorkflowInvalid) as caught:
        load_workflow(edited, prose, PATH)
    return "\n".join(caught.value.details)


def test_the_bundled_workflow_is_sound() -> None:
    workflow = load_workflow(YAML, PROSE, PATH)
    assert {n.kind for n in workflow.nodes.values()} >= {NodeKind.PLAN, NodeKind.FOR_EACH, NodeKind.MERGE, NodeKind.END}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("judge: check", "judge: land", "WF030"),
        ("judge: check", "judge: approve", "WF030"),
        ("passed: accept, needs-person: accept", "passed: approve, needs-person: approve", "WF030"),
        ("deferred: stack", "deferred: land", "WF030"),
        ("passed: approve, again", "passed: land, again", "WF030"),
        ("moved: check}\n  stack", "moved: land}\n  stack", "WF030"),
        ("revised: check}\n  land", "revised: land}\n  land", "WF030"),
        ("stacked: approve-run", "stacked: publish", "WF030"),
        ("approve: land, ", "approve: nowhere, ", "WF013"),
        ("again: steps, error", "error", "WF011"),
        ("planned: approve-plan", "planned: approve-plan, dreamt: steps", "WF012"),
        ("start: plan", "start: begin", "WF010"),
        ("    role: reviewer\n    on: {approve: steps", "    on: {approve: steps", "WF014"),
        ("roles: [reviewer]", "roles: [nobody]", "WF015"),
        ("limit: out-of-budget", "limit: refused", "WF020"),
        ("schema: handrail.workflow/1", "schema: handrail.workflow/9", "WF002"),
        ("kind: agent", "kind: wizard", "WF002"),
        ("start: plan", "start: [plan", "WF002"),
        ("start: plan", "start: plan\nstart: plan", "twice"),
        ("start: plan", "start: &a plan", "aliases"),
    ],
)
def test_an_unsafe_or_broken_edit_is_named_with_its_place(before: str, after: str, expected: str) -> None:
    told = problems(before, after)
    assert expected in told
    assert told.startswith("prd-to-code/workflow.yaml:")


def test_the_story_of_an_unseen_merge_is_told_step_by_step() -> None:
    told = problems("judge: check", "judge: land")
    assert "1. plan" in told
    assert "land merges" in told


def test_an_edited_process_needs_a_new_workflow() -> None:
    told = problems("", "", PROSE + b"\nAnd then relax.\n")
    assert "WF003" in told
    assert "handrail workflow compile prd-to-code/process.md --output prd-to-code/workflow.yaml" in told


def test_an_unknown_workflow_is_refused_with_the_known_ones() -> None:
    for name in ("nope", "../prd-to-code", "prd-to-code/../prd-to-code"):
        with pytest.raises(UsageError, match="prd-to-code"):
            workflow_files(name)
