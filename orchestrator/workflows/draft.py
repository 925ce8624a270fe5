"""What the compiler builds before every target is known: nodes whose outcomes lead on, to a step, or to an end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from orchestrator.models.spec import Span
from orchestrator.models.workflow import Node, NodeKind
from orchestrator.policy.proof.outcomes import OTHERWISE, outcomes
from orchestrator.workflows import words

ENDS: Final = {
    "done": (0, "Everything is done"),
    "stopped": (1, "The process stopped"),
    "refused": (3, "The process was refused"),
    "rejected": (5, "Somebody said no"),
    "late": (7, "The time is up"),
}
"""Names of ends, each with its exit code and its title."""

PRIMARY: Final = {
    NodeKind.AGENT: "proposed",
    NodeKind.COMMAND: "passed",
    NodeKind.TASK: "done",
    NodeKind.GATE: "passed",
    NodeKind.REVIEW: "approve",
    NodeKind.ASK: "answered",
    NodeKind.DECIDE: OTHERWISE,
    NodeKind.MERGE: "merged",
    NodeKind.NOTIFY: "sent",
    NodeKind.FOR_EACH: "done",
    NodeKind.JOIN: "joined",
}
"""How a node ends when all goes well: it leads to what is written next."""
_DEFAULTS: Final = {"reject": "rejected", "request-changes": "rejected"}


class To(StrEnum):
    """Kinds of targets."""

    NEXT = "next"
    STEP = "step"
    NODE = "node"
    END = "end"


@dataclass(frozen=True, slots=True)
class Target:
    """Where an outcome leads. ``name`` is a step's number or id, a node's id, or an end's name."""

    kind: To
    name: str = ""
    section: int = 0
    span: Span | None = None


NEXT: Final = Target(To.NEXT)


@dataclass(slots=True)
class Draft:
    """One node in the making. ``sides`` are sequences off the main way that lead back to what follows this node.

    ``fellows`` were made by the same clause (``The lead and the counsel approve it``): what is said of an
    outcome of the last one holds for each.
    """

    id: str
    kind: NodeKind
    title: str
    span: Span
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    on: dict[str, Target] = field(default_factory=dict[str, Target])
    sides: list[list[Draft]] = field(default_factory=list[list["Draft"]])
    branches: dict[str, list[Draft]] = field(default_factory=dict[str, list["Draft"]])
    body: list[Draft] = field(default_factory=list["Draft"])
    phase: str = ""
    rebuild: str | None = None
    after: tuple[Target, ...] = ()
    about: Target | None = None
    inside: str | None = None
    details: list[str] = field(default_factory=list[str])
    fellows: list[Draft] = field(default_factory=list["Draft"])

    @property
    def primary(self) -> str:
        """How it ends when all goes well."""
        if self.kind is NodeKind.WAIT:
            return "elapsed" if "pause_seconds" in self.fields else "happened"
        return PRIMARY[self.kind]

    def bare(self) -> Node:
        """The node without its targets, to ask for its outcomes."""
        return Node(kind=self.kind, **self.fields)

    def settle(self) -> None:
        """Give every outcome that the prose does not speak of its default."""
        if self.kind in {NodeKind.PARALLEL, NodeKind.END}:
            return
        for name in sorted(outcomes(self.bare(), planned=False)):
            self.on.setdefault(name, self._default(name))

    def _default(self, name: str) -> Target:
        if name == self.primary or (self.kind is NodeKind.GATE and name == "needs-person"):
            return NEXT
        if name == "moved" and self.rebuild is not None:
            return Target(To.NODE, self.rebuild)
        return Target(To.END, _DEFAULTS.get(name, "stopped"))


def share(sequence: list[Draft]) -> None:
    """Give the drafts of one clause the outcomes and bounds that were spoken of after the last of them."""
    for draft in every(sequence):
        for fellow in draft.fellows:
            fellow.on = {name: target for name, target in draft.on.items() if name != draft.primary} | fellow.on
            fellow.fields = {**{n: v for n, v in draft.fields.items() if n in _SHARED}, **fellow.fields}


_SHARED: Final = frozenset({"at_most", "within_seconds"})


def link(sequence: list[Draft], follow: Target) -> None:
    """Put what follows in place of every ``NEXT``."""
    for number, draft in enumerate(sequence):
        after = Target(To.NODE, sequence[number + 1].id) if number + 1 < len(sequence) else follow
        draft.settle()
        draft.on = {name: after if target.kind is To.NEXT else target for name, target in draft.on.items()}
        for side in draft.sides:
            link(side, after)
        if draft.body:
            link(draft.body, Target(To.NODE, draft.id))
        for branch in draft.branches.values():
            link(branch, Target(To.NODE, f"{draft.id}-join"))


def every(sequence: list[Draft]) -> Iterator[Draft]:
    """All drafts, those at the side after the one that they belong to."""
    for draft in sequence:
        yield draft
        for inner in (*draft.branches.values(), draft.body, *draft.sides):
            yield from every(inner)


def place(sequence: list[Draft], inside: str | None) -> None:
    """Say of every draft in which branch it lies."""
    for draft in every(sequence):
        draft.inside = inside
    for draft in every(sequence):
        for name, branch in draft.branches.items():
            place(branch, f"{draft.id}/{name}")


_FILLER: Final = words.SMALL | {"shall", "will", "should", "at", "by", "or"}


class Names:
    """Ids of nodes: the first words of the title, each id once."""

    def __init__(self) -> None:
        self._taken = set[str](ENDS)
        self._counts = dict[str, int]()

    def claim(self, name: str) -> bool:
        """Whether an id that the author chose is free; it is not any more."""
        free = name not in self._taken
        self._taken.add(name)
        return free

    def new(self, title: str) -> str:
        """An id for a node with this title."""
        clean = [w for w in re.findall(r"[a-z0-9]+", title.lower()) if w not in _FILLER] or ["step"]
        stem = words.slug(" ".join(clean[:4])) or "step"
        stem = stem if stem[0].isalpha() else f"step-{stem}"
        count = self._counts.get(stem, 1)
        name = stem if count == 1 else f"{stem}-{count}"
        while not self.claim(name):
            count += 1
            name = f"{stem}-{count}"
        self._counts[stem] = count
        return name
