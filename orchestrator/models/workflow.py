"""The process that is run: nodes with named outcomes, every outcome with its target."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.models.base import Digest, Noun
from orchestrator.models.capabilities import Capabilities


class NodeKind(StrEnum):
    PLAN = "plan"
    FOR_EACH = "for_each"
    AGENT = "agent"
    COMMAND = "command"
    GATE = "gate"
    REVIEW = "review"
    MERGE = "merge"
    END = "end"


class Line(StrEnum):
    """Where a merge node puts the commit: on the run's branch, or on the private stack that is approved at the end."""

    RUN = "run"
    STACK = "stack"


class Lane(StrEnum):
    """How a requirement becomes steps: one, or its tests and then its code."""

    STRAIGHT = "straight"
    TEST_FIRST = "test-first"


class Subject(StrEnum):
    """What a review node is about."""

    PLAN = "plan"
    CHANGE = "change"
    RUN = "run"


class Node(Noun):
    """One activity.

    ``on`` maps each outcome that the kind can have to the next node's id; an
    outcome without a target is a problem, found before anything is compiled.
    """

    kind: NodeKind
    title: str = ""
    on: dict[str, str] = Field(default_factory=dict)
    role: str | None = None
    reviews: Subject | None = None
    line: Line | None = None
    lane: Lane = Lane.STRAIGHT
    gates: tuple[str, ...] = ()
    exit: int | None = None


class Workflow(Noun):
    """A loaded workflow. ``source_digest`` is of the prose (``process.md``) it was made from."""

    id: str
    title: str
    start: str
    nodes: dict[str, Node] = Field(min_length=1)
    roles: tuple[str, ...] = ()
    ceiling: Capabilities
    source_digest: Digest
