"""Does a sheet show what its item asks about? A person must not sign one thing and see another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.change import Change
from orchestrator.models.decision import ON_A_CHANGE, ReviewItem, SubjectKind
from orchestrator.models.review import ReviewSheet
from orchestrator.policy import verdicts
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.escape import escape


def check(item: ReviewItem, sheet: ReviewSheet, diffs: Sequence[Sequence[Row]]) -> None:
    """Raise ``EvidenceInvalid`` (``REV008``), with each thing that does not fit, unless all fits.

    Checked: the subject's digest, the change that every report and acceptance
    names, that each finding for a person is in ``item.findings``, that each
    changed file and line of the diffs belongs to the change. NOT checked: that
    the diff is the difference of the two trees, which needs git and is the merge's task.
    """
    problems = [*_subject(item, sheet), *_judged(item, sheet), *_findings(item, sheet)]
    for part, rows in zip(sheet.changes, diffs, strict=True):
        problems.extend(_shown(part.change, rows))
    if problems:
        raise EvidenceInvalid(
            "REV008",
            f"What is stored for item {escape(item.id)} does not fit together, so it cannot be judged.",
            "handrail resume, to have the change judged and shown again",
            details=problems,
        )


def _subject(item: ReviewItem, sheet: ReviewSheet) -> Iterable[str]:
    if item.kind is SubjectKind.PLAN:
        if sheet.plan is None or sheet.plan.digest() != item.subject:
            yield "the plan shown is not the plan that is asked about"
        return
    if item.kind not in ON_A_CHANGE:
        if sheet.work is None or sheet.work.digest() != item.subject:
            yield "the work shown is not the work that is asked about"
        return
    if item.change is None or item.change.digest() != item.subject:
        yield "the item does not name the change that it asks about"
    elif not sheet.changes or sheet.changes[-1].change.identity.tree != item.change.tree:
        yield "the change shown does not end in the tree that is asked about"
    if item.kind is SubjectKind.CHANGE and [c.change.identity for c in sheet.changes] != [item.change]:
        yield "the change shown is not the one change that is asked about"


def _judged(item: ReviewItem, sheet: ReviewSheet) -> Iterable[str]:
    for part in sheet.changes:
        of = (part.change.identity, item.change)
        for report in part.reports:
            if report.change not in of:
                yield f"the report of gate {escape(report.gate)} is about another change"
        if part.acceptance is not None and part.acceptance.change not in of:
            yield f"the acceptance of step {escape(part.step.id)} is about another change"


def _findings(item: ReviewItem, sheet: ReviewSheet) -> Iterable[str]:
    reports = [report for part in sheet.changes for report in part.reports]
    for fingerprint in verdicts.to_lift(reports):
        if fingerprint not in item.findings:
            yield f"finding {fingerprint} needs a person and is not in the item"


def _shown(change: Change, rows: Sequence[Row]) -> Iterable[str]:
    head, changed = RowKind.FILE, (RowKind.ADDED, RowKind.REMOVED)
    sections = {row.path for row in rows if row.kind is head}
    for file in change.files:
        if file.path not in sections:
            yield f"{escape(file.path)} is changed and the diff does not show it"
    strays = (row for row in rows if row.hunk is None and row.kind in changed)
    stray = next(strays, None)
    if stray is not None:
        yield f"{escape(stray.path)}:{stray.new or stray.old} is in the diff and in no hunk of the change"
