"""Each kind of node says all that it needs and nothing that it would not heed; what cannot run is refused by name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from orchestrator.engine.runnable import ensure_runnable
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import sha256
from orchestrator.models.workflow import Node, NodeKind, Workflow
from orchestrator.policy.proof.outcomes import outcomes
from orchestrator.policy.proof.shape import problems

REFERENCE = (Path(__file__).parents[2] / "docs/reference/workflow.md").read_text()
END = {"kind": "end", "exit": 0}
FACTS = {
    "amount": {"kind": "number", "unit": "euros"},
    "urgent": {"kind": "yes-no"},
    "colour": {"kind": "choice", "choices": ["red", "blue"]},
    "services": {"kind": "list"},
}
GOOD: dict[str, dict[str, Any]] = {
    "task": {"kind": "task", "role": "clerk", "within_seconds": 60},
    "ask": {"kind": "ask", "role": "clerk", "asks": ["amount"]},
    "decide": {
        "kind": "decide",
        "cases": [{"outcome": "big", "when": [{"fact": "amount", "operator": "above", "value": 5}]}],
    },
    "notify": {"kind": "notify", "channel": "file", "to": "the team"},
    "wait": {"kind": "wait", "pause_seconds": 60},
    "until": {"kind": "wait", "role": "clerk"},
    "each": {"kind": "for_each", "repeat": {"fact": "services"}},
    "command": {"kind": "command", "argv": ["make", "deploy"], "effect": {"target": "the shop"}},
    "review": {"kind": "review", "role": "clerk", "reviews": "work", "approvals": 2, "at_most": {"request-changes": 2}},
    "agent": {"kind": "agent", "instruction": "Fix it."},
}


def workflow(node: dict[str, Any], **more: Any) -> Workflow:
    made = Node.model_validate(node)
    targets = dict.fromkeys(outcomes(made, planned=False), "end")
    nodes = {"it": {**node, "on": {**targets, **node.get("on", {})}}, "end": END}
    body = {"id": "w", "title": "W", "start": "it", "nodes": nodes, "roles": ["clerk"], "facts": FACTS, **more}
    return Workflow.model_validate({**body, "ceiling": Capabilities(), "source_digest": sha256(b"")})


@pytest.mark.parametrize("name", GOOD)
def test_a_complete_node_has_no_problem_and_can_run(name: str) -> None:
    made = workflow(GOOD[name])
    assert list(problems(made)) == []
    ensure_runnable(made)


@pytest.mark.parametrize(
    ("name", "change", "code"),
    [
        ("task", {"role": None}, "WF014"),
        ("task", {"role": "nobody"}, "WF015"),
        ("task", {"gates": ["ruff"]}, "WF016"),
        ("task", {"approvals": 2}, "WF016"),
        ("task", {"at_most": {"dreamt": 2}}, "WF012"),
        ("task", {"at_most": {"blocked": 0}}, "WF012"),
        ("task", {"on": {"done": "nowhere"}}, "WF013"),
        ("ask", {"asks": ["weight"]}, "WF018"),
        ("ask", {"asks": []}, "WF014"),
        ("review", {"other_than": ["end"]}, "WF017"),
        ("review", {"other_than": ["nowhere"]}, "WF013"),
        ("review", {"reviews": "effect"}, "WF017"),
        ("wait", {"role": "clerk"}, "WF017"),
        ("until", {"role": None}, "WF017"),
        ("each", {"repeat": {"fact": "services", "items": ["a"]}}, "WF017"),
        ("each", {"repeat": {"fact": "urgent"}}, "WF019"),
        ("command", {"argv": []}, "WF017"),
        ("notify", {"to": ""}, "WF014"),
    ],
)
def test_a_broken_node_is_named_with_its_code(name: str, change: dict[str, Any], code: str) -> None:
    assert code in {found for _, found, _ in problems(workflow({**GOOD[name], **change}))}


@pytest.mark.parametrize(
    ("fact", "operator", "value"),
    [
        ("amount", "is", "five"),
        ("amount", "above", True),
        ("urgent", "above", True),
        ("urgent", "is", 1),
        ("colour", "is", "green"),
        ("services", "is", "a"),
    ],
)
def test_a_guard_that_cannot_be_compared_is_refused(fact: str, operator: str, value: object) -> None:
    cases = [{"outcome": "big", "when": [{"fact": fact, "operator": operator, "value": value}]}]
    assert "WF019" in {code for _, code, _ in problems(workflow({**GOOD["decide"], "cases": cases}))}


def test_rules_and_needs_name_what_there_is() -> None:
    rule = {"kind": "never", "what": {"node": "nowhere"}}
    found = {code for _, code, _ in problems(workflow(GOOD["task"], rules=[rule], needs={"roles": ["nobody"]}))}
    assert found == {"WF013", "WF015"}
    assert "WF017" in {code for _, code, _ in problems(workflow(GOOD["task"], rules=[{"kind": "never", "what": {}}]))}


@pytest.mark.parametrize(
    "change", [{"within_seconds": 0}, {"approvals": 0}, {"exit": 256}, {"guard": "__import__('os')"}, {"kind": "eval"}]
)
def test_values_out_of_range_and_unknown_keys_are_no_nodes(change: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Node.model_validate({**GOOD["task"], **change})


def test_the_reference_names_every_kind_with_its_outcomes() -> None:
    told: dict[str, set[str]] = {}
    for kind, said in re.findall(r"^\| `([a-z_]+)` \|.*\| ([^|]*)\|$", REFERENCE, re.MULTILINE):
        told.setdefault(kind, set()).update(re.findall(r"`([a-z-]+)`", said))
    assert {NodeKind(k) for k in told if k in set(NodeKind)} == set(NodeKind)
    for node in GOOD.values():
        made = Node.model_validate({**node, "within_seconds": None, "at_most": {}, "cases": ()})
        assert outcomes(made, planned=False) <= told[made.kind] | {"otherwise"}
