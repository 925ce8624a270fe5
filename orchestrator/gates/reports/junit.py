"""Gate reports as JUnit XML: one suite per gate, one case per changed path.

A path fails when it has a finding that is no note; a broken gate is an error of
its own. Characters that XML cannot carry are written as escapes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr  # nosec B406 # written, never read

from orchestrator.gates.reports.explain import remedy
from orchestrator.models.found import Disposition, Finding, GateReport, Result

__all__ = ["to_junit"]

_UNCARRIED = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def to_junit(reports: Sequence[GateReport]) -> str:
    """The document as text."""
    suites = "\n".join(_suite(report) for report in reports)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="handrail gate">\n{suites}\n</testsuites>\n'


def _suite(report: GateReport) -> str:
    cases = [_case(report, path) for path in dict.fromkeys(a.path for a in report.accounted)]
    if report.result is Result.ERROR:
        reason = f"<error message={_attribute(report.reason or 'the gate could not do its work')}/>"
        cases.append(
            f"    <testcase classname={_attribute(report.gate)} name={_attribute(report.gate)}>{reason}</testcase>"
        )
    counts = {
        "tests": len(cases),
        "failures": sum("<failure" in case for case in cases),
        "errors": int(report.result is Result.ERROR),
    }
    head = " ".join(f'{name}="{count}"' for name, count in counts.items())
    return f"  <testsuite name={_attribute(report.gate)} {head}>\n" + "\n".join(cases) + "\n  </testsuite>"


def _case(report: GateReport, path: str) -> str:
    name = f"    <testcase classname={_attribute(report.gate)} name={_attribute(path)}"
    found = [f for f in report.findings if f.path == path and f.disposition is not Disposition.NOTE]
    if not found:
        return f"{name}/>"
    lines = "\n".join(_line(f) for f in found)
    message = f"{len(found)} findings, {found[0].rule} first"
    return f"{name}><failure message={_attribute(message)}>{escape(_carried(lines))}</failure></testcase>"


def _line(finding: Finding) -> str:
    where = f"{finding.path}:{finding.line}" if finding.line else finding.path
    return f"{where} {finding.rule} [{finding.disposition}] {finding.message} Try: {remedy(finding)}"


def _attribute(text: str) -> str:
    return quoteattr(_carried(text))


def _carried(text: str) -> str:
    return _UNCARRIED.sub(lambda m: f"\\x{ord(m[0]):02x}", text)
