"""What a reviewer is shown: one document per waiting item, stored whole and bound by digest."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.models.base import Instant, Noun
from orchestrator.models.change import Change
from orchestrator.models.decision import Verdict
from orchestrator.models.found import GateReport
from orchestrator.models.gate import AcceptanceReport
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.plan import Plan, Step
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.spec import Requirement
from orchestrator.models.usage import Used
from orchestrator.models.workflow_parts import Fact


class ChangeSheet(Noun):
    """One change beside everything that judged it.

    ``hidden`` are the paths that its agent was not shown; ``commit`` is set once it stands on the run's line.
    ``used`` is what the attempt took of its grant, ``risks`` what its sandbox lacked.
    """

    step: Step
    requirements: tuple[Requirement, ...]
    change: Change
    reports: tuple[GateReport, ...]
    acceptance: AcceptanceReport | None = None
    summary: str = ""
    denials: tuple[str, ...] = ()
    used: Used | None = None
    risks: tuple[AcceptedRisk, ...] = ()
    hidden: tuple[str, ...] = ()
    commit: GitOid | None = None


class Note(Noun):
    """What somebody said at a node: a remark of their signed decision."""

    node: str
    reviewer: str
    text: str


FactValue = bool | int | str | tuple[str, ...]


class WorkSheet(Noun):
    """What a process has so far. ``sentence`` is that of the node that asks, ``asks`` the questions of an ``ask``.

    ``edits``: the task is done by handing in a change. ``details`` are what the process says about the step,
    and how it came there where that did not go well.
    """

    workflow: str
    node: str
    visit: int
    sentence: str
    details: tuple[str, ...] = ()
    asks: dict[str, Fact] = Field(default_factory=dict)
    facts: dict[str, FactValue] = Field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    edits: bool = False


class ReviewSheet(Noun):
    """A plan to approve, one change, all changes of a run (the last judges the final tree), or work of a process.

    ``violations`` are what steps of this run did beyond their grants, which stopped them, a sentence each. ``drift`` is
    how the run differs from earlier ones, where the policy asks for more approvals then.
    """

    spec_path: str
    spec_title: str
    plan: Plan | None = None
    requirements: tuple[Requirement, ...] = ()
    changes: tuple[ChangeSheet, ...] = ()
    work: WorkSheet | None = None
    violations: tuple[str, ...] = ()
    drift: str = ""


class Waiver(Noun):
    """Why a finding for a person is lifted, who answers for it, and until when."""

    finding: Digest
    reason: str
    owner: str
    expires: Instant


class Comment(Noun):
    """A remark on an item or on one line of the new side; goes back to the agent with the verdict.

    ``salt`` is random, so that a digest of the comment confirms no guess at it (D13). ``revision`` is the stored
    proposal of the person who asks for changes and has made them, and ``hunks`` are those that it keeps when it only
    leaves others out; ``waivers`` say why findings are lifted; ``seconds_on_screen`` is how long the item was shown,
    where the policy keeps that. A decision names its comment by digest, so all are signed with it.
    """

    item: str
    reviewer: str
    text: str
    path: str = ""
    line: int = 0
    about: Digest | None = None
    salt: str = ""
    revision: Digest | None = None
    hunks: tuple[Digest, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    seconds_on_screen: int | None = Field(default=None, ge=0)


class Draft(Noun):
    """A decision that was said and could not be signed or stored. ``lifts`` are as they were typed."""

    item: str
    verdict: Verdict
    reason: str = ""
    lifts: tuple[str, ...] = ()
    at: Instant


class MarkState(StrEnum):
    """What a person has noted of one hunk. Accepted and rejected imply that it was looked at."""

    VIEWED = "viewed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class Mark(Noun):
    """A note on one hunk, known by its digest (D2): it saves reading and decides nothing.

    It holds for every later change of the run that has the same hunk. ``item`` is where it was made.
    ``reason`` is never empty on a rejection.
    """

    hunk: Digest
    state: MarkState
    item: str
    path: str
    line: int = 0
    reason: str = ""
    at: Instant
