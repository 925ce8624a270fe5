"""Gate reports as SARIF 2.1.0 (OASIS): one run per report, one result per finding.

``partialFingerprints`` carry our own fingerprint under ``handrail/v1``. The
disposition is a property of the result and decides its level: ``deny`` and
``agent`` are errors, ``person`` is a warning, ``note`` a note. A broken gate is
a run with ``executionSuccessful: false`` and the reason as a notification.
Not carried: the code itself.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, assert_never
from urllib.parse import quote

from orchestrator.gates.explain import remedy
from orchestrator.models.base import Digest
from orchestrator.models.gate import Disposition, Finding, GateReport, Result

__all__ = ["SCHEMA", "to_bytes", "to_sarif"]

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

_SEVERITY_SCORE = {"low": "3.0", "medium": "5.5", "high": "8.0"}


def to_bytes(reports: Sequence[GateReport]) -> bytes:
    """The log as UTF-8 JSON, the same bytes for the same reports."""
    return json.dumps(to_sarif(reports), indent=2, sort_keys=True, ensure_ascii=True).encode() + b"\n"


def to_sarif(reports: Sequence[GateReport], lifted: Collection[Digest] = ()) -> dict[str, Any]:
    """The log as JSON values. A finding that a person lifted is marked as suppressed, by the decision."""
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(report, lifted) for report in reports]}


def _run(report: GateReport, lifted: Collection[Digest]) -> dict[str, Any]:
    rules = list(dict.fromkeys(f.rule for f in report.findings))
    return {
        "automationDetails": {"id": f"handrail/{report.gate}/"},
        "tool": {
            "driver": {
                "name": report.tool,
                "version": report.tool_version,
                "rules": [_rule(rule, report.findings) for rule in rules],
            }
        },
        "originalUriBaseIds": {"TREE": {"description": {"text": "the root of the judged tree"}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [_result(f, rules.index(f.rule), lifted) for f in report.findings],
        "properties": {
            "gate": report.gate,
            "result": report.result.value,
            "config": report.config,
            "change": report.change.model_dump(mode="json"),
            "accounted": [a.model_dump(mode="json") for a in report.accounted],
        },
    }


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
    invocation: dict[str, Any] = {"executionSuccessful": not broken}
    if broken:
        text = report.reason or "the gate could not do its work"
        invocation["toolExecutionNotifications"] = [{"level": "error", "message": {"text": text}}]
    return invocation


def _result(finding: Finding, index: int, lifted: Collection[Digest]) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.path), "uriBaseId": "TREE"}}
    if finding.line > 0:
        physical["region"] = {"startLine": finding.line, "endLine": max(finding.line, finding.end_line)}
    properties: dict[str, Any] = {"disposition": finding.disposition.value, "severity": finding.severity}
    if finding.cwe is not None:
        properties["cwe"] = finding.cwe
    properties["hint"] = remedy(finding)
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": _level(finding.disposition),
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


def _level(disposition: Disposition) -> str:
    match disposition:
        case Disposition.AGENT | Disposition.DENY:
            return "error"
        case Disposition.PERSON:
            return "warning"
        case Disposition.NOTE:
            return "note"
    assert_never(disposition)
