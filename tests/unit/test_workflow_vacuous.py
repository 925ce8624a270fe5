"""Edits by hand that leave the form of a protection and take its meaning; and such as mean as much as before."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from workflow_support import bundled

from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof import judge

Edit = Callable[[dict[str, Any]], None]
DEPLOY = "run-make-deploy-which"


def edited(name: str, edit: Edit) -> set[str]:
    data = copy.deepcopy(bundled(name).model_dump(mode="json", exclude_defaults=True))
    edit(data)
    return {code for _, code, _ in judge.problems(Workflow.model_validate(data))}


def rule(**parts: Any) -> Edit:
    return lambda data: data["rules"].append(parts)


def first_rule(**parts: Any) -> Edit:
    return lambda data: data["rules"][0].update(parts)


def node(name: str, **fields: Any) -> Edit:
    return lambda data: data["nodes"][name].update(fields)


def effect(**fields: Any) -> Edit:
    return lambda data: data["nodes"][DEPLOY]["effect"].update(fields)


def ceiling(field: str, *patterns: str) -> Edit:
    return lambda data: data["ceiling"].update({field: [*data["ceiling"].get(field, ()), *patterns]})


def before_all(name: str, **fields: Any) -> Edit:
    def edit(data: dict[str, Any]) -> None:
        on = {"done": data["start"], "blocked": "stopped"}
        data["nodes"][name] = {"kind": "task", "role": data["roles"][0], "on": on} | fields
        data["start"] = name

    return edit


def a_case_that_ends_as(outcome: str, target: str = "") -> Edit:
    def edit(data: dict[str, Any]) -> None:
        name = [n for n, each in data["nodes"].items() if each["kind"] == "decide"][-1]
        cases = data["nodes"][name]["cases"]
        cases.append({**cases[0], "outcome": outcome})
        data["nodes"][name]["on"][outcome] = target or data["start"]

    return edit


def a_bounded_fork(data: dict[str, Any]) -> None:
    fork = next(each for each in data["nodes"].values() if each["kind"] == "parallel")
    branch = next(iter(fork["on"]))
    fork["at_most"] = {branch: 1}
    fork["on"]["exhausted"] = fork["on"][branch]


def a_branch_without_a_name(data: dict[str, Any]) -> None:
    name, fork = next((n, each) for n, each in data["nodes"].items() if each["kind"] == "parallel")
    branch = next(iter(fork["on"]))
    fork["on"][""] = fork["on"].pop(branch)
    for each in data["nodes"].values():
        if each.get("inside") == f"{name}/{branch}":
            each["inside"] = f"{name}/"


def a_stack(data: dict[str, Any]) -> None:
    """Nobody approves, and the change lands where nobody looks."""
    data["nodes"]["merge-change"]["line"] = "stack"
    data["nodes"]["run-tests-make-check"]["on"]["passed"] = "merge-change"
    for name in ("two-maintainers-approve-change", "step-2-release-managers-approve"):
        del data["nodes"][name]


def apart_from_a_later_step(data: dict[str, Any]) -> None:
    review = next(each for each in data["nodes"].values() if each.get("other_than"))
    review["other_than"] = [[n for n, each in data["nodes"].items() if each["kind"] == "task"][-1]]


def a_choice_of_nothing(data: dict[str, Any]) -> None:
    data["facts"]["colour"] = {"kind": "choice"}
    next(each for each in data["nodes"].values() if each["kind"] == "ask")["asks"].append("colour")


def items(*names: str) -> Edit:
    loop: dict[str, Any] = {"kind": "for_each", "repeat": {"items": names}, "on": {"each": "each-item", "done": ""}}

    def edit(data: dict[str, Any]) -> None:
        loop["on"]["done"] = data["start"]
        on = {"done": "loop", "blocked": "stopped"}
        data["nodes"] |= {"loop": loop, "each-item": {"kind": "task", "role": data["roles"][0], "on": on}}
        data["start"] = "loop"

    return edit


MERGE = {"kind": "merge"}
LATE = {"node": "gates-check-change", "outcome": "failed"}
IMPOSSIBLE = (
    "../**",
    "/etc/**",
    ".git/**",
    ".GIT/x",
    ".\uff47it/x",
    "src/.git./x",
    ".Handrail/policy/**",
    "a//b",
    "{a}",
)
UNSAFE: list[tuple[str, str, Edit]] = [
    ("hotfix", "WF038", first_rule(what={"kind": "merge", "outcome": "merge"})),
    ("hotfix", "WF038", first_rule(what={"kind": "plan"})),
    ("hotfix", "WF038", first_rule(what={"node": DEPLOY, "kind": "merge"})),
    ("hotfix", "WF038", first_rule(since={"kind": "agent", "outcome": "proposal"})),
    ("refund-approval", "WF038", first_rule(what={"node": "ask-support-agent-amount", "role": "finance-lead"})),
    ("hotfix", "WF038", rule(kind="never-after", what=MERGE)),
    ("hotfix", "WF038", rule(kind="never-after", what=MERGE, other=LATE)),
    ("hotfix", "WF038", rule(kind="never-unless", what=MERGE)),
    ("hotfix", "WF038", rule(kind="never", what={"kind": "plan"}, since={"edits": True})),
    ("hotfix", "WF038", rule(kind="never", what={"node": "rejected", "outcome": "rejected"})),
    ("hotfix", "WF038", effect(undo=["make", "deploy"])),
    ("hotfix", "WF038", effect(undo=["/bin/true"])),
    ("hotfix", "WF038", effect(dry_run=["make", "deploy"])),
    ("hotfix", "WF017", effect(undo=[""])),
    ("hotfix", "WF017", effect(dry_run=["make", "\0"])),
    ("hotfix", "WF017", node("run-tests-make-check", argv=[""])),
    ("refund-approval", "WF038", apart_from_a_later_step),
    ("refund-approval", "WF038", a_choice_of_nothing),
    ("hotfix", "WF017", a_stack),
    ("refund-approval", "WF022", a_case_that_ends_as("moved")),
    ("refund-approval", "WF012", a_case_that_ends_as("revised")),
    ("refund-approval", "WF012", a_case_that_ends_as("exhausted")),
    ("refund-approval", "WF012", a_case_that_ends_as("expired")),
    ("refund-approval", "WF012", a_case_that_ends_as("otherwise")),
    ("incident-response", "WF016", a_bounded_fork),
    ("incident-response", "WF010", a_branch_without_a_name),
    ("hotfix", "WF012", node("gates-check-change", at_most={"again": 1001})),
    ("refund-approval", "WF017", items("one", "one")),
    ("refund-approval", "WF017", items("one", " ")),
    ("refund-approval", "WF017", items("one\x1b[2J")),
    ("refund-approval", "WF017", items(*map(str, range(1001)))),
    *(
        ("refund-approval", "WF010", before_all(name))
        for name in ("a|b", "a:b", "__end__", "", "pay\n1. all is well", "\u202ex", "pay now", "a/b", "a" * 101)
    ),
    ("refund-approval", "WF010", lambda data: data["roles"].append("a\nb")),
    *(
        ("hotfix", "WF050", ceiling(field, pattern))
        for field in ("write", "write_protected")
        for pattern in IMPOSSIBLE
    ),
]  # fmt: skip
HARMLESS: list[tuple[str, Edit]] = [
    ("hotfix", rule(kind="never", what={"kind": "plan"})),
    ("hotfix", rule(kind="never", what={"kind": "review", "approvals": 9})),
    ("hotfix", rule(kind="never-after", what=MERGE, other={"node": DEPLOY, "outcome": "passed"})),
    ("hotfix", first_rule(since={"kind": "agent", "outcome": "proposed"})),
    ("hotfix", effect(undo=["make", "rollback"], dry_run=["make", "-n", "deploy"])),
    ("hotfix", node("two-maintainers-approve-change", other_than=["call-engineer-describes-outage"])),
    ("hotfix", node("gates-check-change", at_most={"again": 1000})),
    ("hotfix", ceiling("write", ".gitignore.d/**", "a.git/**", "handrail/**", "docs/.handrail-notes/*")),
    ("refund-approval", a_case_that_ends_as("Third_way-3", "stopped")),
    ("refund-approval", items("New York", "São Paulo", "a/b")),
    ("refund-approval", before_all("Another_Name-9")),
]


@pytest.mark.parametrize(("name", "code", "edit"), UNSAFE)
def test_what_looks_like_a_protection_and_is_none_is_refused(name: str, code: str, edit: Edit) -> None:
    assert code in edited(name, edit)


@pytest.mark.parametrize(("name", "edit"), HARMLESS)
def test_what_means_as_much_as_before_is_not(name: str, edit: Edit) -> None:
    assert edited(name, edit) == set()
