"""Every property, watched while a run goes on: one pure step a passage.

The same tables as the search, so that what was proved is what is watched. A
run has one standing; a passage that the workflow does not have, or that ends
where a guard is broken, is a violation: the run stops, and the sentence is evidence.
Agents that work side by side on steps of one plan are one passage here, told when the last has come.
"""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.policy.proof.machine import Machine
from orchestrator.policy.proof.search import Counts, Places, Tokens


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a run stands (``tokens``), how often bounded outcomes were taken, and what holds (``bits``)."""

    tokens: Tokens
    counts: Counts = ()
    bits: int = 0


@dataclass(frozen=True, slots=True)
class Violation:
    """What must not have happened. ``code`` is WF040 for a passage that the workflow does not have."""

    code: str
    text: str


class Monitor:
    """The tables of one workflow, worked out place by place as runs come to them. For one thread at a time."""

    def __init__(self, machine: Machine) -> None:
        self._start, self._places = machine.start, Places(machine, counting=True)

    def begin(self) -> Standing:
        """Before anything has run."""
        return Standing((self._start,))

    def passed(self, here: Standing, node: str, outcome: str) -> Standing | Violation:
        """The standing after ``node`` ended as ``outcome`` (``begun`` for a parallel node)."""
        places = self._places
        place = places.number(here.tokens, here.counts)
        step = next((s for s in places.steps(place) if (s.node, s.outcome) == (node, outcome)), None)
        if step is None:
            return Violation("WF040", f"{node} ended as {outcome!r}, which the workflow does not have here.")
        for guard in step.guards:
            if guard.broken(here.bits):
                return Violation(guard.code, f"{node}: {guard.text}.")
        bits = here.bits & step.keep | step.put
        for where, guard in places.guards(step.place):
            if guard.broken(bits):
                return Violation(guard.code, f"{where}: {guard.text}.")
        tokens, counts = places.at(step.place)
        return Standing(tokens, counts, bits)
