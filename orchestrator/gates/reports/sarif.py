"""Gate reports as SARIF 2.1.0 (OASIS): one run, one extension of its tool per report, one result per finding.

GitHub takes at most 20 runs in a file, 25,000 results and 100 extensions in a run, and no two runs of one category. So
all reports share a run, in which each has its tool component with its rules and one invocation; only what passes those
two limits begins another run, with an ``automationDetails.id`` of its own.

``partialFingerprints`` carry our own fingerprint under ``handrail/v1``. The
disposition is a property of the result and decides its level: ``deny`` and
``agent`` are errors, ``person`` is a warning, ``note`` a note. A broken gate is
an invocation with ``executionSuccessful: false`` and the reason as a notification.
Not carried: the code itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, assert_never
from urllib.parse import quote

from orchestrator import __version__
from orchestrator.gates.reports.explain import remedy
from orchestrator.models.found import Disposition, Finding, GateReport, Result
from orchestrator.models.ids import Digest

__all__ = ["SCHEMA", "level", "to_bytes", "to_sarif"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_RESULTS, _EXTENSIONS = 25_000, 100
"""GitHub's limits of a run; what passes one is refused whole."""

_Part = tuple[GateReport, Sequence[Finding]]

_SEVERITY_SCORE = {"low": "3.0", "medium": "5.5", "high": "8.0"}


def to_bytes(reports: Sequence[GateReport]) -> bytes:
    """The log as UTF-8 JSON, the same bytes for the same reports."""
    return json.dumps(to_sarif(reports), indent=2, sort_keys=True, ensure_ascii=True).encode() + b"\n"


def to_sarif(reports: Sequence[GateReport], lifted: Collection[Digest] = ()) -> dict[str, Any]:
    """The log as JSON values. A finding that a person lifted is marked as suppressed, by the decision."""
    runs = [_run(number, parts, lifted) for number, parts in enumerate(_runs(reports), start=1)]
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": runs}


def _runs(reports: Sequence[GateReport]) -> list[list[_Part]]:
    """Each report whole in one run, unless it alone has more findings than a run holds."""
    runs: list[list[_Part]] = [[]]
    for report in reports:
        slices = [report.findings[n : n + _RESULTS] for n in range(0, len(report.findings), _RESULTS)] or [()]
        for findings in slices:
            full = len(runs[-1]) == _EXTENSIONS or sum(len(f) for _, f in runs[-1]) + len(findings) > _RESULTS
            if full and runs[-1]:
                runs.append([])
            runs[-1].append((report, findings))
    return runs


def _run(number: int, parts: Sequence[_Part], lifted: Collection[Digest]) -> dict[str, Any]:
    return {
        "automationDetails": {"id": "handrail/" if number == 1 else f"handrail/{number}/"},
        "tool": {
            "driver": {"name": "handrail", "version": __version__, "rules": []},
            "extensions": [_extension(report, findings) for report, findings in parts],
        },
        "originalUriBaseIds": {"TREE": {"description": {"text": "the root of the judged tree"}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report) for report, _ in parts],
        "results": [r for at, (report, findings) in enumerate(parts) for r in _results(at, report, findings, lifted)],
    }


def _extension(report: GateReport, findings: Sequence[Finding]) -> dict[str, Any]:
    return {
        "name": report.gate,
        "fullName": report.tool,
        "version": report.tool_version,
        "rules": [_rule(rule, findings) for rule in _rules(findings)],
        "properties": {
            "result": report.result.value,
            "config": report.config,
            "change": report.change.model_dump(mode="json"),
            "accounted": [a.model_dump(mode="json") for a in report.accounted],
        },
    }


def _rules(findings: Sequence[Finding]) -> dict[str, int]:
    """The place of each rule in its list."""
    return {rule: at for at, rule in enumerate(dict.fromkeys(f.rule for f in findings))}


def _results(
    at: int, report: GateReport, findings: Sequence[Finding], lifted: Collection[Digest]
) -> Iterator[dict[str, Any]]:
    places, component = _rules(findings), {"name": report.gate, "index": at}
    for finding in findings:
        rule = {"id": finding.rule, "index": places[finding.rule], "toolComponent": component}
        yield _result(finding, rule, lifted)


def _rule(rule: str, findings: Sequence[Finding]) -> dict[str, Any]:
    first = next(f for f in findings if f.rule == rule)
    cwe = sorted({f.cwe for f in findings if f.rule == rule and f.cwe is not None})
    return {
        "id": rule,
        "shortDescription": {"text": first.message or rule},
        "help": {"text": f"{remedy(first)}. More: handrail gate explain {rule}"},
        "properties": {
            "tags": ["security", *(f"external/cwe/cwe-{number:03d}" for number in cwe)],
            "security-severity": _SEVERITY_SCORE.get(first.severity, "5.5"),
        },
    }


def _invocation(report: GateReport) -> dict[str, Any]:
    broken = report.result is Result.ERROR
    invocation: dict[str, Any] = {"executionSuccessful": not broken, "properties": {"gate": report.gate}}
    if broken:
        text = report.reason or "the gate could not do its work"
        invocation["toolExecutionNotifications"] = [{"level": "error", "message": {"text": text}}]
    return invocation


def _result(finding: Finding, rule: Mapping[str, Any], lifted: Collection[Digest]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.path), "uriBaseId": "TREE"}}
    if finding.line > 0:
        physical["region"] = {"startLine": finding.line, "endLine": max(finding.line, finding.end_line)}
    properties: dict[str, Any] = {"disposition": finding.disposition.value, "severity": finding.severity}
    if finding.cwe is not None:
        properties["cwe"] = finding.cwe
    properties["hint"] = remedy(finding)
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "rule": rule,
        "level": level(finding.disposition),
        "message": {"text": finding.message},
        "locations": [{"physicalLocation": physical}],
        "partialFingerprints": {"handrail/v1": finding.fingerprint},
        "properties": properties,
    }
    if finding.disposition is Disposition.PERSON and finding.fingerprint in lifted:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": "a signed decision"}]
    return result


def _uri(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))


def level(disposition: Disposition) -> str:
    """As SARIF calls it."""
    match disposition:
        case Disposition.AGENT | Disposition.DENY:
            return "error"
        case Disposition.PERSON:
            return "warning"
        case Disposition.NOTE:
            return "note"
    assert_never(disposition)
