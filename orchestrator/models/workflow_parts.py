"""What a node of a workflow is described with: kinds, guards as data, effects, rules of the author."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.models.base import Noun
from orchestrator.models.spec import Span


class NodeKind(StrEnum):
    PLAN = "plan"
    FOR_EACH = "for_each"
    AGENT = "agent"
    COMMAND = "command"
    TASK = "task"
    GATE = "gate"
    REVIEW = "review"
    ASK = "ask"
    DECIDE = "decide"
    MERGE = "merge"
    NOTIFY = "notify"
    WAIT = "wait"
    PARALLEL = "parallel"
    JOIN = "join"
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
    """What a review node is about: ``work`` is what the process has so far (facts and notes), without any change."""

    PLAN = "plan"
    CHANGE = "change"
    RUN = "run"
    WORK = "work"
    EFFECT = "effect"


class Channel(StrEnum):
    """How a notification leaves: a line in a file of the run, a request through the broker, the desktop."""

    FILE = "file"
    WEBHOOK = "webhook"
    DESKTOP = "desktop"


class FactKind(StrEnum):
    YES_NO = "yes-no"
    NUMBER = "number"
    TEXT = "text"
    CHOICE = "choice"
    LIST = "list"


class Fact(Noun):
    """A typed value that an ``ask`` node obtains. ``question`` is what a person reads; ``most`` bounds a list."""

    kind: FactKind
    question: str = ""
    choices: tuple[str, ...] = ()
    unit: str = ""
    most: int = Field(default=32, ge=1, le=1000)


class Operator(StrEnum):
    IS = "is"
    IS_NOT = "is-not"
    BELOW = "below"
    AT_MOST = "at-most"
    ABOVE = "above"
    AT_LEAST = "at-least"


class Condition(Noun):
    """One comparison of a fact with a constant: data, never evaluated as code."""

    fact: str
    operator: Operator
    value: bool | int | str


class Case(Noun):
    """The outcome of a ``decide`` node when every condition holds. Cases are tried in order."""

    outcome: str
    when: tuple[Condition, ...] = Field(min_length=1)


class Repeat(Noun):
    """What a ``for_each`` node goes over: the items of a ``list`` fact, or these. Without one: the plan's steps."""

    fact: str | None = None
    items: tuple[str, ...] = ()


class Effect(Noun):
    """What a command does in the world (D19).

    ``key`` is the template-free name that the target is told once per attempt, so
    that it can recognise a repetition; without one, a person is asked before any retry.
    ``credential`` is a secret's name, added by the broker. An effect with no ``undo`` is irreversible.
    """

    target: str = Field(min_length=1)
    credential: str | None = None
    key: str | None = None
    dry_run: tuple[str, ...] = ()
    undo: tuple[str, ...] = ()

    @property
    def irreversible(self) -> bool:
        """Whether nothing takes it back: it needs an approval of its own."""
        return not self.undo


class Event(Noun):
    """Which passages are meant: of a node, of a kind, of a role, or all that edit; ending as ``outcome``, or anyhow.

    ``approvals``: only of a node that asks for at least so many.
    """

    node: str | None = None
    kind: NodeKind | None = None
    role: str | None = None
    edits: bool = False
    outcome: str | None = None
    approvals: int | None = Field(default=None, ge=2)


class RuleKind(StrEnum):
    """``never``: not at all. ``after``: never once ``other`` happened. ``unless``: only once ``other`` happened."""

    NEVER = "never"
    AFTER = "never-after"
    UNLESS = "never-unless"


class Rule(Noun):
    """The author's own rule, past-time: ``what`` may begin only as ``kind`` allows.

    With ``since``, only what happened after the last such event counts. ``text`` is the sentence.
    """

    kind: RuleKind
    what: Event
    other: Event | None = None
    since: Event | None = None
    text: str = ""
    span: Span | None = None


class Needs(Noun):
    """What every merge needs since the last edit. ``gates`` and ``roles`` by name; where empty, at least one.

    ``tests`` may be false only for a workflow that can write nothing but documents.
    """

    gates: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    tests: bool = True
