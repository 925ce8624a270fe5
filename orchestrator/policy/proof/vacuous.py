"""What a workflow says and what could never mean anything: it looks like a protection, and protects nothing.

A rule about a passage that no node has, somebody set apart who only comes later, an undoing that undoes nothing, a
question that has no answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from orchestrator.models.workflow import Event, FactKind, Node, NodeKind, Rule, RuleKind, Workflow
from orchestrator.policy.proof.machine import closure, matches
from orchestrator.policy.proof.outcomes import outcomes

Found = tuple[str, str, str]
_IDLE: Final = frozenset({"true", ":", "false", "echo", "printf", "test", "sleep"})
"""Programs that change nothing, and so take nothing back."""

_TELLING: Final = {RuleKind.NEVER: (), RuleKind.AFTER: ("what", "other", "since"), RuleKind.UNLESS: ("what", "since")}
"""What must happen somewhere, or the rule forbids nothing; where it only forbids too much, the search tells how."""


def problems(workflow: Workflow) -> Iterator[Found]:
    """Of a workflow whose names are all known."""
    for number, rule in enumerate(workflow.rules, 1):
        yield from _rule(workflow, f"Rule {number}", rule)
    edges = {name: node.on.values() for name, node in workflow.nodes.items()}
    for name, node in workflow.nodes.items():
        for other in node.other_than:
            if name not in closure(workflow.nodes[other].on.values(), edges):
                yield name, "WF038", f"{name} sets apart whoever does {other}, which never comes before it."
        if node.effect is not None and node.effect.undo:
            yield from _undo(name, node, node.effect.undo)
        if node.effect is not None and node.effect.dry_run == node.argv:
            yield name, "WF038", f"{name} would be tried out by doing it: say what shows the same and changes nothing."
    for name, fact in workflow.facts.items():
        if fact.kind is FactKind.CHOICE and not fact.choices:
            yield "", "WF038", f"The fact {name!r} is a choice between nothing: nobody could answer it."


def _undo(name: str, node: Node, undo: tuple[str, ...]) -> Iterator[Found]:
    if undo == node.argv:
        yield name, "WF038", f"{name} would be undone by doing it again: say what takes it back, or that nothing does."
    elif undo[0].rsplit("/", 1)[-1] in _IDLE:
        yield name, "WF038", f"{name} would be undone by {undo[0]!r}, which changes nothing."


def _rule(workflow: Workflow, which: str, rule: Rule) -> Iterator[Found]:
    said = f"{which} ({rule.text})" if rule.text else which
    if rule.kind is RuleKind.NEVER:
        if rule.other is not None or rule.since is not None:
            yield "", "WF038", f"{said} forbids a thing at any time, and 'other' and 'since' mean nothing there."
    elif rule.other is None:
        yield "", "WF038", f"{said} compares with nothing: {rule.kind} needs 'other'."
    if rule.kind is RuleKind.NEVER and not _can_be(workflow, rule.what):
        yield "", "WF038", f"{said} is about an outcome that nothing of the kind has ('what')."
    for part in _TELLING[rule.kind]:
        event: Event | None = getattr(rule, part)
        if event is not None and not _happens(workflow, event):
            yield "", "WF038", f"{said} is about what never happens in this workflow ({part!r})."


def _happens(workflow: Workflow, event: Event) -> bool:
    return any(
        matches(event, name, node, None) and event.outcome in {None, *_ways(node)}
        for name, node in workflow.nodes.items()
    )


def _ways(node: Node) -> frozenset[str]:
    """How a node can be left, as the proof names it."""
    return frozenset({"begun"}) if node.kind is NodeKind.PARALLEL else frozenset(node.on)


def _can_be(workflow: Workflow, event: Event) -> bool:
    """Of a thing that is forbidden: that it happens nowhere is as it should be, unless nothing like it could ever."""
    if event.outcome is None:
        return True
    alike = [n for name, n in workflow.nodes.items() if event.node in {None, name} and event.kind in {None, n.kind}]
    return any(event.outcome in outcomes(node) | _ways(node) for node in alike)
