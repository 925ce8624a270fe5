"""What a reviewer is shown: one document per waiting item, stored whole and bound by digest."""

from __future__ import annotations

from pydantic import Field

from orchestrator.models.base import Digest, GitOid, Noun
from orchestrator.models.change import Change
from orchestrator.models.gate import AcceptanceReport, GateReport
from orchestrator.models.plan import Plan, Step
from orchestrator.models.spec import Requirement
from orchestrator.models.workflow_parts import Fact


class ChangeSheet(Noun):
    """One change beside everything that judged it. ``commit`` is set once it stands on the run's line."""

    step: Step
    requirements: tuple[Requirement, ...]
    change: Change
    reports: tuple[GateReport, ...]
    acceptance: AcceptanceReport | None = None
    summary: str = ""
    denials: tuple[str, ...] = ()
    commit: GitOid | None = None


class Note(Noun):
    """What somebody said at a node: a remark of their signed decision."""

    node: str
    reviewer: str
    text: str


FactValue = bool | int | str | tuple[str, ...]


class WorkSheet(Noun):
    """What a process has so far. ``sentence`` is that of the node that asks, ``asks`` the questions of an ``ask``."""

    workflow: str
    node: str
    visit: int
    sentence: str
    asks: dict[str, Fact] = Field(default_factory=dict)
    facts: dict[str, FactValue] = Field(default_factory=dict)
    notes: tuple[Note, ...] = ()


class ReviewSheet(Noun):
    """A plan to approve, one change, all changes of a run (the last judges the final tree), or work of a process."""

    spec_path: str
    spec_title: str
    plan: Plan | None = None
    requirements: tuple[Requirement, ...] = ()
    changes: tuple[ChangeSheet, ...] = ()
    work: WorkSheet | None = None


class Comment(Noun):
    """A remark on an item or on one line of the new side; goes back to the agent with the verdict.

    ``salt`` is random, so that a digest of the comment confirms no guess at it (D13).
    """

    item: str
    reviewer: str
    text: str
    path: str = ""
    line: int = 0
    about: Digest | None = None
    salt: str = ""
