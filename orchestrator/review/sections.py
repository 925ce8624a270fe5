"""An item in words: rows that a screen folds and colours, and that plain text prints as they are.

Row texts are raw; who shows them escapes them. No meaning hangs on colour: what
must be noticed begins with ``!``.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from textwrap import wrap
from typing import assert_never

from orchestrator.models.capabilities import Enforcement
from orchestrator.models.change import ChangedFile
from orchestrator.models.decision import ON_A_CHANGE
from orchestrator.models.found import Disposition, Finding, GateReport, Result
from orchestrator.models.gate import AcceptanceReport, AcceptanceRun, Demonstration
from orchestrator.models.ids import RequirementId
from orchestrator.models.plan import Plan, Source, SourceKind, Step
from orchestrator.models.review import ChangeSheet, FactValue, ReviewSheet, WorkSheet
from orchestrator.models.spec import Requirement
from orchestrator.policy import answers, enforcement
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.view import ItemView, Proof

BLANK = Row(RowKind.BLANK, "")
_MOST_HIDDEN = 10
_COLUMNS = 100


def heading(text: str, path: str = "") -> Row:
    """The first line of a section; ``path`` names the step it is about."""
    return Row(RowKind.HEADING, text, path)


def text(words: str, indent: int = 0, path: str = "") -> Iterator[Row]:
    """Words over as many rows as they have lines. All but the first begin with ``|``: none passes for others' words."""
    first, *more = words.split("\n")
    yield Row(RowKind.TEXT, " " * indent + first, path)
    for line in more:
        yield Row(RowKind.TEXT, " " * indent + "| " + line, path)


def alert(words: str, path: str = "") -> Row:
    """Something to notice."""
    return Row(RowKind.ALERT, "! " + words.replace("\n", " "), path)


def head(view: ItemView) -> Iterator[Row]:
    """What is asked, by which run, of whom, about exactly which tree."""
    item = view.item
    yield heading(f"{item.kind.value.capitalize()}: {item.title}")
    yield from text(f"Item {item.id} of run {item.run}, for role {item.role}, approvals needed: {item.threshold}")
    yield from text(f"Spec: {view.sheet.spec_title} ({view.sheet.spec_path})")
    if item.change is not None:
        yield from text(f"Target {item.change.target_ref} at {item.change.tip}, tree {item.change.tree}")
    yield from text(f"Subject {item.subject}")
    if view.sheet.drift:
        yield alert(f"DRIFT, so more people must approve: {view.sheet.drift}")
    for violation in view.sheet.violations:
        yield alert(f"BEYOND ITS GRANT {violation}")
    if view.outdated:
        yield alert("outdated: the branch moved on, and the change was rebuilt as another item")
    if item.due_at is not None:
        yield from text(f"Until {item.due_at.strftime('%Y-%m-%d %H:%M:%S')} UTC")
    if item.apart:
        yield from text(f"Somebody else than {', '.join(item.apart)}")
    if view.expired:
        yield alert("closed: its time ran out")
    if view.outcome is not None:
        yield alert(f"closed: {view.outcome.value}")


def requirements(found: Iterable[Requirement], spec_path: str) -> Iterator[Row]:
    """Each requirement in the author's words, with its place."""
    for requirement in found:
        yield heading(f"{requirement.id} {requirement.title}".rstrip())
        yield from text(f"({spec_path}:{requirement.span.line})")
        yield from text(requirement.statement)
        for criterion in requirement.acceptance:
            yield from text(f"- {criterion.text}", 2)


def source(origin: Source) -> str:
    """Who named a value, in words."""
    match origin.kind:
        case SourceKind.SPEC:
            return f"named in the spec, {origin.place}"
        case SourceKind.PROFILE:
            return f"from the profile, {origin.place}"
        case SourceKind.WORKFLOW:
            return f"from the process, {origin.place}"
        case SourceKind.INFERRED:
            return f"INFERRED, nobody named it ({origin.place})"
        case _:
            assert_never(origin.kind)


def step(it: Step, sentences: Mapping[RequirementId, str]) -> Iterator[Row]:
    """One step of a plan: the sentences that it is for, what may be touched and who said so, how it is judged."""
    yield Row(RowKind.FILE, f"{it.id} {it.title}", it.id)
    for requirement in it.requirements:
        yield from text(f"for {requirement} {sentences.get(requirement, '')}".rstrip(), path=it.id)
    if it.depends_on:
        yield from text(f"after {', '.join(it.depends_on)}", path=it.id)
    if it.alone:
        yield alert("runs alone: nobody named what it may write", it.id)
    yield heading("Instruction to the agent", it.id)
    yield from text(it.instruction, 2, it.id)
    yield heading("May write", it.id)
    yield from _grants(it)
    yield heading("Must pass", it.id)
    for command in it.acceptance:
        yield from text(f"  {shlex.join(command.argv)}   ({source(command.source)})", path=it.id)
    if not it.acceptance:
        yield alert("no acceptance command: nothing will demonstrate this step", it.id)
    yield heading("Limits", it.id)
    yield from text(f"  {_limits(it)}", path=it.id)
    yield heading("Held by", it.id)
    yield from _held(it)


def _grants(it: Step) -> Iterator[Row]:
    for path in it.write:
        line = f"{path.glob}   ({source(path.source)})"
        yield alert(line, it.id) if path.source.kind is SourceKind.INFERRED else next(text(line, 2, it.id))
    named = {path.glob for path in it.write}
    for glob in it.capabilities.write:
        if glob not in named:
            yield alert(f"{glob}   (granted, and no source is recorded)", it.id)
    for glob in it.capabilities.write_protected:
        yield alert(f"{glob}   (PROTECTED path, granted)", it.id)
    yield from text(f"Reads: {', '.join(it.capabilities.read) or 'nothing'}", 2, it.id)
    given = enforcement.granted(it.capabilities)
    for name, label in (("egress", "Reaches"), ("models", "Asks models"), ("secrets", "Uses secrets")):
        yield from text(f"{label}: {', '.join(given[name]) or 'none'}", 2, it.id)


def _held(it: Step) -> Iterator[Row]:
    """Who holds each thing that is granted; what is not granted cannot be used."""
    given = {name: words for name, words in enforcement.granted(it.capabilities).items() if words}
    by: dict[str, list[str]] = {}
    for name in given:
        held = enforcement.HELD[name].by
        who = "advisory" if held is Enforcement.ADVISORY else f"enforced by the {held.value}"
        by.setdefault(who, []).append(name.removeprefix("limits."))
    for who, names in by.items():
        yield from text(f"{who}: {', '.join(names)}", 2, it.id)


def _limits(it: Step) -> str:
    limits, budget = it.capabilities.limits, it.budget
    return (
        f"{budget.attempts} attempts in {budget.wall_seconds} s; each {limits.wall_seconds} s, {limits.cpus:g} CPU, "
        f"{limits.memory_mib} MiB memory, {limits.disk_mib} MiB disk, {limits.pids} processes, "
        f"{_most(limits.tokens, 'tokens')}, {_most(limits.cost_usd, 'USD')}; no network but what is named"
    )


def _most(value: float | None, unit: str) -> str:
    return f"unlimited {unit}" if value is None else f"{value:.12g} {unit}"


def plan(it: Plan, sheet: ReviewSheet) -> Iterator[Row]:
    """A whole plan, each step beside the author's sentences."""
    yield from text(f"{len(it.steps)} steps on {it.target_ref} from commit {it.base_commit}; review: {it.review.value}")
    said = {r.id: f"({sheet.spec_path}:{r.span.line}): {r.statement}" for r in needed(sheet)}
    for one in it.steps:
        yield BLANK
        yield from step(one, said)


def proof(it: Proof) -> Iterator[Row]:
    """What holds on every path of the workflow, whatever agents do."""
    if it.problem:
        yield alert(f"{it.workflow} is NOT proved here: {it.problem}")
        return
    yield from text(f"{it.workflow} ({it.digest}): proved now, {it.states} standings, {it.transitions} passages")
    for held in it.properties:
        yield from text(f"- {held}", 2)


_MODES = {"120000": "a symbolic link", "160000": "a submodule", "100755": "executable"}


def file_line(file: ChangedFile) -> str:
    """One changed path with its size, and each thing about it that a diff does not make plain."""
    line = f"{file.kind.value:<8} +{file.added_lines} -{file.removed_lines} {file.path}"
    if file.old_path not in (None, file.path):
        line += f" (was {file.old_path})"
    if None not in (file.old_mode, file.new_mode) and file.old_mode != file.new_mode:
        line += f" (mode {file.old_mode} -> {file.new_mode})"
    if file.new_mode != file.old_mode and file.new_mode in _MODES:
        line += f" ({_MODES[file.new_mode]})"
    return line + (" (binary)" if file.binary else "")


def finding_line(finding: Finding) -> str:
    """One finding, with what its disposition means."""
    weakness = f" CWE-{finding.cwe}" if finding.cwe else ""
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path
    return f"{finding.rule}{weakness} {finding.severity} {place}: {finding.message}"


def disposition(of: Disposition) -> str:
    """What happens with such a finding, in words."""
    match of:
        case Disposition.AGENT:
            return "goes back to the agent"
        case Disposition.PERSON:
            return "a person must lift it"
        case Disposition.DENY:
            return "cannot be lifted"
        case Disposition.NOTE:
            return "for information"
        case _:
            assert_never(of)


def findings(view: ItemView) -> Iterator[Row]:
    """Gates that did not pass, every finding, those for a person first, and the gates that passed."""
    for report in view.reports:
        if report.result is not Result.PASSED:
            yield from _report(report)
    if not view.reports and view.item.kind in ON_A_CHANGE:
        yield alert("no gate has reported")
    for finding in view.findings:
        line = f"[{disposition(finding.disposition)}] {finding_line(finding)}"
        yield next(text(line)) if finding.disposition is Disposition.NOTE else alert(line)
        if finding.hint:
            yield from text(f"Try: {finding.hint}", 4)
        yield from text(finding.fingerprint, 4)
    passed = [f"{r.gate} ({r.tool} {r.tool_version})" for r in view.reports if r.result is Result.PASSED]
    for line in wrap(", ".join(passed), _COLUMNS, break_long_words=False, break_on_hyphens=False):
        yield from text(f"{Result.PASSED.value} {line}")


def _report(report: GateReport) -> Iterator[Row]:
    words = f" {report.reason}" if report.reason else ""
    yield from text(f"{report.result.value} {report.gate} ({report.tool} {report.tool_version}){words}")


def shows(run: AcceptanceRun) -> str:
    """What a command's two exit codes mean, in words."""
    match run.shows:
        case Demonstration.DEMONSTRATED:
            return "DEMONSTRATED: fails before, passes after"
        case Demonstration.REGRESSION:
            return "REGRESSION: passed before too, shows nothing new"
        case Demonstration.FAILED:
            return "FAILED on the change"
        case Demonstration.RED:
            return "RED: fails on the new tests, as it must until the next step"
        case _:
            assert_never(run.shows)


def acceptance(view: ItemView) -> Iterator[Row]:
    """What ran in a fresh sandbox on the same tree, and what it shows."""
    for part in view.sheet.changes:
        yield from _accepted(part.step.id, part.acceptance)


def _accepted(step_id: str, report: AcceptanceReport | None) -> Iterator[Row]:
    if report is None:
        yield alert(f"{step_id}: no acceptance command ran")
        return
    for run in report.runs:
        exits = f"exit {run.exit_on_base} before, {run.exit_on_change} after"
        yield from text(f"{report.result.value} {shlex.join(run.argv)} ({run.source})")
        yield from text(f"{shows(run)} ({exits})", 4)
    for line in report.coverage.words() if report.coverage else ():
        yield from text(line, 4)
    if not any(run.shows in {Demonstration.DEMONSTRATED, Demonstration.RED} for run in report.runs):
        yield alert(f"{step_id}: not demonstrated by any command")


def agent(parts: Iterable[ChangeSheet]) -> Iterator[Row]:
    """The agent's own words, what it was denied and what it was not shown. No evidence of anything."""
    for part in parts:
        if part.summary:
            yield from text(f"{part.step.id}: {part.summary}")
        for denial in part.denials:
            yield alert(f"{part.step.id}: {denial}")
        if part.hidden:
            more = f" and {len(part.hidden) - _MOST_HIDDEN} more" if len(part.hidden) > _MOST_HIDDEN else ""
            names = ", ".join(part.hidden[:_MOST_HIDDEN])
            yield from text(f"{part.step.id}: its agent was not shown {names}{more}; they stay as they are")


def used(parts: Iterable[ChangeSheet]) -> Iterator[Row]:
    """Each grant beside what was used of it and who holds it; a protection that was missing first."""
    for part in parts:
        for risk in part.risks:
            yield alert(f"{part.step.id}: RISK ACCEPTED: {risk.words()}")
        if part.used is None:
            continue
        for grant in enforcement.rows(part.step.capabilities, (f.path for f in part.change.files), (part.used,)):
            yield from text(f"{part.step.id}: {grant.words()}")


def said(view: ItemView) -> Iterator[Row]:
    """Decisions and remarks so far."""
    for one in view.decisions:
        why = f": {one.reason}" if one.reason else ""
        looked = looked_words(view, one.seconds_on_screen)
        yield from text(f"{one.decision.reviewer} ({one.keyid[:12]}) {one.decision.verdict.value}{looked}{why}")
    for remark in view.comments:
        place = f" on {remark.path}:{remark.line}" if remark.path else ""
        yield from text(f"{remark.reviewer}{place}: {remark.text}")


def looked_words(view: ItemView, seconds: int | None) -> str:
    """How long an item was on the screen, beside how long it is; '' where that is not kept."""
    if seconds is None:
        return ""
    return (
        f", {view.changed_lines} changed lines in {seconds} s on screen" if view.diffs else f", {seconds} s on screen"
    )


def needed(sheet: ReviewSheet) -> tuple[Requirement, ...]:
    """The requirements that the sheet is about, each once."""
    found = [*sheet.requirements, *(r for part in sheet.changes for r in part.requirements)]
    return tuple({r.id: r for r in found}.values())


def _told(name: str, value: FactValue) -> Iterator[Row]:
    """An answer. Each item of a list has a line of its own: what is in it passes for no other."""
    match value:
        case bool():
            yield from text(f"{name} = {'yes' if value else 'no'}", 2)
        case tuple():
            yield from text(f"{name} = {len(value)} items", 2)
            for item in value:
                yield from text(f"- {item}", 4)
        case _:
            yield from text(f"{name} = {value}", 2)


def work(it: WorkSheet) -> Iterator[Row]:
    """What a process has so far, and what is asked of this person."""
    yield from text(it.sentence)
    for detail in it.details:
        yield from text(detail, 2)
    for name, fact in it.asks.items():
        yield from text(f"{name}: {fact.question} ({answers.wanted(fact)})", 2)
    for name, value in it.facts.items():
        yield from _told(name, value)
    for note in it.notes:
        yield from text(f"{note.reviewer} at {note.node}: {note.text}", 2)


def everything(view: ItemView) -> Iterator[Row]:
    """All but the diffs, in the order in which a reviewer reads."""
    yield from head(view)
    parts: list[tuple[str, Iterable[Row]]] = [
        ("Asked", work(view.sheet.work) if view.sheet.work else ()),
        ("Requirements", requirements(needed(view.sheet), view.sheet.spec_path)),
        ("Workflow", proof(view.proof) if view.proof else ()),
        ("Plan", plan(view.sheet.plan, view.sheet) if view.sheet.plan else ()),
        ("Findings", findings(view)),
        ("Acceptance", acceptance(view)),
        ("Agent's own words", agent(view.sheet.changes)),
        ("Granted and used", used(view.sheet.changes)),
        ("Files", (row for d in view.diffs for f in d.change.files for row in text(file_line(f)))),
        ("Said so far", said(view)),
    ]
    for title, rows in parts:
        held = tuple(rows)
        if held:
            yield BLANK
            yield heading(f"== {title}")
            yield from held
