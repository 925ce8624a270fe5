"""Every way through a workflow, breadth first: the shortest way to a broken guard, or the proof that there is none.

The first search forgets how often a bounded outcome was taken, which only adds
ways, and takes quiet steps of branches before all others, which leaves out
orders that differ in nothing. When it finds one, a second search counts and
takes every order, so that the story told can happen and is the shortest.
Complete over the finite tables; beyond ``MAX_STATES`` it says unknown, which
counts as no.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from orchestrator.policy.proof.machine import Edge, Guard, Machine
from orchestrator.policy.proof.quiet import quiet

MAX_STATES: Final = 500_000
"""As many as the independent checker looks at: of more a certificate could be made and never checked again."""

Standing = tuple[str, int]
"""A node, and the bits there."""
Tokens = tuple[str, ...]
"""Where a run stands: one node, or several inside parallel branches; a join holds one for each branch that came."""
Counts = tuple[tuple[str, str, int], ...]
State = tuple[int, int]
"""Number of the place (tokens and counts), and the bits."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One step of a story: ``node`` ended as ``outcome``."""

    node: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A guard that does not hold at the end of a story."""

    guard: Guard
    node: str
    story: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """How much was searched, and what was found. ``complete`` false: too large, so nothing is proved."""

    states: int
    transitions: int
    broken: Broken | None
    complete: bool = True


class Step(NamedTuple):
    """A transition between places. ``guards`` are of the outcome itself."""

    node: str
    outcome: str
    place: int
    keep: int
    put: int
    guards: tuple[Guard, ...]


_NONE: Final[list[tuple[str, Guard]]] = []


class Places:
    """Places by number, their steps and guards, made when first needed. One of ``first`` is passed before others."""

    def __init__(self, machine: Machine, *, counting: bool, first: frozenset[str] = frozenset()) -> None:
        self._machine = machine
        self._counting = counting
        self._first = first
        self._numbers: dict[tuple[Tokens, Counts], int] = {}
        self._alone: dict[str, int] = {}
        self._places: list[tuple[Tokens, Counts]] = []
        self._steps: dict[int, list[Step]] = {}
        self._guards: dict[int, list[tuple[str, Guard]]] = {}

    def number(self, tokens: Tokens, counts: Counts) -> int:
        """Of this place; a new one when it is new."""
        known = self._numbers.setdefault((tokens, counts), len(self._places))
        if known == len(self._places):
            self._places.append((tokens, counts))
        return known

    def at(self, place: int) -> tuple[Tokens, Counts]:
        """Tokens and counts of a place."""
        return self._places[place]

    def guards(self, place: int) -> list[tuple[str, Guard]]:
        """(node, guard) that must hold here."""
        known = self._guards.get(place)
        if known is None:
            held = self._machine.guards
            tokens = self._places[place][0]
            if len(tokens) == 1 and tokens[0] not in held:
                return _NONE
            known = [(n, g) for n in dict.fromkeys(tokens) for g in held.get(n, ()) if not g.outcome]
            self._guards[place] = known
        return known

    def steps(self, place: int) -> list[Step]:
        """All that can happen next."""
        known = self._steps.get(place)
        if known is None:
            tokens, counts = self._places[place]
            soonest = next(((token,) for token in tokens if token in self._first), tokens)
            known = [s for node in dict.fromkeys(soonest) for s in self._of(node, tokens, counts)]
            self._steps[place] = known
        return known

    def _of(self, node: str, tokens: Tokens, counts: Counts) -> Iterator[Step]:
        made = self._machine
        if node in made.forks:
            yield self._fork(node, tokens, counts)
            return
        needed = made.joins.get(node, 1)
        if needed > 1 and tokens.count(node) < needed:
            return
        left = _without(tokens, node, needed)
        guards = made.guards.get(node, ())
        for edge in made.edges[node]:
            after = self._count(node, edge, counts) if self._counting else counts
            if after is not None:
                place = self._entered(left, node, edge.target, after)
                held = tuple(g for g in guards if g.outcome == edge.outcome) if guards else ()
                yield Step(node, edge.outcome, place, edge.keep, edge.put, held)

    def _entered(self, left: Tokens, node: str, target: str, counts: Counts) -> int:
        """The place that a passage leads to."""
        if left or counts:
            return self.number(_with(self._staying(left, node, target), target), counts)
        known = self._alone.get(target)
        if known is None:
            known = self._alone[target] = self.number((target,), counts)
        return known

    def _staying(self, left: Tokens, node: str, target: str) -> Tokens:
        """The other tokens, without those in branches that this passage leaves."""
        if not left or target in self._machine.ends:
            return ()
        chains = self._machine.chains
        out = chains[node] - chains[target]
        return tuple(t for t in left if not chains[t] & out) if out else left

    def _fork(self, node: str, tokens: Tokens, counts: Counts) -> Step:
        left = _without(tokens, node, 1)
        for target in self._machine.forks[node]:
            left = _with(left, target)
        edges = self._machine.edges[node]
        keep, put = ~0, 0
        for edge in edges:
            keep, put = keep & edge.keep, put | edge.put
        return Step(node, "begun", self.number(left, counts), keep, put, ())

    def _count(self, node: str, edge: Edge, counts: Counts) -> Counts | None:
        """The counts after this outcome; ``None`` when a bound forbids it, or ``exhausted`` is not yet due."""
        known = {(n, o): c for n, o, c in counts}
        if edge.bound is not None:
            taken = known.get((node, edge.outcome), 0)
            known[node, edge.outcome] = taken + 1
            return None if taken >= edge.bound else _sorted(known)
        bounds = [e for e in self._machine.edges[node] if e.bound is not None]
        if edge.outcome == "exhausted" and not any(known.get((node, e.outcome), 0) >= (e.bound or 0) for e in bounds):
            return None
        body = self._machine.bodies.get(node, frozenset()) if edge.outcome == "each" else frozenset[str]()
        return tuple(c for c in counts if c[0] not in body)


def _sorted(known: dict[tuple[str, str], int]) -> Counts:
    return tuple(sorted((n, o, c) for (n, o), c in known.items()))


def _without(tokens: Tokens, node: str, times: int) -> Tokens:
    if len(tokens) == times:
        return ()
    left = list(tokens)
    for _ in range(times):
        left.remove(node)
    return tuple(left)


def _with(tokens: Tokens, node: str) -> Tokens:
    return (node,) if not tokens else tuple(sorted((*tokens, node)))


def searched(machine: Machine, *, max_states: int = MAX_STATES) -> Search:
    """What is found without counts; when that is a story, what is found with them."""
    counts = any(e.bound is not None for edges in machine.edges.values() for e in edges)
    if not machine.forks and not machine.joins:
        first = _row(machine, max_states)
        return _search(machine, max_states, counting=True) if first.broken is not None and counts else first
    first = _search(machine, max_states, counting=False, first=quiet(machine))
    return first if first.broken is None else _shortest(machine, max_states, counting=counts)


def _shortest(machine: Machine, max_states: int, *, counting: bool) -> Search:
    """In every order; where these are too many, with the quiet steps first: a story then, and perhaps no shortest."""
    found = _search(machine, max_states, counting=counting)
    return found if found.complete else _search(machine, max_states, counting=counting, first=quiet(machine))


def _row(machine: Machine, max_states: int) -> Search:
    """As :func:`_search` without counts where nothing is side by side: a place is a node, its edges are its steps."""
    edges, guards = machine.edges, machine.guards
    first: Standing = (machine.start, 0)
    came: dict[Standing, tuple[Standing, str] | None] = {first: None}
    todo: deque[Standing] = deque([first])
    transitions = 0
    while todo:
        here = todo.popleft()
        node, bits = here
        held = guards.get(node, ())
        for guard in held:
            if not guard.outcome and guard.broken(bits):
                return Search(len(came), transitions, Broken(guard, node, _told(came, here)))
        leading = edges[node]
        transitions += len(leading)
        for outcome, target, keep, put, _ in leading:
            for guard in held:
                if guard.outcome == outcome and guard.broken(bits):
                    story = (*_told(came, here), Passage(node, outcome))
                    return Search(len(came), transitions, Broken(guard, node, story))
            there = (target, bits & keep | put)
            if there not in came:
                came[there] = (here, outcome)
                todo.append(there)
        if len(came) > max_states:
            return Search(len(came), transitions, None, complete=False)
    return Search(len(came), transitions, None)


def _told(came: dict[Standing, tuple[Standing, str] | None], end: Standing) -> tuple[Passage, ...]:
    story: list[Passage] = []
    here = end
    while (before := came[here]) is not None:
        here, outcome = before
        story.append(Passage(here[0], outcome))
    return tuple(reversed(story))


def _search(machine: Machine, max_states: int, *, counting: bool, first: frozenset[str] = frozenset()) -> Search:
    places = Places(machine, counting=counting, first=first)
    begin: State = (places.number((machine.start,), ()), 0)
    came: dict[State, tuple[State, Step] | None] = {begin: None}
    todo: deque[State] = deque([begin])
    transitions = 0
    while todo:
        here = todo.popleft()
        place, bits = here
        for node, guard in places.guards(place):
            if bits & guard.when == guard.when and bits & guard.need != guard.need:
                return Search(len(came), transitions, Broken(guard, node, _story(came, here)))
        for step in places.steps(place):
            transitions += 1
            for guard in step.guards:
                if bits & guard.when == guard.when and bits & guard.need != guard.need:
                    story = (*_story(came, here), Passage(step.node, step.outcome))
                    return Search(len(came), transitions, Broken(guard, step.node, story))
            there = (step.place, bits & step.keep | step.put)
            if there not in came:
                came[there] = (here, step)
                todo.append(there)
        if len(came) > max_states:
            return Search(len(came), transitions, None, complete=False)
    return Search(len(came), transitions, None)


def _story(came: dict[State, tuple[State, Step] | None], end: State) -> tuple[Passage, ...]:
    story: list[Passage] = []
    here = end
    while (before := came[here]) is not None:
        here, step = before
        story.append(Passage(step.node, step.outcome))
    return tuple(reversed(story))
