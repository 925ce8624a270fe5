"""Small workflows, each with one way that must not be: what an edit, a failure, a merge or an end makes void."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from workflow_support import bundled

from orchestrator.models.capabilities import Capabilities, Egress
from orchestrator.models.policy import Policy, Principal, Role
from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof import checker, judge
from orchestrator.policy.proof.machine import machine
from orchestrator.policy.proof.monitor import Monitor, Standing, Violation

END: dict[str, Any] = {"kind": "end", "exit": 0}
STOP: dict[str, Any] = {"kind": "end", "exit": 1}
SAID = ("approve", "request-changes", "reject")
KINDS: dict[str, tuple[dict[str, Any], str, tuple[str, ...]]] = {
    "edit": ({"kind": "task", "role": "author", "edits": True}, "done", ("blocked",)),
    "file": ({"kind": "task", "role": "author"}, "done", ("blocked",)),
    "gate": ({"kind": "gate", "gates": ["ruff"]}, "passed", ("needs-person", "again", "error")),
    "tests": ({"kind": "command", "argv": ["make", "check"]}, "passed", ("failed",)),
    "review": ({"kind": "review", "role": "lead", "reviews": "change"}, "approve", (*SAID[1:], "moved")),
    "merge": ({"kind": "merge", "line": "run"}, "merged", ("moved",)),
    "allow": ({"kind": "review", "role": "lead", "reviews": "effect", "about": "deploy"}, "approve", SAID[1:]),
    "deploy": ({"kind": "command", "argv": ["make", "it"], "effect": {"target": "it"}}, "passed", ("failed",)),
    "ask": ({"kind": "ask", "role": "lead", "asks": ["safe"]}, "answered", ()),
}
CASE = {"outcome": "yes", "when": [{"fact": "safe", "operator": "is", "value": True}]}
JUDGED = ("gate", "tests", "review")


def row(*names: str, last: str = "end", inside: str | None = None) -> dict[str, dict[str, Any]]:
    """Nodes one after the other: ``gate/2@b`` is a second gate, of the change ``b``. What fails stops."""
    found: dict[str, dict[str, Any]] = {}
    ids = [name.replace("@", "-of-").replace("/", "-") for name in names]
    for name, own, onward in zip(names, ids, (*ids[1:], last), strict=True):
        kind, change = name.partition("@")[0].partition("/")[0], name.partition("@")[2]
        fields, main, others = KINDS[kind]
        found[own] = {**fields, "on": {main: onward, **dict.fromkeys(others, "stop")}}
        found[own] |= {"change": change} if change else {}
        found[own] |= {"inside": inside} if inside else {}
    return found


def made(nodes: dict[str, dict[str, Any]], **more: Any) -> Workflow:
    ends = {name: node for name, node in (("end", END), ("stop", STOP)) if name not in nodes}
    data = {
        "id": "it",
        "title": "It",
        "start": next(iter(nodes)),
        "nodes": {**nodes, **ends},
        "roles": ("author", "lead"),
        "facts": {"safe": {"kind": "yes-no"}},
        "ceiling": {"write": ["src/**"]},
        "source_digest": "sha256:" + "0" * 64,
    }
    return Workflow.model_validate(data | more)


def codes(nodes: dict[str, dict[str, Any]], **more: Any) -> set[str]:
    """What is found wrong; the independent checker must see it, too, where a search found it."""
    workflow = made(nodes, **more)
    found = {code for _, code, _ in judge.problems(workflow)}
    if not found or found <= {"WF030", "WF031", "WF032", "WF033", "WF034"}:
        assert bool(checker.check(workflow).broken) == bool(found), found
    return found


def but(nodes: dict[str, dict[str, Any]], name: str, outcome: str = "", target: str = "", **fields: Any) -> Any:
    changed = {**nodes[name], **fields}
    changed["on"] = {**changed["on"], **({outcome: target} if outcome else {})}
    return {**nodes, name: changed}


WHOLE = row("edit", *JUDGED, "merge", "allow", "deploy")
AGAIN = ("edit/2", "gate/2", "tests/2", "review/2")
ONCE_MORE = but(but(WHOLE, "deploy", "failed", "deploy", at_most={"failed": 1}), "deploy", "exhausted", "stop")
TWO = row("edit", "edit/2", *JUDGED, "merge")
WAYS = {
    "all is well": (WHOLE, set[str]()),
    "an approval of an effect, then another change": (row("edit", *JUDGED, "allow", *AGAIN, "deploy"), {"WF031"}),
    "an approval of an effect before the merge": (row("edit", *JUDGED, "allow", "merge", "deploy"), {"WF031"}),
    "an effect of a change that is not judged": (row("edit", "allow", "deploy"), {"WF030"}),
    "an effect once more": (ONCE_MORE, {"WF031"}),
    "verdicts of one change when another has moved the tip": (
        row(*(f"{k}@a" for k in ("edit", *JUDGED)), *(f"{k}@b" for k in ("edit", *JUDGED)), "merge@a", "merge@b"),
        {"WF030"},
    ),
    "one change after the other": (
        row(*(f"{k}@a" for k in ("edit", *JUDGED, "merge")), *(f"{k}@b" for k in ("edit", *JUDGED, "merge"))),
        set[str](),
    ),
    "a second gate that fails": (but(row("edit", *JUDGED, "gate/2", "merge"), "gate-2", "again", "merge"), {"WF030"}),
    "a second gate that breaks": (
        but(row("edit", *JUDGED, "gate/2", "tests/2", "review/2", "merge"), "gate-2", "error", "tests-2"),
        {"WF030"},
    ),
    "tests that fail the second time": (
        but(row("edit", "gate", "tests", "tests/2", "review", "merge"), "tests-2", "failed", "review"),
        {"WF030"},
    ),
    "an edit between approval and merge": (row("edit", *JUDGED, "edit/2", "merge"), {"WF030"}),
    "its author alone approves": (but(TWO, "review", role="author"), {"WF034"}),
    "of two edits only one is set apart": (but(TWO, "review", role="author", other_than=["edit"]), {"WF034"}),
    "both are set apart": (but(TWO, "review", role="author", other_than=["edit", "edit-2"]), set[str]()),
    "two of its author's role": (but(TWO, "review", role="author", approvals=2), set[str]()),
}
WAYS.update(
    {
        "a decision after no answer came in time": (
            but(
                row("ask") | {"which": {"kind": "decide", "cases": [CASE], "on": {"yes": "end", "otherwise": "stop"}}},
                "ask",
                "expired",
                "which",
                within_seconds=60,
            ),
            {"WF032"},
        ),
        "nobody ever comes to an end": (
            {
                name: {"kind": "task", "role": "lead", "at_most": {"done": 1}, "on": dict.fromkeys(OUT, other)}
                for OUT in [("done", "blocked", "exhausted")]
                for name, other in (("one", "two"), ("two", "one"))
            },
            {"WF020", "WF021", "WF022"},
        ),
    }
)


@pytest.mark.parametrize(("nodes", "expected"), WAYS.values(), ids=WAYS)
def test_a_way_is_found_or_there_is_none(nodes: dict[str, dict[str, Any]], expected: set[str]) -> None:
    assert codes(nodes) == expected


def test_a_merge_needs_every_gate_and_role_that_is_named() -> None:
    good = row("edit", *JUDGED, "merge")
    assert codes(good, needs={"gates": ["ruff"], "roles": ["lead"]}) == set()
    assert codes(good, needs={"gates": ["ruff", "bandit"]}) == {"WF030"}
    assert codes(good, needs={"roles": ["lead", "author"]}) == {"WF030"}


def rule(kind: str, what: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    return [{"kind": kind, "what": what, **more}]


def test_a_rule_counts_approvals_from_the_number_on_and_heeds_roles_and_edits() -> None:
    two = but(row("edit", *JUDGED, "merge"), "review", approvals=2)
    merge = {"kind": "merge"}
    assert codes(two, rules=rule("never-unless", merge, other={"kind": "review", "approvals": 2})) == set()
    assert codes(two, rules=rule("never-unless", merge, other={"kind": "review", "approvals": 3})) == {"WF033"}
    assert codes(two, rules=rule("never-unless", merge, other={"role": "lead"})) == set()
    assert codes(row("file", "ask"), rules=rule("never-after", {"node": "ask"}, other={"role": "author"})) == {"WF033"}
    other = rule("never-after", {"node": "file"}, other={"edits": True})
    assert codes(row("file", "edit", "gate"), rules=other) == set()
    assert codes(row("edit", "gate", "file"), rules=other) == {"WF033"}


def test_a_rule_about_an_outcome_is_broken_where_it_is_taken() -> None:
    told = rule("never-unless", {"node": "file", "outcome": "done"}, other={"node": "ask"})
    assert codes(row("ask", "file"), rules=told) == set()
    assert codes(row("file", "ask"), rules=told) == {"WF033"}
    branches = (row("file", last="join", inside="fork/a"), row("ask", last="join", inside="fork/b"))
    assert codes(forked(*branches), rules=told) == {"WF033"}


def forked(one: dict[str, dict[str, Any]], other: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        "fork": {"kind": "parallel", "on": {"a": next(iter(one)), "b": next(iter(other))}},
        **one,
        **other,
        "join": {"kind": "join", "about": "fork", "on": {"joined": "end"}},
    }


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("file",), ("ask",), set[str]()),
        (("edit",), ("gate",), {"WF024"}),
        (("edit@a",), ("gate@b",), set[str]()),
        (("merge@a",), ("gate@b",), {"WF024", "WF030"}),
    ],
)
def test_no_branch_changes_what_another_judges(
    one: tuple[str, ...], other: tuple[str, ...], expected: set[str]
) -> None:
    first, second = (row(*names, last="join", inside=f"fork/{b}") for names, b in ((one, "a"), (other, "b")))
    assert {code for _, code, _ in judge.problems(made(forked(first, second)))} == expected


FILED, ASKED = row("file", last="join", inside="fork/a"), row("ask", last="join", inside="fork/b")


@pytest.mark.parametrize(
    "nodes",
    [
        forked(but(FILED, "file", "done", "ask"), ASKED),
        forked(but(FILED, "file", "done", "end"), ASKED),
        forked(but(FILED, "file", inside=None), ASKED),
        forked(but(FILED, "file", inside="fork/b"), ASKED),
        but(forked(FILED, ASKED), "join", inside="fork/a"),
        {"late": {**FILED["file"], "on": {"done": "join", "blocked": "fork"}, "inside": None}, **forked(FILED, ASKED)},
        {"late": {**FILED["file"], "on": {"done": "ask", "blocked": "fork"}, "inside": None}, **forked(FILED, ASKED)},
    ],
    ids=["into another", "never to the join", "begins outside", "begins in another", "a join inside", "late", "into"],
)  # fmt: skip
def test_branches_come_to_their_join_and_nothing_enters_them(nodes: dict[str, dict[str, Any]]) -> None:
    assert "WF023" in {code for _, code, _ in judge.problems(made(nodes))}


@pytest.mark.parametrize("outcome", ["moved", "revised"])
def test_what_moved_or_was_revised_has_no_verdict_of_another_review(outcome: str) -> None:
    """Of a plan's change: one has approved it, and at the second review it becomes another."""
    data = bundled("prd-to-code").model_dump(mode="json", exclude_defaults=True)
    name, first = next((n, v) for n, v in data["nodes"].items() if v.get("reviews") == "change")
    merges = first["on"]["approve"]
    data["nodes"]["second"] = {**first, "on": {**first["on"], outcome: merges}}
    data["nodes"][name] = {**first, "on": {**first["on"], "approve": "second"}}
    workflow = Workflow.model_validate(data)
    assert {code for _, code, _ in judge.problems(workflow)} == {"WF030"}
    assert checker.check(workflow).broken


def walk(workflow: Workflow, *steps: tuple[str, str]) -> Standing | Violation:
    watching = Monitor(machine(workflow))
    here: Standing | Violation = watching.begin()
    for node, outcome in steps:
        assert isinstance(here, Standing), here
        here = watching.passed(here, node, outcome)
    return here


def test_bounds_begin_anew_for_each_item_and_not_within_one() -> None:
    task = {"kind": "task", "role": "lead", "at_most": {"blocked": 1}}
    nodes = {
        "each": {"kind": "for_each", "repeat": {"items": ["x", "y"]}, "on": {"each": "do", "done": "end"}},
        "do": {**task, "on": {"done": "each", "blocked": "do", "exhausted": "stop"}},
    }
    again, once = ("do", "blocked"), [("each", "each"), ("do", "blocked"), ("do", "done")]
    assert isinstance(walk(made(nodes), *once, *once), Standing)
    assert isinstance(walk(made(nodes), ("each", "each"), again, again), Violation)


def test_who_comes_to_an_end_or_leaves_its_branch_ends_the_others() -> None:
    nodes = forked(FILED, ASKED)
    ended = walk(made(nodes), ("fork", "begun"), ("file", "blocked"))
    assert isinstance(ended, Standing)
    assert ended.tokens == ("stop",)
    left = but(nodes, "file", "blocked", "elsewhere") | row("file/2", last="end")
    left = {("elsewhere" if name == "file-2" else name): node for name, node in left.items()}
    gone = walk(made(left), ("fork", "begun"), ("file", "blocked"))
    assert isinstance(gone, Standing)
    assert gone.tokens == ("elsewhere",)


def test_a_broken_guard_stops_the_run_where_it_is_met() -> None:
    told = rule("never-unless", {"node": "file", "outcome": "done"}, other={"node": "ask"})
    assert getattr(walk(made(row("file", "ask"), rules=told), ("file", "done")), "code", "") == "WF033"
    steps = [("edit", "done"), ("gate", "passed"), ("tests", "passed")]
    short = walk(made(row("edit", "gate", "tests", "merge")), *steps)
    assert getattr(short, "code", "") == "WF030"


SECRET, OUT = ("token",), ({"host": "a.example", "methods": ["POST"]},)
DEPLOY = row("edit", *JUDGED, "merge", "allow", "deploy")


@pytest.mark.parametrize(
    ("ceiling", "node", "expected"),
    [
        ({"secrets": SECRET, "egress": OUT}, {"effect": {"target": "it", "credential": "token"}}, set[str]()),
        ({"secrets": SECRET}, {"effect": {"target": "it", "credential": "token"}}, {"WF050"}),
        ({"egress": OUT}, {"effect": {"target": "it", "credential": "token"}}, {"WF050"}),
    ],
)
def test_a_secret_is_granted_with_a_host_to_give_it_to(
    ceiling: dict[str, Any], node: dict[str, Any], expected: set[str]
) -> None:
    assert codes(but(DEPLOY, "deploy", **node), ceiling={"write": ["src/**"], **ceiling}) == expected


@pytest.mark.parametrize(
    ("rule_", "expected"),
    [
        ({"host": "a.example", "methods": ["POST"], "paths": ["/hooks"]}, set[str]()),
        ({"host": "a.example", "methods": ["POST"], "paths": ["/other"]}, {"WF050"}),
        ({"host": "a.example", "methods": ["GET"]}, {"WF050"}),
        ({"host": "a.example", "methods": ["POST"], "port": 8443}, {"WF050"}),
        ({"host": "*.example", "methods": ["POST"]}, set[str]()),
        ({"host": "example", "methods": ["POST"]}, {"WF050"}),
    ],
)
def test_a_webhook_is_within_what_is_granted(rule_: dict[str, Any], expected: set[str]) -> None:
    on = {"sent": "end", "unsent": "stop"}
    told = {"tell": {"kind": "notify", "channel": "webhook", "to": "a.example/hooks/x", "on": on}}
    assert codes(told, ceiling={"egress": [rule_]}) == expected


def test_what_is_not_tested_writes_no_protected_path_either() -> None:
    needs = {"tests": False}
    good = row("edit", "gate", "review", "merge")
    assert codes(good, needs=needs, ceiling={"write": ["docs/**"]}) == set()
    assert codes(good, needs=needs, ceiling={"write": ["docs/**"], "write_protected": ["conftest.py"]}) == {"WF052"}


def policy(**more: Any) -> Policy:
    people = tuple(Principal(name=n, keyid=n, public_key="") for n in ("ann", "bob", "cy"))
    ceiling = Capabilities(write=("**",), secrets=SECRET, egress=(Egress(host="a.example", methods=("POST",)),))
    roles = {"author": Role(principals=("ann",)), "lead": Role(principals=("bob", "cy"), threshold=2)}
    fields = {"version": 1, "expires": datetime(2030, 1, 1, tzinfo=UTC), "roles": roles, "principals": people}
    return Policy.model_validate({**fields, "ceiling": ceiling, "approve_roles": ("lead",), **more})


def under(workflow: Workflow, held: Policy) -> set[str]:
    return {code for _, code, _ in judge.under(workflow, held)}


def test_a_policy_may_want_more_people_than_there_are() -> None:
    assert under(made(DEPLOY), policy()) == set()
    three = {"author": Role(principals=("ann",)), "lead": Role(principals=("bob", "cy"), threshold=3)}
    assert under(made(DEPLOY), policy(roles=three)) == {"WF054"}


def test_a_command_can_be_robbed_as_an_agent_can() -> None:
    deploy = but(DEPLOY, "deploy", capabilities={"secrets": SECRET, "egress": OUT})
    grants = {"write": ["src/**"], "secrets": SECRET, "egress": OUT}
    narrow = but(deploy, "tests", capabilities={"write": ["src/**"]})
    workflow = made(narrow, ceiling=grants)
    assert under(workflow, policy()) == {"WF051"}
    assert under(workflow, policy(accept_risk=("trifecta:it/deploy",))) == set()
