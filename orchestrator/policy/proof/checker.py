"""An independent check of a proof: the same promises, stated again from the model, in sets of words instead of bits.

It shares no table, no search and no guard with
:mod:`orchestrator.policy.proof.machine`: where the two disagree, one of them is wrong,
and a certificate is refused. It is slow and short on purpose; it tells no story.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.models.workflow import Event, Line, Node, NodeKind, RuleKind, Subject, Workflow

Facts = frozenset[tuple[str, str]]
"""(of what, what is so): ``('change', 'tests')``, ``('rule', '0')``."""

_QUIET = {NodeKind.TASK, NodeKind.NOTIFY, NodeKind.WAIT, NodeKind.ASK}
Taken = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """How many situations were looked at, and the first that breaks a promise ('' is none)."""

    situations: int
    broken: str


@dataclass(frozen=True, slots=True)
class _Here:
    """Where every branch stands, what is so, and how often bounded outcomes were taken; ``None`` is not counted."""

    at: tuple[str, ...]
    so: Facts
    taken: Taken | None


def check(workflow: Workflow, most: int = 500_000) -> Seen:
    """Every situation of a workflow with sound shape and structure. Too many is broken.

    Bounds are counted only where something is broken when they are not, which allows more: counts multiply.
    """
    seen = _looked(workflow, most, counting=False)
    return seen if not seen.broken else _looked(workflow, most, counting=True)


def _looked(workflow: Workflow, most: int, *, counting: bool) -> Seen:
    first = _Here((workflow.start,), frozenset(), () if counting else None)
    seen, todo, quiet = {first}, [first], {name for name in workflow.nodes if _is_quiet(workflow, name)}
    while todo:
        here = todo.pop()
        for name in here.at:
            wrong = _wrong(workflow, name, here.so, None)
            if wrong:
                return Seen(len(seen), f"{name}: {wrong}")
        for there, wrong in _soonest(workflow, here, quiet, seen) or _next(workflow, here, here.at):
            if wrong:
                return Seen(len(seen), wrong)
            if there not in seen:
                seen.add(there)
                todo.append(there)
        if len(seen) > most:
            return Seen(len(seen), f"there are more than {most} situations")
    return Seen(len(seen), "")


def _soonest(workflow: Workflow, here: _Here, quiet: set[str], seen: set[_Here]) -> list[tuple[_Here, str]]:
    """One quiet step alone, where it leads on to what was not seen: no other branch can tell when it was taken."""
    for name in here.at if len(here.at) > 1 else ():
        if name in quiet:
            steps = list(_next(workflow, here, (name,)))
            if any(there not in seen and len(there.at) == len(here.at) for there, _ in steps):
                return steps
    return []


def _is_quiet(workflow: Workflow, name: str) -> bool:
    """A step about which nothing is promised and nothing remembered, and that stays where it is or ends the run."""
    node, around = workflow.nodes[name], _around(workflow, name)
    events = [(rule.what, rule.other, rule.since) for rule in workflow.rules]
    told = any(_meant(event, name, node, None) for rule in events for event in rule)
    told = told or any(set(_compared(other)) & set(node.asks) for other in workflow.nodes.values())
    if node.kind not in _QUIET or _changed(node) or node.at_most or told:
        return False
    for target in node.on.values():
        there = workflow.nodes[target]
        ends = there.kind is NodeKind.END and not any(_meant(rule.what, target, there, None) for rule in workflow.rules)
        if not ends and _around(workflow, target) != around:
            return False
    return bool(around)


def _next(workflow: Workflow, here: _Here, moving: tuple[str, ...]) -> Iterator[tuple[_Here, str]]:
    for name in sorted(set(moving)):
        node = workflow.nodes[name]
        others = list(here.at)
        if node.kind is NodeKind.JOIN:
            branches = len(workflow.nodes[str(node.about)].on)
            if others.count(name) < branches:
                continue
            others = [other for other in others if other != name]
        else:
            others.remove(name)
        if node.kind is NodeKind.PARALLEL:
            yield (
                _Here(
                    tuple(sorted([*others, *node.on.values()])), _passed(workflow, name, "begun", here.so), here.taken
                ),
                "",
            )
            continue
        for outcome, target in node.on.items():
            if here.taken is None or _may(workflow, name, outcome, here.taken):
                taken = None if here.taken is None else _count(workflow, name, outcome, here.taken)
                stay = _stay(workflow, others, name, target)
                there = _Here(tuple(sorted([*stay, target])), _passed(workflow, name, outcome, here.so), taken)
                yield there, _wrong(workflow, name, here.so, outcome)


def _may(workflow: Workflow, name: str, outcome: str, taken: Taken) -> bool:
    """A bound is not passed, and nothing is exhausted before it is."""
    counts = {o: c for n, o, c in taken if n == name}
    spent = [o for o, most in workflow.nodes[name].at_most.items() if counts.get(o, 0) >= most]
    return outcome not in spent and (outcome != "exhausted" or bool(spent))


def _count(workflow: Workflow, name: str, outcome: str, taken: Taken) -> Taken:
    node, counts = workflow.nodes[name], {(n, o): c for n, o, c in taken}
    if outcome in node.at_most:
        counts[name, outcome] = counts.get((name, outcome), 0) + 1
    if node.kind is NodeKind.FOR_EACH and outcome == "each":
        body = _body(workflow, name)
        counts = {key: count for key, count in counts.items() if key[0] not in body}
    return tuple(sorted((n, o, c) for (n, o), c in counts.items()))


def _body(workflow: Workflow, name: str) -> set[str]:
    found, todo = set[str](), [workflow.nodes[name].on["each"]]
    while todo:
        here = todo.pop()
        if here not in found and here != name:
            found.add(here)
            todo += workflow.nodes[here].on.values()
    return found


def _around(workflow: Workflow, name: str) -> list[str]:
    node = workflow.nodes[name]
    inside = f"{node.about}/" if node.kind is NodeKind.JOIN else node.inside
    found: list[str] = []
    while inside and inside.split("/")[0] not in found:
        found.append(inside.split("/")[0])
        inside = workflow.nodes[found[-1]].inside
    return found


def _stay(workflow: Workflow, others: list[str], name: str, target: str) -> list[str]:
    if workflow.nodes[target].kind is NodeKind.END:
        return []
    left = [fork for fork in _around(workflow, name) if fork not in _around(workflow, target)]
    return [other for other in others if not set(left) & set(_around(workflow, other))]


def _changed(node: Node) -> bool:
    return node.kind is NodeKind.AGENT or (node.kind is NodeKind.TASK and node.edits)


def _meant(event: Event | None, name: str, node: Node, outcome: str | None) -> bool:
    if event is None:
        return False
    asked = (
        event.node is None or event.node == name,
        event.kind is None or event.kind is node.kind,
        event.role is None or event.role == node.role,
        not event.edits or _changed(node),
        node.approvals >= (event.approvals or 0),
        outcome is None or event.outcome is None or event.outcome == outcome,
    )
    return all(asked)


def _passed(workflow: Workflow, name: str, outcome: str, so: Facts) -> Facts:
    node, lasting = workflow.nodes[name], {"by", "work"}
    verdicts = {f for f in so if not f[0].startswith(("rule", "fact", "effect")) and f[1].split()[0] not in lasting}
    effects = {f for f in so if f[0] == "effect"}
    mine = {f for f in verdicts if f[0] == node.change}
    now = set(so)
    if _changed(node):
        now -= mine | effects
        now |= {(node.change, "work")} | ({(node.change, f"by {node.role}")} if node.role else set())
    elif node.kind is NodeKind.MERGE and outcome == "merged":
        now -= verdicts | effects | {f for f in so if f[0] == node.change}
    elif node.kind in {NodeKind.FOR_EACH, NodeKind.MERGE} or outcome in {"moved", "revised"}:
        now -= verdicts | effects
        if outcome == "stacked":
            now |= {(c, w) for c in _changes(workflow) for w in [*_gates(workflow, None), "tests", "finding"]}
    elif node.kind is NodeKind.GATE:
        now -= mine
        if outcome in {"passed", "needs-person"}:
            now |= {(node.change, gate) for gate in _gates(workflow, node)}
            now |= {(node.change, "finding")} if outcome == "needs-person" else set()
    elif node.kind is NodeKind.COMMAND and node.effect is not None:
        now.discard(("effect", name))
    elif node.kind is NodeKind.COMMAND:
        now.discard((node.change, "tests"))
        now |= {(node.change, "tests")} if outcome == "passed" else set()
    elif node.kind is NodeKind.REVIEW and outcome == "approve":
        now = _after_approval(workflow, node, now)
    now |= {("fact", fact) for fact in node.asks if outcome == "answered"}
    return _remembered(workflow, name, outcome, now)


def _after_approval(workflow: Workflow, node: Node, now: set[tuple[str, str]]) -> set[tuple[str, str]]:
    if node.reviews is Subject.EFFECT:
        return now | {("effect", str(node.about))}
    if node.reviews not in {Subject.CHANGE, Subject.RUN}:
        return now
    now = now - {(node.change, "finding")} | {(node.change, f"approved {node.role}")}
    for author in {n.role for n in workflow.nodes.values() if _changed(n) and n.role}:
        made = {k for k, n in workflow.nodes.items() if _changed(n) and n.role == author and n.change == node.change}
        if node.role != author or node.approvals > 1 or made <= set(node.other_than):
            now.add((node.change, f"beside {author}"))
    return now


def _remembered(workflow: Workflow, name: str, outcome: str, now: set[tuple[str, str]]) -> Facts:
    node = workflow.nodes[name]
    for number, rule in enumerate(workflow.rules):
        if _meant(rule.since, name, node, outcome):
            now.discard(("rule", str(number)))
        if _meant(rule.other, name, node, outcome):
            now.add(("rule", str(number)))
    return frozenset(now)


def _changes(workflow: Workflow) -> set[str]:
    kinds = {NodeKind.AGENT, NodeKind.GATE, NodeKind.MERGE}
    return {n.change for n in workflow.nodes.values() if n.kind in kinds or _changed(n)} or {"change"}


def _gates(workflow: Workflow, node: Node | None) -> list[str]:
    named = workflow.needs.gates
    if not named:
        return ["gates"]
    return [f"gate {gate}" for gate in named if node is None or gate in node.gates]


def _wrong(workflow: Workflow, name: str, so: Facts, outcome: str | None) -> str:
    """What is wrong with standing here (``outcome`` None), or with ending so."""
    node = workflow.nodes[name]
    for number, rule in enumerate(workflow.rules):
        if rule.what.outcome == outcome and _meant(rule.what, name, node, outcome):
            happened = ("rule", str(number)) in so
            if rule.kind is RuleKind.NEVER or happened == (rule.kind is RuleKind.AFTER):
                return f"rule {number}"
    if outcome is not None:
        return ""
    if any(("fact", fact) not in so for fact in _compared(node)):
        return "not answered"
    if node.kind is NodeKind.MERGE:
        return _unready(workflow, node.change, so, stack=node.line is Line.STACK)
    if node.effect is not None and node.effect.irreversible:
        dirty = [c for c in _changes(workflow) if (c, "work") in so and _unready(workflow, c, so, stack=False)]
        return "not approved" if ("effect", name) not in so or dirty else ""
    return ""


def _compared(node: Node) -> list[str]:
    """Facts that must have been answered where the node begins."""
    facts = [c.fact for case in node.cases for c in case.when]
    return facts + ([node.repeat.fact] if node.repeat and node.repeat.fact else [])


def _unready(workflow: Workflow, change: str, so: Facts, *, stack: bool) -> str:
    mine = {what for of, what in so if of == change}
    if not set(_gates(workflow, None)) <= mine:
        return "not gated"
    if workflow.needs.tests and "tests" not in mine:
        return "not tested"
    if stack:
        return ""
    approved = {what.removeprefix("approved ") for what in mine if what.startswith("approved ")}
    if not approved or not set(workflow.needs.roles) <= approved or "finding" in mine:
        return "not approved"
    authors = {what.removeprefix("by ") for what in mine if what.startswith("by ")}
    return "" if all(f"beside {author}" in mine for author in authors) else "approved by its author"
