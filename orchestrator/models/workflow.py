"""The process that is run: nodes with named outcomes, every outcome with its target."""

from __future__ import annotations

from pydantic import Field

from orchestrator.models.base import Noun
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import Digest
from orchestrator.models.spec import Span
from orchestrator.models.workflow_parts import (
    Case,
    Channel,
    Condition,
    Effect,
    Event,
    Fact,
    FactKind,
    Lane,
    Line,
    Needs,
    NodeKind,
    Operator,
    Repeat,
    Rule,
    RuleKind,
    Subject,
)

__all__ = [
    "Case",
    "Channel",
    "Condition",
    "Effect",
    "Event",
    "Fact",
    "FactKind",
    "Lane",
    "Line",
    "Needs",
    "Node",
    "NodeKind",
    "Operator",
    "Repeat",
    "Rule",
    "RuleKind",
    "Subject",
    "Workflow",
]

MAX_SECONDS = 366 * 24 * 3600


class Node(Noun):
    """One activity.

    ``on`` maps each outcome that the node can have to the next node's id; an
    outcome without a target is a problem, found before anything is compiled.
    Which fields a kind needs and may have is in :mod:`orchestrator.policy.proof.shape`.

    ``role`` does the task, answers, decides, or says that what is waited for has
    happened. ``approvals`` distinct people of the role must approve; ``other_than``
    names nodes whose doers do not count among them. ``about`` is the node whose effect is
    reviewed, or the parallel node whose branches a join waits for. ``within_seconds`` is the
    timer of a node that waits for somebody; it ends as ``expired``. ``pause_seconds`` is how
    long a wait lasts by itself. ``at_most`` bounds an outcome: taken that often,
    the node ends as ``exhausted`` instead. ``edits`` marks a task that changes the change
    in hand; ``change`` names that change. ``inside`` is the innermost branch that the node
    belongs to, as ``PARALLEL/BRANCH``: whoever leaves it for another node than its join ends
    the branches beside it. ``span`` is the place of its sentence in ``process.md``.
    ``details`` are sentences about a task, told to whoever does it. ``quotation`` are words of the process that
    whoever does the task sees to as they stand: nothing in them was read, and nothing of them is proved.
    """

    kind: NodeKind
    title: str = ""
    on: dict[str, str] = Field(default_factory=dict)
    role: str | None = None
    reviews: Subject | None = None
    about: str | None = None
    approvals: int = Field(default=1, ge=1, le=64)
    other_than: tuple[str, ...] = ()
    within_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    pause_seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    at_most: dict[str, int] = Field(default_factory=dict)
    line: Line | None = None
    lane: Lane = Lane.STRAIGHT
    gates: tuple[str, ...] = ()
    argv: tuple[str, ...] = ()
    instruction: str | None = None
    effect: Effect | None = None
    edits: bool = False
    change: str = "change"
    asks: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    repeat: Repeat | None = None
    channel: Channel | None = None
    to: str | None = None
    capabilities: Capabilities | None = None
    phase: str = ""
    inside: str | None = None
    span: Span | None = None
    details: tuple[str, ...] = ()
    quotation: str = Field(default="", max_length=262_144)
    exit: int | None = Field(default=None, ge=0, le=255)


class Workflow(Noun):
    """A loaded workflow. ``source_digest`` is of the prose (``process.md``) it was made from."""

    id: str
    title: str
    start: str
    nodes: dict[str, Node] = Field(min_length=1)
    roles: tuple[str, ...] = ()
    facts: dict[str, Fact] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    needs: Needs = Needs()
    ceiling: Capabilities
    source_digest: Digest
