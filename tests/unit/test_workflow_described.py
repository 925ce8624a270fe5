"""Edits of a workflow that weaken it without touching a path: what its own process says is held against it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from workflow_support import compiled, workflow

from orchestrator.app.workflows.compiling import check_file
from orchestrator.errors import WorkflowInvalid
from orchestrator.models.workflow import NodeKind
from orchestrator.policy.proof import judge
from orchestrator.workflows.compile import compile_prose
from orchestrator.workflows.dump import dump

ROOT = Path(__file__).parents[2] / "workflows"


def of_kind(data: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [node for node in data["nodes"].values() if node["kind"] == kind]


def without_rules(data: dict[str, Any]) -> None:
    del data["rules"]


def fewer_approvals(data: dict[str, Any]) -> None:
    del of_kind(data, "review")[0]["approvals"]


def anybody_approves(data: dict[str, Any]) -> None:
    for node in of_kind(data, "review"):
        node.pop("other_than", None)


def a_false_undo(data: dict[str, Any]) -> None:
    for node in of_kind(data, "command"):
        if "effect" in node:
            node["effect"]["undo"] = ["make", "unmake"]


def another_test(data: dict[str, Any]) -> None:
    of_kind(data, "command")[0]["argv"] = ["true"]


def a_wider_ceiling(data: dict[str, Any]) -> None:
    data["ceiling"]["secrets"] = ["prod"]


@pytest.mark.parametrize(
    "edit", [without_rules, fewer_approvals, anybody_approves, a_false_undo, another_test, a_wider_ceiling]
)
def test_an_edit_by_hand_that_the_process_does_not_say_is_refused(
    tmp_path: Path, edit: Callable[[dict[str, Any]], None]
) -> None:
    folder = tmp_path / "hotfix"
    shutil.copytree(ROOT / "hotfix", folder)
    assert check_file(folder / "workflow.yaml", None, None).states
    data = yaml.safe_load((folder / "workflow.yaml").read_text())
    edit(data)
    (folder / "workflow.yaml").write_text(yaml.safe_dump(data, sort_keys=False))
    with pytest.raises(WorkflowInvalid) as refused:
        check_file(folder / "workflow.yaml", None, None)
    assert refused.value.code == "WF037"
    assert refused.value.details


def test_it_is_compared_with_what_each_of_its_roles_would_do_by_default(tmp_path: Path) -> None:
    """``--by`` is in no file: the steps that name nobody may be anybody's of the workflow."""
    prose = b"# Filing\n\n1. Open the form.\n2. The clerk files it.\n3. The auditor reads it.\n"
    (tmp_path / "process.md").write_bytes(prose)
    for by in ("auditor", "clerk"):
        made = compile_prose(prose, "process.md", "filing", by).workflow
        assert made is not None
        (tmp_path / "workflow.yaml").write_text(dump(made))
        assert check_file(tmp_path / "workflow.yaml", None, None).states


def test_a_workflow_whose_prose_is_for_people_is_not_compared() -> None:
    assert check_file(ROOT / "prd-to-code" / "workflow.yaml", None, None).states


PLAN = """1. The lead approves the plan.
2. Ask the agent to mend it.
3. The gates check the change.
4. Run the tests with `make check`.
5. {who} approve the change.
6. Merge the change.

It may write `src/**`.
Never merge the change before {rule}.
"""


@pytest.mark.parametrize(
    ("who", "rule", "message"),
    [
        (
            "One of the maintainers",
            "two of the maintainers approved",
            "Fewer than 2 of the maintainers approve it here.",
        ),
        ("Two of the maintainers", "three of the maintainers approved", "Fewer than 3 of the maintainers"),
        ("Two of the maintainers", "the lead approved the change", "No approval of the lead here is of 'the change'."),
    ],
)
def test_a_rule_heeds_how_many_approve_and_what(who: str, rule: str, message: str) -> None:
    found = compiled(PLAN.format(who=who, rule=rule)).problems
    assert [p.code for p in found] == ["WF115"]
    assert found[0].message.startswith(message)


def test_a_rule_of_two_is_broken_where_one_is_enough() -> None:
    made = workflow(
        PLAN.format(who="Two of the maintainers", rule="two of the maintainers approved since the last edit")
    )
    assert not list(judge.problems(made))
    name = next(n for n, node in made.nodes.items() if node.kind is NodeKind.REVIEW and node.approvals > 1)
    weaker = made.nodes[name].model_copy(update={"approvals": 1})
    broken = list(judge.problems(made.model_copy(update={"nodes": {**made.nodes, name: weaker}})))
    assert [code for _, code, _ in broken] == ["WF033"]


@pytest.mark.parametrize(
    ("granted", "target", "fine"),
    [
        ("hooks.example/team", "hooks.example/team/a", True),
        ("hooks.example", "https://hooks.example/team", True),
        ("hooks.example/team", "hooks.example/other", False),
        ("hooks.example", "hooks.example.evil.example/x", False),
        ("hooks.example", "hooks.example:8443/x", False),
    ],
)
def test_a_webhook_lies_within_what_may_be_posted_to(granted: str, target: str, *, fine: bool) -> None:
    made = workflow(
        f"It may post to `{granted}`.\n\n1. The clerk files it.\n2. Notify the team by webhook `{target}`.\n"
    )
    assert [code for _, code, _ in judge.problems(made)] == ([] if fine else ["WF050"])


def test_a_secret_has_to_be_granted_and_to_have_somewhere_to_go() -> None:
    text = (
        "{grants}\n\n1. The lead approves step 2.\n"
        "2. Run `ship`, which changes the shop and cannot be undone, with the secret `key`.\n"
    )
    fine = "It may use the secrets `key`. It may reach `shop.example`."
    assert not list(judge.problems(workflow(text.format(grants=fine))))
    for grants in ("It may reach `shop.example`.", "It may use the secrets `key`."):
        assert [code for _, code, _ in judge.problems(workflow(text.format(grants=grants)))] == ["WF050"]


def test_nobody_is_another_than_himself() -> None:
    made = workflow("1. The clerk files it.\n2. The lead approves the form, other than whoever did step 2.\n")
    assert "WF017" in [code for _, code, _ in judge.problems(made)]


def test_a_number_that_is_not_its_place_is_no_reference() -> None:
    text = (
        "1. The clerk opens it.\n1. The lead opens it.\n"
        "2. The boss opens it. If it cannot be done, go back to step 2, at most twice.\n"
    )
    assert [p.code for p in compiled(text).problems] == ["WF114"]
    assert not compiled(text.replace("\n2. The", "\n1. The")).problems
    assert not compiled(text.replace("\n2. The", "\n3. The").replace("\n1. The lead", "\n2. The lead")).problems


def test_a_comment_behind_a_sentence_is_a_remark() -> None:
    found = compiled("1. The clerk opens it. <!-- early -->\n2. The clerk closes it.\n")
    assert [r.kind.value for r in found.read] == ["node", "remark", "node"]
