"""Quiet steps of branches are passed first: nothing is missed by it, and branches do not multiply."""

from __future__ import annotations

import random
from collections import deque
from typing import Any

import pytest
from test_workflow_ways import CASE, END, JUDGED, but, forked, made, row, rule
from workflow_support import replay, workflow

from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof import checker, judge, shape, structure
from orchestrator.policy.proof.machine import machine
from orchestrator.policy.proof.quiet import quiet
from orchestrator.policy.proof.search import Places, searched

STEPS = {
    "verdicts": (
        "file",
        "edit",
        "gate",
        "tests",
        "review",
        "ask",
        "allow",
        "deploy",
        "file",
        "file",
        "edit@b",
        "gate@b",
    ),
    "rules alone": ("file",),
    "edits": ("file", "file", "edit", "gate"),
}
BEHIND = {"verdicts": ("merge", "deploy", "file", "ask"), "rules alone": ("file",), "edits": ("file", "deploy")}


def broken_in_some_order(whole: Workflow) -> bool:
    """Every standing in every order, with bounds counted: what the search leaves out is looked at here."""
    tables = machine(whole)
    places = Places(tables, counting=True)
    first = (places.number((tables.start,), ()), 0)
    seen, todo = {first}, deque([first])
    while todo:
        place, bits = todo.popleft()
        if any(guard.broken(bits) for _, guard in places.guards(place)):
            return True
        for step in places.steps(place):
            if any(guard.broken(bits) for guard in step.guards):
                return True
            there = (step.place, bits & step.keep | step.put)
            if there not in seen:
                seen.add(there)
                todo.append(there)
    return False


def drawn(draw: random.Random, kinds: str) -> Workflow:
    """Two or three branches of up to three steps, ways out of them at random, something behind, and rules."""
    branches = {}
    for branch in "abc"[: draw.choice((2, 2, 3))]:
        names = [f"{draw.choice(STEPS[kinds])}" for _ in range(draw.randint(1, 3))]
        names = [f"{kind}/{branch}{i}{at}{of}" for i, (kind, at, of) in enumerate(n.partition("@") for n in names)]
        branches[branch] = row(*names, last="join", inside=f"fork/{branch}")
    nodes: dict[str, dict[str, Any]] = {
        "fork": {"kind": "parallel", "on": {branch: next(iter(steps)) for branch, steps in branches.items()}},
        **{name: node for steps in branches.values() for name, node in steps.items()},
        "join": {"kind": "join", "about": "fork", "on": {"joined": "behind"}},
        **row(draw.choice(BEHIND[kinds])),
    }
    behind = list(nodes)[-1]
    nodes = {("behind" if n == behind else n): node for n, node in nodes.items()}
    for steps in branches.values():
        for name in steps:
            if draw.random() < 0.3:
                outcome = draw.choice(sorted(nodes[name]["on"]))
                nodes = but(nodes, name, outcome, draw.choice(["stop", "behind", "join", *steps]))
                if draw.random() < 0.5:
                    nodes = but(nodes, name, "exhausted", "stop", at_most={outcome: 1})
    for node in nodes.values():
        if node.get("about") == "deploy":
            deploys = [n for n, other in nodes.items() if other.get("effect")]
            node["about"] = draw.choice(deploys or ["behind"])
    return made({**nodes, "end": END}, rules=rules(draw, nodes))


def rules(draw: random.Random, nodes: dict[str, Any]) -> list[dict[str, Any]]:
    told = list[dict[str, Any]]()
    for _ in range(draw.choice((0, 1, 1, 2))):
        what, other = ({"node": draw.choice([*nodes, "end"])} for _ in range(2))
        kind = draw.choice(("never-after", "never-unless"))
        since = (
            {"since": draw.choice([{"edits": True}, {"node": draw.choice(list(nodes))}])} if draw.random() < 0.5 else {}
        )
        told += rule(kind, what, other=other, **since)
    return told


@pytest.mark.parametrize("kinds", STEPS)
def test_what_no_order_breaks_is_found_with_fewer_orders_and_by_the_checker(kinds):
    draw, tried, unsafe, left_out = random.Random(7), 0, 0, 0  # noqa: S311  a seed, no secret
    while tried < 500:
        whole = drawn(draw, kinds)
        wrong = [*shape.problems(whole)] or [p for p in structure.problems(whole) if p[1] in {"WF022", "WF023"}]
        if wrong:
            continue
        tried += 1
        found, expected = judge.proved(whole), broken_in_some_order(whole)
        assert (found.broken is not None) == expected == bool(checker.check(whole).broken), whole.model_dump_json()
        if found.broken is not None:
            ended = replay(whole, found.broken.story)
            assert ended is None or ended.code == found.broken.guard.code
        unsafe += expected
        left_out += bool(quiet(machine(whole)))
    assert unsafe > 50
    assert tried - unsafe > 50
    assert left_out > 50


def test_branches_of_tasks_do_not_multiply():
    steps = [
        [f"The clerk opens the door {b}.", *(f"The clerk checks the lamp {b}-{i}." for i in range(6))] for b in range(8)
    ]
    branches = "".join(f"   - {' '.join(sentences)}\n" for sentences in steps)
    whole = workflow(f"# Wide\n\nRoles: clerk.\n\n1. In parallel:\n{branches}")
    assert len(whole.nodes) > 48
    found, seen = judge.proved(whole), checker.check(whole)
    assert (found.complete, found.broken, seen.broken) == (True, None, "")
    assert found.states < 200
    assert seen.situations < 200


FILED, OTHER = row("file", last="join", inside="fork/a"), row("file/2", last="join", inside="fork/b")
BESIDE = forked(FILED, OTHER)
LOUD: dict[str, dict[str, Any]] = {
    "it edits": but(BESIDE, "file", edits=True),
    "it judges": BESIDE | {"file": row("gate", last="join", inside="fork/a")["gate"]},
    "it is counted": but(but(BESIDE, "file", "blocked", "join", at_most={"blocked": 1}), "file", "exhausted", "stop"),
    "it leaves its branch": but(BESIDE, "file", "blocked", "late") | row("file/3") | {"late": row("file")["file"]},
    "it only ends": but(BESIDE, "file", "done", "stop"),
}


@pytest.mark.parametrize("nodes", LOUD.values(), ids=LOUD)
def test_a_step_that_another_branch_could_tell_is_not_quiet(nodes):
    assert quiet(machine(made(BESIDE))) == {"file", "file-2"}
    assert "file" not in quiet(machine(made(nodes)))


def test_what_a_rule_speaks_of_is_not_quiet():
    told = rule("never-unless", {"node": "file-2"}, other={"node": "file"})
    assert quiet(machine(made(BESIDE, rules=told))) == frozenset()
    ending = rule("never-unless", {"node": "stop"}, other={"node": "file-2"})
    assert quiet(machine(made(BESIDE, rules=ending))) == frozenset()


def test_steps_that_wait_for_nothing_but_each_other_are_not_quiet():
    nodes = forked(but(row("file", "file/3", last="file", inside="fork/a"), "file", "blocked", "join"), OTHER)
    assert quiet(machine(made(nodes))) == {"file-2"}


def landed() -> dict[str, dict[str, Any]]:
    """A merge behind the join, in place of the end."""
    return {"join": {"kind": "join", "about": "fork", "on": {"joined": "merge"}}, **row("merge")}


def unasked(*names: str, **more: Any) -> Workflow:
    """Somebody files in one branch; the other deploys, which nobody approved: always broken."""
    nodes = forked(row(*names, last="join", inside="fork/a"), row("file/9", "deploy", last="join", inside="fork/b"))
    for outcome, target in more.items():
        nodes = but(nodes, names[-1].replace("/", "-"), outcome, target)
    return made(nodes)


ON = {"yes": "join", "otherwise": "join"}
WHICH: dict[str, Any] = {"kind": "decide", "cases": [CASE], "on": ON, "inside": "fork/b"}


@pytest.mark.parametrize(
    "whole",
    [
        unasked("file", "file/2"),
        unasked("file", done="stop"),
        unasked("file", "file/2", done="file", blocked="join"),
        unasked("file", done="file", blocked="file"),
        made(forked(row("edit", last="join", inside="fork/a"), row(*JUDGED, last="join", inside="fork/b")) | landed()),
        made(
            forked(
                row("ask", last="join", inside="fork/a"), row("file", last="which", inside="fork/b") | {"which": WHICH}
            )
        ),
    ],
    ids=["in a row", "that ends", "in a circle", "for ever", "edits beside verdicts", "an answer beside its decision"],
)
def test_quiet_steps_hide_nothing_of_the_branch_beside_them(whole):
    assert judge.proved(whole).broken is not None
    assert checker.check(whole).broken


def test_a_story_is_told_where_every_order_would_be_too_many():
    rows = [row(*(f"file/{b}{i}" for i in range(6)), last="join", inside=f"fork/{b}") for b in "abcdefg"]
    nodes = {
        "fork": {"kind": "parallel", "on": {b: next(iter(steps)) for b, steps in zip("abcdefg", rows, strict=True)}},
        **{name: node for steps in rows for name, node in steps.items()},
        "join": {"kind": "join", "about": "fork", "on": {"joined": "deploy"}},
        **row("deploy"),
    }
    found = searched(machine(made(nodes)), max_states=500)
    assert found.broken is not None
    assert getattr(replay(made(nodes), found.broken.story), "code", "") == "WF031"
    assert len(found.broken.story) == 1 + 7 * 6 + 1  # the fork, every task, the join


def test_where_every_order_can_be_searched_the_story_is_the_shortest():
    found = judge.proved(unasked("file", "file/2")).broken
    assert found is not None
    assert [(p.node, p.outcome) for p in found.story] == [("fork", "begun"), ("file-9", "done")]
