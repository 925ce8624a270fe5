"""The prover tried by seeded edits: each unsafe one is caught with a story that happens, no harmless one refused."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from story_walker import NotAWay, broken_by
from workflow_support import LIBRARY, PIPELINES, bundled, replay

from orchestrator.models.capabilities import Capabilities, Egress
from orchestrator.models.workflow import Node, NodeKind, Rule, RuleKind, Subject, Workflow
from orchestrator.models.workflow_parts import Event
from orchestrator.policy.proof import checker, judge, shape, structure
from orchestrator.policy.proof.search import Broken

GOOD = {name: bundled(name) for name in (*LIBRARY, *sorted(PIPELINES))}
JUDGED = {"WF030", "WF031", "WF032", "WF033", "WF034"}
Edit = tuple[str, Workflow]


def edited(workflow: Workflow, name: str, **fields: Any) -> Workflow:
    nodes = {**workflow.nodes, name: workflow.nodes[name].model_copy(update=fields)}
    return workflow.model_copy(update={"nodes": nodes})


def led(workflow: Workflow, name: str, outcome: str, target: str) -> Workflow:
    return edited(workflow, name, on={**workflow.nodes[name].on, outcome: target})


def of_kind(workflow: Workflow, *kinds: NodeKind) -> list[str]:
    return [name for name, node in workflow.nodes.items() if node.kind in kinds]


def straight_to_the_merge(workflow: Workflow) -> Iterator[Edit]:
    """No gate, no test or no approval since: whatever went before."""
    for merge in of_kind(workflow, NodeKind.MERGE):
        for name in of_kind(workflow, NodeKind.AGENT, NodeKind.GATE):
            for outcome in workflow.nodes[name].on:
                yield f"{name} {outcome} -> {merge}", led(workflow, name, outcome, merge)
        for name in of_kind(workflow, NodeKind.COMMAND):
            for outcome in (
                {"failed", "again"} & set(workflow.nodes[name].on) if not workflow.nodes[name].effect else ()
            ):
                yield f"{name} {outcome} -> {merge}", led(workflow, name, outcome, merge)


def an_edit_slipped_in(workflow: Workflow) -> Iterator[Edit]:
    for merge in of_kind(workflow, NodeKind.MERGE):
        for name, node in workflow.nodes.items():
            for outcome, target in node.on.items():
                if target == merge and node.kind is not NodeKind.JOIN:
                    late = Node(
                        kind=NodeKind.AGENT, instruction="One more thing.", on={"proposed": merge, "failed": merge}
                    )
                    grown = workflow.model_copy(update={"nodes": {**workflow.nodes, "late": late}})
                    yield f"edit on {name} {outcome}", led(grown, name, outcome, "late")


def an_approval_dropped(workflow: Workflow) -> Iterator[Edit]:
    for name in of_kind(workflow, NodeKind.REVIEW):
        node = workflow.nodes[name]
        if node.inside is None and node.reviews is Subject.EFFECT and workflow.nodes[str(node.about)].effect:
            yield f"without {name}", bypassed(workflow, name, "approve")


def bypassed(workflow: Workflow, name: str, outcome: str) -> Workflow:
    onward = workflow.nodes[name].on[outcome]
    for other, node in list(workflow.nodes.items()):
        for each, target in node.on.items():
            if target == name:
                workflow = led(workflow, other, each, onward)
    return workflow.model_copy(update={"nodes": {n: v for n, v in workflow.nodes.items() if n != name}})


def a_question_dropped(workflow: Workflow) -> Iterator[Edit]:
    for name in of_kind(workflow, NodeKind.ASK):
        used = {c.fact for n in workflow.nodes.values() for case in n.cases for c in case.when}
        if (
            used & set(workflow.nodes[name].asks)
            and workflow.start != name
            and "expired" not in workflow.nodes[name].on
        ):
            yield f"without {name}", bypassed(workflow, name, "answered")


def a_wider_grant(workflow: Workflow) -> Iterator[Edit]:
    wide = [
        Capabilities(write=("/../**",)),
        Capabilities(write_protected=(".github/x/**", "**/zz")),
        Capabilities(secrets=("release-key",)),
        Capabilities(egress=(Egress(host="evil.example", port=8443),)),
    ]
    for name in of_kind(workflow, NodeKind.AGENT, NodeKind.COMMAND):
        for number, grant in enumerate(wide):
            if not workflow.ceiling.write_protected or number != 1:
                yield f"{name} granted {number}", edited(workflow, name, capabilities=grant)


def a_bound_taken_off(workflow: Workflow) -> Iterator[Edit]:
    for name, node in workflow.nodes.items():
        for outcome in node.at_most:
            on = {k: v for k, v in node.on.items() if k != "exhausted" or len(node.at_most) > 1}
            bounds = {k: v for k, v in node.at_most.items() if k != outcome}
            yield f"{name} {outcome} unbounded", edited(workflow, name, on=on, at_most=bounds)


def a_rule_that_does_not_hold(workflow: Workflow) -> Iterator[Edit]:
    names = [n for n in workflow.nodes if workflow.nodes[n].kind not in {NodeKind.END, NodeKind.JOIN}]
    for name in names:
        if name != workflow.start:
            first = Rule(kind=RuleKind.UNLESS, what=Event(node=workflow.start), other=Event(node=name))
            yield f"{workflow.start} before {name}", workflow.model_copy(update={"rules": (*workflow.rules, first)})
        never = Rule(kind=RuleKind.NEVER, what=Event(node=name))
        yield f"never {name}", workflow.model_copy(update={"rules": (*workflow.rules, never)})


UNSAFE = (
    straight_to_the_merge,
    an_edit_slipped_in,
    an_approval_dropped,
    a_question_dropped,
    a_wider_grant,
    a_bound_taken_off,
    a_rule_that_does_not_hold,
)


@pytest.mark.parametrize("make", UNSAFE, ids=lambda f: f.__name__)
def test_every_unsafe_edit_is_caught_and_its_story_happens(make: Any) -> None:
    tried = [(name, what, made) for name, good in GOOD.items() for what, made in make(good)]
    assert tried
    for name, what, made in tried:
        found = list(judge.problems(made))
        assert found, (name, what)
        if {code for _, code, _ in found} <= JUDGED:
            broken = judge.proved(made).broken
            assert broken is not None, (name, what)
            violation = replay(made, broken.story)
            assert violation is not None or not broken.story, (name, what, broken)
            assert violation is None or violation.code == broken.guard.code, (name, what, violation)
            assert checker.check(made).broken, (name, what)
            assert broken.guard.code in walked(made, broken), (name, what, broken)


def walked(workflow: Workflow, broken: Broken) -> set[str]:
    """What the walker, which shares no line with the prover, finds at the end of the story."""
    story = [(passage.node, passage.outcome) for passage in broken.story]
    return broken_by(workflow.model_dump(mode="json"), story, broken.node)


def test_the_walker_believes_no_story_that_does_not_happen() -> None:
    made = led(
        GOOD["hotfix"],
        *next(
            (n, "again", m)
            for n in of_kind(GOOD["hotfix"], NodeKind.GATE)
            for m in of_kind(GOOD["hotfix"], NodeKind.MERGE)
        ),
    )
    broken = judge.proved(made).broken
    assert broken is not None
    assert walked(made, broken) >= {"WF030"}
    data = made.model_dump(mode="json")
    story = [(passage.node, passage.outcome) for passage in broken.story]
    for number, (node, _) in enumerate(story):
        with pytest.raises((NotAWay, AssertionError)):
            assert broken_by(data, [*story[:number], *story[number + 1 :]], broken.node)
        with pytest.raises(NotAWay):
            broken_by(data, [*story[:number], (node, "no such outcome"), *story[number + 1 :]], broken.node)
    assert broken_by(GOOD["hotfix"].model_dump(mode="json"), story[:-1], story[-1][0]) == set()


def test_there_are_at_least_two_hundred_unsafe_edits() -> None:
    assert sum(1 for good in GOOD.values() for make in UNSAFE for _ in make(good)) >= 200


def harmless(workflow: Workflow, draw: random.Random) -> Workflow:
    """A change that asks for more, or says something else only."""
    name = draw.choice([n for n in workflow.nodes if workflow.nodes[n].kind is not NodeKind.END])
    node = workflow.nodes[name]
    reviews = of_kind(workflow, NodeKind.REVIEW)
    match draw.randrange(6):
        case 0:
            return edited(workflow, name, title=node.title + " (in other words)")
        case 1:
            return edited(workflow, name, phase="Another heading")
        case 2 if reviews:
            who = draw.choice(reviews)
            return edited(workflow, who, approvals=workflow.nodes[who].approvals + 1)
        case 3:
            told = Node(kind=NodeKind.NOTIFY, channel="file", to="the log", inside=node.inside)
            outcome = draw.choice(sorted(node.on)) if node.kind is not NodeKind.PARALLEL else ""
            return noted(workflow, name, outcome, told) if outcome else workflow
        case 4:
            return edited(workflow, name, at_most={k: v + 1 for k, v in node.at_most.items()})
        case _:
            return workflow.model_copy(update={"roles": (*workflow.roles, "observer")})


def noted(workflow: Workflow, name: str, outcome: str, told: Node) -> Workflow:
    target = workflow.nodes[name].on[outcome]
    if workflow.nodes[target].kind is NodeKind.JOIN and workflow.nodes[name].inside is None:
        return workflow
    told = told.model_copy(update={"on": {"sent": target, "unsent": target}})
    return led(workflow.model_copy(update={"nodes": {**workflow.nodes, "told": told}}), name, outcome, "told")


def test_two_hundred_harmless_edits_are_not_refused() -> None:
    draw = random.Random(9)  # noqa: S311  a seed, no secret
    for number in range(210):
        name = draw.choice(sorted(GOOD))
        made = harmless(GOOD[name], draw)
        assert list(judge.problems(made)) == [], (number, name)


def test_the_prover_and_the_independent_checker_agree_on_random_edits() -> None:
    draw, disagreements, unsafe = random.Random(11), [], 0  # noqa: S311  the same
    for _ in range(250):
        name = draw.choice([n for n in sorted(GOOD) if n not in {"policy-review", "bugfix"}])
        good = GOOD[name]
        who = draw.choice([n for n, node in good.nodes.items() if node.on and node.kind is not NodeKind.PARALLEL])
        outcome = draw.choice(sorted(good.nodes[who].on))
        made = led(good, who, outcome, draw.choice(sorted(good.nodes)))
        if list(shape.problems(made)) or any(code == "WF023" for _, code, _ in structure.problems(made)):
            continue
        proved, seen = judge.proved(made), checker.check(made)
        unsafe += proved.broken is not None
        if proved.broken is not None:
            assert proved.broken.guard.code in walked(made, proved.broken), (name, who, outcome)
        if bool(seen.broken) != (proved.broken is not None):
            disagreements.append((name, who, outcome, made.nodes[who].on[outcome], proved.broken, seen))
    assert disagreements == []
    assert unsafe >= 20
