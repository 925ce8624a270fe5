"""A workflow as tables of bits: what each passage forgets and sets, and what must stand where.

Everything that is proved along a path is a bit: a verdict on the change in
hand (D1), an approval of an effect, a fact that was answered, an event that a
rule remembers. A passage (node, outcome) clears some bits and sets some; a
guard says which bits a node needs while the run stands on it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from orchestrator.models.workflow import Event, Line, Node, NodeKind, Rule, RuleKind, Subject, Workflow

UNSEEN: Final = "WF030"
UNAPPROVED: Final = "WF031"
UNANSWERED: Final = "WF032"
BROKEN_RULE: Final = "WF033"
OWN_WORK: Final = "WF034"


@dataclass(frozen=True, slots=True)
class Guard:
    """Broken where every bit of ``when`` stands and one of ``need`` does not. ``outcome`` '' is any presence."""

    code: str
    when: int
    need: int
    text: str
    outcome: str = ""

    def broken(self, bits: int) -> bool:
        """Whether it does not hold."""
        return bits & self.when == self.when and bits & self.need != self.need


class Edge(NamedTuple):
    """One outcome. ``keep`` is a mask, ``put`` the bits that are set after it; ``bound`` how often it may be taken."""

    outcome: str
    target: str
    keep: int
    put: int
    bound: int | None = None


@dataclass(slots=True)
class Machine:
    """The tables of one workflow, by node id. ``bodies``: what a ``for_each`` does for one item; bounds start anew.

    ``chains``: the parallel nodes in whose branches a node lies; a join counts as lying in those that it joins.
    """

    start: str
    edges: dict[str, list[Edge]] = field(default_factory=dict[str, list[Edge]])
    guards: dict[str, list[Guard]] = field(default_factory=dict[str, list[Guard]])
    bits: dict[str, int] = field(default_factory=dict[str, int])
    known: dict[str, int] = field(default_factory=dict[str, int])
    alike: dict[tuple[object, ...], dict[str, tuple[int, int]]] = field(
        default_factory=dict[tuple[object, ...], dict[str, tuple[int, int]]]
    )
    landings: dict[tuple[str, int, bool], tuple[Guard, ...]] = field(
        default_factory=dict[tuple[str, int, bool], tuple[Guard, ...]]
    )
    changes: tuple[str, ...] = ()
    joins: dict[str, int] = field(default_factory=dict[str, int])
    forks: dict[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    bodies: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    chains: dict[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    ends: frozenset[str] = frozenset()

    def bit(self, name: str) -> int:
        """The mask of a named bit; made when it is new."""
        return self.bits.setdefault(name, 1 << len(self.bits))

    def masks(self, prefix: str) -> int:
        """All bits whose names begin so. Asked only when every bit has its name."""
        if prefix not in self.known:
            self.known[prefix] = sum(mask for name, mask in self.bits.items() if name.startswith(prefix))
        return self.known[prefix]


def machine(workflow: Workflow) -> Machine:
    """The tables of a workflow that :mod:`orchestrator.policy.proof.shape` found no problem in."""
    made = Machine(workflow.start, changes=tuple(sorted(changes(workflow))))
    _name_bits(made, workflow)
    forks = {n: tuple(node.on.values()) for n, node in workflow.nodes.items() if node.kind is NodeKind.PARALLEL}
    made.forks = forks
    made.joins = {
        n: len(forks[node.about]) for n, node in workflow.nodes.items() if node.kind is NodeKind.JOIN and node.about
    }
    made.chains = {n: chain(workflow, n) if forks else _NOWHERE for n in workflow.nodes}
    made.bodies = {n: _body(workflow, n) for n, node in workflow.nodes.items() if node.repeat is not None}
    made.ends = frozenset(n for n, node in workflow.nodes.items() if node.kind is NodeKind.END)
    for name, node in workflow.nodes.items():
        made.edges[name] = _edges(made, workflow, name, node)
        guarded = workflow.rules or node.cases or node.repeat or node.effect or node.kind is NodeKind.MERGE
        guards = list(_guards(made, workflow, name, node)) if guarded else []
        if guards:
            made.guards[name] = guards
    return made


_NOWHERE: Final = frozenset[str]()


def closure(start: Iterable[str], edges: Mapping[str, Iterable[str]], stop: str | None = None) -> set[str]:
    """All nodes that can be reached; paths end at ``stop``."""
    seen, todo = set(start), list(start)
    while todo:
        here = todo.pop()
        for target in edges[here] if here != stop else ():
            if target not in seen:
                seen.add(target)
                todo.append(target)
    return seen


def chain(workflow: Workflow, name: str) -> frozenset[str]:
    """The parallel nodes in whose branches this node lies. A circle of them ends where it closes."""
    node = workflow.nodes[name]
    found: list[str] = []
    inner = node.about if node.kind is NodeKind.JOIN else branch_of(node)[0]
    while inner and inner in workflow.nodes and inner not in found:
        found.append(inner)
        inner = branch_of(workflow.nodes[inner])[0]
    return frozenset(found)


def branch_of(node: Node) -> tuple[str, str]:
    """(parallel node, branch) of the innermost branch, or two empty words."""
    fork, _, branch = (node.inside or "").partition("/")
    return fork, branch


def _body(workflow: Workflow, name: str) -> frozenset[str]:
    edges = {n: list(node.on.values()) for n, node in workflow.nodes.items()}
    return frozenset(closure({workflow.nodes[name].on["each"]}, edges, name)) - {name}


def changes(workflow: Workflow) -> frozenset[str]:
    """Names of the changes in flight."""
    touching = (node.change for node in workflow.nodes.values() if touches(node))
    return frozenset(touching) or frozenset({"change"})


def touches(node: Node) -> bool:
    """Whether a node edits, judges or lands a change."""
    match node.kind:
        case NodeKind.AGENT | NodeKind.GATE | NodeKind.MERGE:
            return True
        case NodeKind.COMMAND:
            return node.effect is None
        case NodeKind.TASK:
            return node.edits
        case NodeKind.REVIEW:
            return node.reviews in {Subject.CHANGE, Subject.RUN}
        case _:
            return False


def edits(node: Node) -> bool:
    """Whether a node makes new content that nobody has judged."""
    return node.kind is NodeKind.AGENT or (node.kind is NodeKind.TASK and node.edits)


def _verdicts(workflow: Workflow) -> tuple[list[str], list[str]]:
    """Names of the gate verdicts and of the approvals that a merge needs."""
    gates = [f"gate {g}" for g in workflow.needs.gates] or ["gates"]
    roles = [f"approval {r}" for r in workflow.needs.roles] or ["approval"]
    return gates, roles


def facts_used(node: Node) -> tuple[str, ...]:
    """Facts that must be answered before the node begins, each once."""
    if not node.cases and node.repeat is None:
        return ()
    used = [c.fact for case in node.cases for c in case.when]
    used += [node.repeat.fact] if node.repeat and node.repeat.fact else []
    return tuple(dict.fromkeys(used))


def _name_bits(made: Machine, workflow: Workflow) -> None:
    gates, roles = _verdicts(workflow)
    authors = sorted({n.role for n in workflow.nodes.values() if edits(n) and n.role})
    for change in made.changes:
        for name in (*gates, "tests", *roles, "finding", "work"):
            made.bit(f"{change}: {name}")
        for role in authors:
            made.bit(f"{change}: by {role}")
            made.bit(f"{change}: seen beside {role}")
    for name, node in workflow.nodes.items():
        if node.effect is not None and node.effect.irreversible:
            made.bit(f"effect {name}")
        for fact in facts_used(node):
            made.bit(f"fact {fact}")
    for number, rule in enumerate(workflow.rules):
        if rule.kind is not RuleKind.NEVER:
            made.bit(f"rule {number}")
    made.bit("impossible")


def _edges(made: Machine, workflow: Workflow, name: str, node: Node) -> list[Edge]:
    alike, bounds = _alike(made, workflow, name, node), node.at_most
    if not bounds and not workflow.rules and not node.asks:
        return [Edge(outcome, target, *alike[outcome]) for outcome, target in node.on.items()]
    found: list[Edge] = []
    for outcome, target in node.on.items():
        keep, put = _remembered(made, workflow, name, outcome, alike[outcome])
        found.append(Edge(outcome, target, keep, put, bounds.get(outcome)))
    return found


def _remembered(made: Machine, workflow: Workflow, name: str, outcome: str, bits: tuple[int, int]) -> tuple[int, int]:
    """With what rules remember of the passage, and the facts that it answers."""
    node, (keep, put) = workflow.nodes[name], bits
    for number, rule in enumerate(workflow.rules):
        mask = made.bits.get(f"rule {number}", 0)
        if rule.since is not None and matches(rule.since, name, node, outcome):
            keep &= ~mask
        if rule.other is not None and matches(rule.other, name, node, outcome):
            put |= mask
    for fact in node.asks if outcome == "answered" else ():
        put |= made.bits.get(f"fact {fact}", 0)
    return keep, put


def _alike(made: Machine, workflow: Workflow, name: str, node: Node) -> dict[str, tuple[int, int]]:
    """What each passage keeps and sets, worked out once for all nodes that differ in nothing that matters to it."""
    key = (
        node.kind, node.role, node.change, node.gates, node.reviews, node.about, node.other_than, node.approvals,
        node.edits, tuple(node.on), name if node.effect is not None else "",
    )  # fmt: skip
    known = made.alike.get(key)
    if known is None:
        changed = {outcome: _verdict_change(made, workflow, name, node, outcome) for outcome in node.on}
        known = {outcome: (~clear, put) for outcome, (clear, put) in changed.items()}
        made.alike[key] = known
    return known


def matches(event: Event, name: str, node: Node, outcome: str | None) -> bool:
    """Whether a passage is one that the event means; ``None`` asks about the node alone."""
    return (
        event.node in {None, name}
        and event.kind in {None, node.kind}
        and event.role in {None, node.role}
        and (not event.edits or edits(node))
        and (event.approvals is None or node.approvals >= event.approvals)
        and (outcome is None or event.outcome in {None, outcome})
    )


def _verdict_change(made: Machine, workflow: Workflow, name: str, node: Node, outcome: str) -> tuple[int, int]:  # noqa: PLR0911
    """(bits to clear, bits to set)."""
    verdicts = sum(_all_verdicts(made, change) for change in made.changes)
    effects, mine = made.masks("effect "), _all_verdicts(made, node.change)
    match (node.kind, outcome):
        case (NodeKind.FOR_EACH, "stacked"):
            return verdicts | effects, _stacked(made, workflow)
        case (NodeKind.AGENT | NodeKind.TASK, _) if edits(node):
            by = made.bit(f"{node.change}: by {node.role}") if node.role else 0
            return mine | effects, by | made.bit(f"{node.change}: work")
        case (NodeKind.MERGE, "merged"):
            return _everything(made, node.change) | verdicts | effects, 0
        case (NodeKind.FOR_EACH | NodeKind.MERGE, _) | (NodeKind.REVIEW, "moved" | "revised"):
            return verdicts | effects, 0
        case (NodeKind.GATE, "passed" | "needs-person"):
            return mine, _gated(made, workflow, node, outcome)
        case (NodeKind.GATE, _):
            return mine, 0
        case (NodeKind.COMMAND, _):
            return _command(made, name, node, outcome)
        case (NodeKind.REVIEW, "approve"):
            return _approved(made, workflow, node)
        case _:
            return 0, 0


def _all_verdicts(made: Machine, change: str) -> int:
    """What an edit of the change makes void."""
    lasting = made.masks(f"{change}: by ") | made.bits.get(f"{change}: work", 0)
    return made.masks(f"{change}: ") & ~lasting


def _everything(made: Machine, change: str) -> int:
    return made.masks(f"{change}: ")


def _stacked(made: Machine, workflow: Workflow) -> int:
    """Every stacked change passed its gates and tests, and its findings for a person are still open."""
    gates, _ = _verdicts(workflow)
    return sum(made.bits[f"{c}: {n}"] for c in made.changes for n in (*gates, "tests", "finding"))


def _gated(made: Machine, workflow: Workflow, node: Node, outcome: str) -> int:
    names = [f"gate {g}" for g in workflow.needs.gates if g in node.gates] if workflow.needs.gates else ["gates"]
    names += ["finding"] if outcome == "needs-person" else []
    return sum(made.bits[f"{node.change}: {name}"] for name in names)


def _command(made: Machine, name: str, node: Node, outcome: str) -> tuple[int, int]:
    if node.effect is not None:
        return made.bits.get(f"effect {name}", 0), 0
    mask = made.bits[f"{node.change}: tests"]
    return (0, mask) if outcome == "passed" else (mask, 0)


def _approved(made: Machine, workflow: Workflow, node: Node) -> tuple[int, int]:
    if node.reviews is Subject.EFFECT:
        return 0, made.bits.get(f"effect {node.about}", 0)
    if node.reviews not in {Subject.CHANGE, Subject.RUN}:
        return 0, 0
    key = f"approval {node.role}" if workflow.needs.roles else "approval"
    put = made.bits.get(f"{node.change}: {key}", 0)
    for name, mask in made.bits.items():
        beside = name.removeprefix(f"{node.change}: seen beside ")
        if beside != name and _independent(workflow, node, beside):
            put |= mask
    return made.bits[f"{node.change}: finding"], put


def _independent(workflow: Workflow, node: Node, author: str) -> bool:
    """Whether an approval here is by somebody beside whoever in the role made the change."""
    apart = {name for name, n in workflow.nodes.items() if edits(n) and n.role == author and n.change == node.change}
    return node.role != author or node.approvals > 1 or apart <= set(node.other_than)


def _guards(made: Machine, workflow: Workflow, name: str, node: Node) -> Iterator[Guard]:
    if node.kind is NodeKind.MERGE:
        yield from _landing(made, workflow, node.change, 0, stack=node.line is Line.STACK)
    if f"effect {name}" in made.bits:
        need = made.bits[f"effect {name}"]
        yield Guard(UNAPPROVED, 0, need, "nobody has approved this doing of it, which nothing takes back")
        for change in made.changes:
            yield from _landing(made, workflow, change, made.bits[f"{change}: work"], stack=False)
    for fact in facts_used(node):
        yield Guard(UNANSWERED, 0, made.bits[f"fact {fact}"], f"nobody has answered {fact!r}")
    for number, rule in enumerate(workflow.rules):
        if matches(rule.what, name, node, None):
            yield _ruled(made, number, rule)


def _landing(made: Machine, workflow: Workflow, change: str, when: int, *, stack: bool) -> tuple[Guard, ...]:
    """What must stand where the change lands, the same for every node where it does."""
    known = made.landings.get((change, when, stack))
    if known is None:
        known = made.landings[change, when, stack] = tuple(_land(made, workflow, change, when, stack=stack))
    return known


def _land(made: Machine, workflow: Workflow, change: str, when: int, *, stack: bool) -> Iterator[Guard]:
    gates, roles = _verdicts(workflow)
    sentences = {
        "gates": "no gate has judged",
        "tests": "no acceptance command has passed on",
        "approval": "nobody has approved",
    }
    needed = [*gates, *(["tests"] if workflow.needs.tests else []), *([] if stack else roles)]
    for name in needed:
        said = sentences.get(name) or f"there is no {name} of"
        yield Guard(UNSEEN, when, made.bits[f"{change}: {name}"], f"{said} the {change} since its last edit")
    if stack:
        return
    impossible = made.bits["impossible"]
    finding = made.bits[f"{change}: finding"]
    yield Guard(UNSEEN, when | finding, impossible, f"a finding for a person on the {change} was lifted by nobody")
    for name, mask in list(made.bits.items()):
        author = name.removeprefix(f"{change}: by ")
        if author != name:
            beside = made.bits[f"{change}: seen beside {author}"]
            yield Guard(OWN_WORK, when | mask, beside, f"only the {author} who made the {change} has approved it")


def _ruled(made: Machine, number: int, rule: Rule) -> Guard:
    text = f"the process says: {rule.text}" if rule.text else "a rule of the process forbids it"
    mask, impossible = made.bits.get(f"rule {number}", 0), made.bits["impossible"]
    when = mask if rule.kind is RuleKind.AFTER else 0
    need = mask if rule.kind is RuleKind.UNLESS else impossible
    return Guard(BROKEN_RULE, when, need, text, rule.what.outcome or "")
