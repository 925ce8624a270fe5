"""Whether each node says all that its kind needs, and nothing that its kind would not heed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from orchestrator.models.workflow import Event, FactKind, Line, Node, NodeKind, Operator, Subject, Workflow
from orchestrator.policy.proof.machine import changes
from orchestrator.policy.proof.outcomes import EXHAUSTED, EXPIRED, OTHERWISE, outcomes

Found = tuple[str, str, str]
"""Node id (or ''), code, sentence."""

_COMMON: Final = frozenset({"kind", "title", "on", "span", "phase", "inside", "at_most"})
_NEEDED: Final[dict[NodeKind, tuple[str, ...]]] = {
    NodeKind.REVIEW: ("role", "reviews"),
    NodeKind.TASK: ("role",),
    NodeKind.ASK: ("role", "asks"),
    NodeKind.DECIDE: ("cases",),
    NodeKind.GATE: ("gates",),
    NodeKind.MERGE: ("line",),
    NodeKind.NOTIFY: ("channel", "to"),
    NodeKind.JOIN: ("about",),
    NodeKind.END: ("exit",),
}
_HEEDED: Final[dict[NodeKind, frozenset[str]]] = {
    NodeKind.PLAN: frozenset({"lane"}),
    NodeKind.FOR_EACH: frozenset({"repeat"}),
    NodeKind.AGENT: frozenset({"instruction", "change", "capabilities"}),
    NodeKind.COMMAND: frozenset({"argv", "effect", "change", "capabilities"}),
    NodeKind.TASK: frozenset({"role", "within_seconds", "edits", "change", "details", "quotation"}),
    NodeKind.GATE: frozenset({"gates", "change"}),
    NodeKind.REVIEW: frozenset({"role", "reviews", "about", "approvals", "other_than", "within_seconds", "change"}),
    NodeKind.ASK: frozenset({"role", "asks", "within_seconds"}),
    NodeKind.DECIDE: frozenset({"cases"}),
    NodeKind.MERGE: frozenset({"line", "change"}),
    NodeKind.NOTIFY: frozenset({"channel", "to", "capabilities"}),
    NodeKind.WAIT: frozenset({"role", "within_seconds", "pause_seconds"}),
    NodeKind.PARALLEL: frozenset(),
    NodeKind.JOIN: frozenset({"about"}),
    NodeKind.END: frozenset({"exit"}),
}
_RESERVED: Final = frozenset({EXHAUSTED, EXPIRED, OTHERWISE})
"""Outcomes with a meaning of their own, which no case of a decision may have."""
_MAX_BOUND, _MAX_ITEMS = 1000, 1000
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_ORDERED: Final = frozenset({Operator.BELOW, Operator.AT_MOST, Operator.ABOVE, Operator.AT_LEAST})
_MIN_BRANCHES: Final = 2


def problems(workflow: Workflow) -> Iterator[Found]:
    """Everything that is missing, unknown or unheeded; nothing is said of paths here."""
    if workflow.start not in workflow.nodes:
        yield "", "WF010", f"start names {workflow.start!r}, which is no node."
    ends = {outcome for node in workflow.nodes.values() for outcome in node.on}
    for name in (*workflow.nodes, *sorted(ends), *changes(workflow), *workflow.facts, *workflow.roles):
        if not _ID.fullmatch(name):
            yield "", "WF010", f"{name!r} is no name: letters, digits, hyphens and low lines, at most 100."
    planned = is_planned(workflow)
    for name, node in workflow.nodes.items():
        yield from _targets(workflow, name, node, planned=planned)
        yield from _fields(name, node)
        yield from _names(workflow, name, node)
        yield from _of_kind(workflow, name, node, planned=planned)
    for role in workflow.needs.roles:
        if role not in workflow.roles:
            yield "", "WF015", f"needs names the role {role!r}, which the workflow does not list."
    for rule in workflow.rules:
        for event in (rule.what, rule.other, rule.since):
            yield from _event(workflow, event)


def is_planned(workflow: Workflow) -> bool:
    """Whether the workflow makes a plan, and so can have reviews put off to its end."""
    return any(node.kind is NodeKind.PLAN for node in workflow.nodes.values())


def _targets(workflow: Workflow, name: str, node: Node, *, planned: bool) -> Iterator[Found]:
    expected = outcomes(node, planned=planned)
    for missing in sorted(expected - set(node.on)):
        yield name, "WF011", f"{name} says nothing about the outcome {missing!r}."
    for unknown in sorted(set(node.on) - expected):
        yield name, "WF012", f"{name} is a {node.kind} node and never ends as {unknown!r}."
    for outcome, target in node.on.items():
        if target not in workflow.nodes:
            yield name, "WF013", f"{name} goes to {target!r} on {outcome!r}, which is no node."
    for outcome, times in node.at_most.items():
        if outcome not in expected or not 0 < times <= _MAX_BOUND:
            said = f"a bound is 1 to {_MAX_BOUND}, of an outcome it has"
            yield name, "WF012", f"{name} bounds {outcome!r} at {times}: {said}."
    for outcome in {case.outcome for case in node.cases} & _RESERVED:
        yield name, "WF012", f"{name} has a case that ends as {outcome!r}, which means something else."


def _fields(name: str, node: Node) -> Iterator[Found]:
    for field in _NEEDED.get(node.kind, ()):
        if getattr(node, field) in {None, (), ""}:
            yield name, "WF014", f"{name} is a {node.kind} node and needs {field!r}."
    common = _COMMON - {"at_most"} if node.kind is NodeKind.PARALLEL else _COMMON
    for field in sorted(_said(node) - common - _HEEDED[node.kind]):
        yield name, "WF016", f"{name} is a {node.kind} node, and {field!r} means nothing there."


def _said(node: Node) -> set[str]:
    """Fields whose value is not the default."""
    return {name for name, field in type(node).model_fields.items() if getattr(node, name) != _default(field)}


def _default(field: object) -> object:
    make = getattr(field, "default_factory", None)
    return make() if make is not None else getattr(field, "default", None)


def _names(workflow: Workflow, name: str, node: Node) -> Iterator[Found]:
    if node.role is not None and node.role not in workflow.roles:
        yield name, "WF015", f"{name} names the role {node.role!r}, which the workflow does not list."
    for other in (*node.other_than, *((node.about,) if node.about else ())):
        if other not in workflow.nodes:
            yield name, "WF013", f"{name} names {other!r}, which is no node."
        elif other == name:
            yield name, "WF017", f"{name} asks for somebody else than whoever does {name} itself."
        elif other in node.other_than and workflow.nodes[other].role is None:
            yield name, "WF017", f"{name} asks for somebody else than did {other}, and nobody does that by role."
    used = (*node.asks, *(c.fact for case in node.cases for c in case.when))
    for fact in (*used, *((node.repeat.fact,) if node.repeat and node.repeat.fact else ())):
        if fact not in workflow.facts:
            yield name, "WF018", f"{name} uses the fact {fact!r}, which the workflow does not define."


def _of_kind(workflow: Workflow, name: str, node: Node, *, planned: bool) -> Iterator[Found]:
    about = workflow.nodes.get(node.about or "")
    if node.kind is NodeKind.JOIN and about is not None and about.kind is not NodeKind.PARALLEL:
        yield name, "WF017", f"{name} joins {node.about}, which is no parallel node."
    if node.kind is NodeKind.REVIEW and (node.reviews is Subject.EFFECT) != (about is not None and bool(about.effect)):
        yield name, "WF017", f"{name}: a review of an effect names, in 'about', the command that has it."
    if node.effect is not None and not node.argv:
        yield name, "WF017", f"{name} has an effect and no command of its own."
    if node.kind is NodeKind.WAIT and (node.role is None) == (node.pause_seconds is None):
        yield name, "WF017", f"{name} waits either a time (pause_seconds), or until a role says that it happened."
    if node.kind is NodeKind.PARALLEL and len(set(node.on.values())) < _MIN_BRANCHES:
        yield name, "WF017", f"{name} has fewer than two branches."
    if node.repeat is not None and (node.repeat.fact is None) == (not node.repeat.items):
        yield name, "WF017", f"{name} goes over the items of a fact, or over items of its own: one of them."
    yield from _guards(workflow, name, node)
    yield from _done(name, node, planned=planned)


def _done(name: str, node: Node, *, planned: bool) -> Iterator[Found]:
    """What is run, gone over and merged."""
    for argv in (node.argv, *((node.effect.undo, node.effect.dry_run) if node.effect else ())):
        if argv and (not argv[0] or any("\0" in word for word in argv)):
            yield name, "WF017", f"{name} runs {list(argv)}, which names no program."
    if node.line is Line.STACK and not planned:
        yield name, "WF017", f"{name} puts the change on a stack, which only a plan has: it merges on the run's line."
    named = node.repeat.items if node.repeat is not None else ()
    if len(set(named)) < len(named) or len(named) > _MAX_ITEMS or not all(i.strip() and i.isprintable() for i in named):
        yield name, "WF017", f"{name} goes over at most {_MAX_ITEMS} items, each of them another, and none empty."


def _guards(workflow: Workflow, name: str, node: Node) -> Iterator[Found]:
    for condition in (c for case in node.cases for c in case.when):
        fact = workflow.facts.get(condition.fact)
        if fact is None:
            continue
        fits = {
            FactKind.YES_NO: isinstance(condition.value, bool) and condition.operator not in _ORDERED,
            FactKind.NUMBER: isinstance(condition.value, int) and not isinstance(condition.value, bool),
            FactKind.TEXT: isinstance(condition.value, str) and condition.operator not in _ORDERED,
            FactKind.CHOICE: condition.value in fact.choices and condition.operator not in _ORDERED,
            FactKind.LIST: False,
        }[fact.kind]
        if not fits:
            yield name, "WF019", f"{name} compares {condition.fact} ({fact.kind}) in a way that a {fact.kind} has not."
    over = workflow.facts.get(node.repeat.fact or "") if node.repeat else None
    if over is not None and over.kind is not FactKind.LIST:
        yield name, "WF019", f"{name} goes over {node.repeat and node.repeat.fact}, which is no list."


def _event(workflow: Workflow, event: Event | None) -> Iterator[Found]:
    if event is None:
        return
    if event.node is not None and event.node not in workflow.nodes:
        yield "", "WF013", f"A rule names {event.node!r}, which is no node."
    elif event.node is None and event.kind is None and event.role is None and not event.edits:
        yield "", "WF017", "A rule names neither a node nor a kind of node."
    if event.role is not None and event.role not in workflow.roles:
        yield "", "WF015", f"A rule names the role {event.role!r}, which the workflow does not list."
