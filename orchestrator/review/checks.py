"""Gates and tests of an item, each with all that it said: rows for a screen of their own, and for plain text."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from orchestrator.models.found import Disposition, Finding, GateReport
from orchestrator.models.gate import AcceptanceRun
from orchestrator.models.ids import Digest
from orchestrator.models.review import Waiver
from orchestrator.review import sections
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.sections import BLANK, alert, heading, text
from orchestrator.review.view import ItemView

LAST_LINES = 40
"""So many of a command's output are shown."""
Output = Callable[[Digest], str | None]


@dataclass(frozen=True, slots=True)
class Lifts:
    """What this reviewer would lift by approving: findings, and the waivers prepared for some of them."""

    named: AbstractSet[Digest]
    waivers: Mapping[Digest, Waiver]


@dataclass(frozen=True, slots=True)
class Checked:
    """``findings`` has the finding of each row that belongs to one."""

    rows: tuple[Row, ...]
    findings: Mapping[int, Finding]


def checked(view: ItemView, output: Output, lifts: Lifts) -> Checked:
    """All gates, then all tests. ``output`` gives what a command printed, or ``None`` where it is not kept here."""
    rows: list[Row] = []
    findings: dict[int, Finding] = {}
    for row, finding in _all(view, output, lifts):
        if finding is not None:
            findings[len(rows)] = finding
        rows.append(row)
    return Checked(tuple(rows), findings)


_Marked = tuple[Row, Finding | None]


def _all(view: ItemView, output: Output, lifts: Lifts) -> Iterator[_Marked]:
    missing = [f for f in view.to_lift if f.fingerprint not in lifts.named]
    yield heading(f"Gates: {len(view.reports)}, findings: {len(view.findings)}, to lift: {len(missing)}"), None
    for report in view.reports:
        yield BLANK, None
        yield from _gate(report, lifts)
    if not view.reports:
        yield alert("no gate has reported"), None
    yield BLANK, None
    yield heading(f"Tests: {len(view.acceptance)}"), None
    for run in view.acceptance:
        yield BLANK, None
        yield from ((row, None) for row in _test(run, output))
    if not view.acceptance:
        yield alert("no acceptance command ran"), None


def _gate(report: GateReport, lifts: Lifts) -> Iterator[_Marked]:
    words = f" {report.reason}" if report.reason else ""
    tool = f"{report.tool} {report.tool_version}"
    yield Row(RowKind.FILE, f"{report.result.value} {report.gate} ({tool}){words}", report.gate), None
    if not report.findings:
        yield from ((row, None) for row in text("nothing found", 2))
    for finding in sorted(report.findings, key=lambda f: f.disposition is not Disposition.PERSON):
        yield from ((row, finding) for row in _finding(finding, lifts))


def _finding(finding: Finding, lifts: Lifts) -> Iterator[Row]:
    place = (finding.path, 0, finding.line)
    box, words = state(finding, lifts.named)
    yield Row(RowKind.HUNK, f"{box} {sections.finding_line(finding)}", *place)
    yield Row(RowKind.TEXT, f"      ({words})", *place)
    if finding.hint:
        yield Row(RowKind.TEXT, f"      Try: {finding.hint}", *place)
    yield Row(RowKind.TEXT, f"      {finding.fingerprint}", *place)
    waiver = lifts.waivers.get(finding.fingerprint)
    if waiver is not None:
        yield Row(RowKind.TEXT, f"      {waiver_words(waiver)}", *place)


def state(finding: Finding, lifted: AbstractSet[Digest]) -> tuple[str, str]:
    """A box and words: what happens with a finding, and whether this reviewer's approval would lift it."""
    if finding.disposition is not Disposition.PERSON:
        return "   ", sections.disposition(finding.disposition)
    return ("[x]", "lifted by you") if finding.fingerprint in lifted else ("[ ]", "a person must lift it")


def waiver_words(waiver: Waiver) -> str:
    """Why, who answers for it, until when (UTC)."""
    return f"waived until {waiver.expires:%Y-%m-%d %H:%M}, {waiver.owner} answers for it: {waiver.reason}"


def _test(run: AcceptanceRun, output: Output) -> Iterator[Row]:
    yield Row(RowKind.FILE, f"{shlex.join(run.argv)} ({run.source})", shlex.join(run.argv))
    exits = f"exit {run.exit_on_base} before, {run.exit_on_change} after"
    yield from text(f"{sections.shows(run)} ({exits}, {run.duration_seconds:.1f} s)", 2)
    said = output(run.output)
    if said is None:
        yield alert("what it printed is not kept here")
        return
    lines = said.rstrip("\n").split("\n")
    left = len(lines) - LAST_LINES
    if left > 0:
        yield from text(f"({left} lines before these are not shown; all of it: {run.output})", 2)
    for line in lines[-LAST_LINES:]:
        yield from text(f"| {line}", 4)
