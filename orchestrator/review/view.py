"""What a reviewer has before them: an item, everything it shows, and what was said so far."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.models.change import Change
from orchestrator.models.decision import Decision, ReviewItem, Verdict
from orchestrator.models.found import Disposition, Finding, GateReport
from orchestrator.models.gate import AcceptanceRun
from orchestrator.models.ids import Digest
from orchestrator.models.review import Comment, ReviewSheet
from orchestrator.review.diff import Row


@dataclass(frozen=True, slots=True)
class ChangeDiff:
    """One change, the exact bytes of its unified diff, and the same as rows."""

    change: Change
    text: bytes
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A verified decision, the key that signed it, and its reason ('' when none was given).

    ``seconds_on_screen`` is how long the item was shown before it; ``None`` where that is not kept.
    """

    keyid: str
    decision: Decision
    reason: str
    seconds_on_screen: int | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved of a run's workflow, just now. ``problem`` says why nothing was, '' when all properties hold."""

    workflow: str
    digest: Digest
    properties: tuple[str, ...] = ()
    states: int = 0
    transitions: int = 0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ItemView:
    """``to_lift`` are the findings of which each must be named by an approval, without repeats.

    ``proof`` is that of a plan's workflow.
    """

    item: ReviewItem
    sheet: ReviewSheet
    diffs: tuple[ChangeDiff, ...]
    decisions: tuple[Said, ...]
    comments: tuple[Comment, ...]
    outcome: Verdict | None
    outdated: bool = False
    expired: bool = False
    proof: Proof | None = None

    @property
    def reports(self) -> tuple[GateReport, ...]:
        """Of every change shown."""
        return tuple(report for part in self.sheet.changes for report in part.reports)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All of them, those for a person first."""
        found = [finding for report in self.reports for finding in report.findings]
        return tuple(sorted(found, key=lambda f: f.disposition is not Disposition.PERSON))

    @property
    def to_lift(self) -> tuple[Finding, ...]:
        """The first finding of each fingerprint that a person must lift."""
        first: dict[Digest, Finding] = {}
        for finding in self.findings:
            if finding.disposition is Disposition.PERSON:
                first.setdefault(finding.fingerprint, finding)
        return tuple(first.values())

    @property
    def acceptance(self) -> tuple[AcceptanceRun, ...]:
        """Every acceptance command that ran."""
        return tuple(run for part in self.sheet.changes if part.acceptance for run in part.acceptance.runs)

    @property
    def changed_lines(self) -> int:
        """Added and removed, in all changes shown."""
        return sum(f.added_lines + f.removed_lines for part in self.diffs for f in part.change.files)

    @property
    def hunks(self) -> tuple[Digest, ...]:
        """Every hunk shown, without repeats."""
        return tuple(dict.fromkeys(hunk.id for part in self.diffs for hunk in part.change.hunks))


@dataclass(frozen=True, slots=True)
class Decided:
    """A decision that is stored, and what all decisions on the item now come to (``None``: still open)."""

    decision: Decision
    outcome: Verdict | None
