"""What a person said, of exactly which change."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.models.base import Instant, Noun
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.ids import Digest, RequirementId, RunId, StepId


class Verdict(StrEnum):
    APPROVE = "approve"
    REQUEST_CHANGES = "request-changes"
    REJECT = "reject"


OUTDATED = "outdated"
"""What closes an item beside a verdict: the line moved while it waited, and another item takes its place."""
EXPIRED = "expired"
"""What closes an item when its timer fires first: whatever is said later comes too late."""


def decided_key(item: str) -> str:
    """Of the effect that a run records when it goes on with the decisions on an item."""
    return f"decided:{item}"


class SubjectKind(StrEnum):
    """What is asked. Of a ``task``: is it done; of ``answers``: what the facts are; of an ``event``: if it happened.

    ``drill`` is signed of a change that was made up to be reviewed: such a decision approves and refuses nothing.
    """

    PLAN = "plan"
    CHANGE = "change"
    RUN = "run"
    WORK = "work"
    TASK = "task"
    ANSWERS = "answers"
    EVENT = "event"
    DRILL = "drill"


ON_A_CHANGE = frozenset({SubjectKind.CHANGE, SubjectKind.RUN})
"""Kinds whose subject is a tree on a tip."""


class ReviewItem(Noun):
    """Something that waits for a person.

    ``subject`` is the digest of what is judged: of the plan, of the change's
    identity, of the run's final identity, or of the sheet of work. ``shown`` are the digests of what a
    reviewer is shown beside it (reports, findings, acceptance). ``authors`` are people who edited the change, or who
    sign it as made where the policy sets them apart: their own approval alone is not enough. ``apart`` are people
    whose decision does not count here, because they did what is judged. ``revisable``: who asks for changes may make
    them. ``due_at`` is when it expires undecided.
    """

    id: str
    run: RunId
    node: str
    kind: SubjectKind
    step: StepId | None = None
    subject: Digest
    change: ChangeIdentity | None = None
    document: Digest
    shown: tuple[Digest, ...] = ()
    findings: tuple[Digest, ...] = ()
    authors: tuple[str, ...] = ()
    title: str
    role: str
    threshold: int = 1
    apart: tuple[str, ...] = ()
    revisable: bool = True
    due_at: Instant | None = None
    created_at: Instant


class Decision(Noun):
    """A verdict of one reviewer on one item.

    ``lifts`` are fingerprints of ``person`` findings that the reviewer names
    (D6). The comment's text is kept apart (D13); here is its digest. ``document``
    is the digest of the whole sheet that was shown, ``diff`` of the unified diff
    (of several, of the list of their digests), ``requirements`` the ids shown.
    """

    item: str
    run: RunId
    kind: SubjectKind
    step: StepId | None = None
    subject: Digest
    change: ChangeIdentity | None = None
    hunks: tuple[Digest, ...] = ()
    shown: tuple[Digest, ...] = ()
    lifts: tuple[Digest, ...] = ()
    verdict: Verdict
    reviewer: str
    role: str
    comment: Digest | None = None
    document: Digest | None = None
    diff: Digest | None = None
    requirements: tuple[RequirementId, ...] = ()
    decided_at: Instant
