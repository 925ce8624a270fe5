"""Findings for a forge's own pages: GitHub's workflow commands, and Markdown for a summary or a comment.

Both escape what the forge would act on: a path or message cannot end its own
command, its table cell or its code mark.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from orchestrator.gates.reports.explain import remedy
from orchestrator.gates.reports.sarif import level
from orchestrator.models.found import Finding, GateReport, Result

__all__ = ["to_github", "to_markdown"]

_ROWS = 200
_LEVELS = {"note": "notice"}
"""Where GitHub has another word than SARIF."""
_ACTIVE = re.compile(r"[\\`*_{}\[\]<>#|~@&]|:(?=/)|(?<=www)\.")


def to_github(reports: Sequence[GateReport]) -> str:
    """One ``::error`` (warning, notice) line per finding, and per broken gate."""
    lines = [_command(f) for r in reports for f in r.findings]
    lines += [f"::error title={_property(r.gate)}::{_data(r.reason)}" for r in reports if r.result is Result.ERROR]
    return "".join(f"{line}\n" for line in lines)


def _command(finding: Finding) -> str:
    place = f"file={_property(finding.path)}"
    if finding.line:
        place += f",line={finding.line},endLine={max(finding.line, finding.end_line)}"
    how = level(finding.disposition)
    title = _property(f"{finding.rule} [{finding.disposition}]")
    return f"::{_LEVELS.get(how, how)} {place},title={title}::{_data(f'{finding.message} Try: {remedy(finding)}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def to_markdown(result: Result, reports: Sequence[GateReport]) -> str:
    """The result, one row per gate, one row per finding (the first 200; the rest are counted)."""
    findings = [f for r in reports for f in r.findings]
    lines = [f"## Handrail gate: {result}", "", "| gate | result | findings |", "|---|---|---|"]
    for report in reports:
        counts = Counter(str(f.disposition) for f in report.findings)
        said = ", ".join(f"{n} {kind}" for kind, n in sorted(counts.items())) or _cell(report.reason)
        lines.append(f"| {_cell(report.gate)} | {report.result} | {said} |")
    if findings:
        lines += ["", "| place | code | for | finding | to do |", "|---|---|---|---|---|"]
        lines += [_row(f) for f in findings[:_ROWS]]
    if len(findings) > _ROWS:
        lines += ["", f"{len(findings) - _ROWS} more findings are not listed."]
    return "\n".join(lines) + "\n"


def _row(finding: Finding) -> str:
    where = f"{finding.path}:{finding.line}" if finding.line else finding.path
    cells = [where, finding.rule, str(finding.disposition), finding.message, remedy(finding)]
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(text: str) -> str:
    flat = " ".join(text.split())
    return _ACTIVE.sub(lambda m: f"&#{ord(m[0])};", flat)
