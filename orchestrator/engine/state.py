"""What the graph remembers: ids, digests, a cursor and one small map. Documents lie in the store."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypedDict


class StepStatus(StrEnum):
    """Where one step stands."""

    PENDING = "pending"
    WORKING = "working"
    PROPOSED = "proposed"
    RETRY = "retry"
    STACKED = "stacked"
    MERGED = "merged"
    REFUSED = "refused"
    REJECTED = "rejected"
    LIMIT = "limit"
    BLOCKED = "blocked"


class StepState(TypedDict):
    """``trees`` are those of earlier attempts, ``feedback`` digests of what the agent is told next time."""

    status: str
    attempt: int
    spent_seconds: int
    spent_tokens: int
    spent_usd: float
    proposal: str
    trees: list[str]
    feedback: list[str]
    commit: str
    sheet: str
    item: str
    why: str


def opened() -> StepState:
    """A step that nobody has worked on."""
    return {
        "status": StepStatus.PENDING,
        "attempt": 0,
        "spent_seconds": 0,
        "spent_tokens": 0,
        "spent_usd": 0.0,
        "proposal": "",
        "trees": [],
        "feedback": [],
        "commit": "",
        "sheet": "",
        "item": "",
        "why": "",
    }


class Token(TypedDict):
    """A branch that does not have the turn: the node that is next in it, and what led there."""

    node: str
    before: str
    outcome: str


class Standing(TypedDict):
    """Where the monitor sees the run: nodes, how often bounded outcomes were taken, and what holds, as bits.

    A count is node, outcome, number.
    """

    tokens: list[str]
    counts: list[list[Any]]
    bits: int


class RunState(TypedDict):
    """``at`` and ``outcome`` are the node that ended last and how: the monitor checks every transition by them.

    ``turn`` is the node that runs next. ``others`` are the branches beside the one that has the turn.
    ``visits`` counts how often each node has ended, ``taken`` how often each bounded outcome was taken (as ``node
    outcome``), ``loops`` how many items each ``for_each`` has begun. ``items`` is the item that was
    decided last at each node, ``facts`` the stored answer in which each fact stands. ``workflow`` is the digest of the
    one that the run began with.

    Before the nodes that set them have run, all but ``run`` may be absent.
    """

    run: str
    workflow: str
    plan: str
    at: str
    outcome: str
    steps: dict[str, StepState]
    current: str
    change: str
    reports: list[str]
    acceptance: str
    tip: str
    stack: list[str]
    exit: int
    turn: str
    others: list[Token]
    visits: dict[str, int]
    taken: dict[str, int]
    loops: dict[str, int]
    standing: Standing
    items: dict[str, str]
    facts: dict[str, str]


Update = dict[str, Any]
"""A part of :class:`RunState`."""


class Work(TypedDict):
    """What one parallel agent node is sent. ``tests`` is the proposal of the step of tests before it, or ''.

    ``spent_seconds`` is the time of all finished attempts of the run.
    """

    run: str
    plan: str
    tip: str
    at: str
    outcome: str
    step: str
    tests: str
    spent_seconds: int
    mine: StepState
