"""Problems of specs as SARIF 2.1.0 (OASIS), for code hosts that show remarks beside the lines of a change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from orchestrator.models.ids import sha256
from orchestrator.models.spec import Problem, Severity
from orchestrator.specs.check import explain

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(problems: Sequence[Problem], version: str) -> dict[str, object]:
    """One run with the rules that spoke. Paths stay as they were given; an absolute one becomes its file name."""
    codes = sorted({p.code for p in problems})
    driver = {"name": "handrail prd", "version": version, "rules": [_rule(code) for code in codes]}
    results = [_result(p, codes.index(p.code)) for p in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(code: str) -> dict[str, object]:
    told = explain(code)
    return {
        "id": code,
        "shortDescription": {"text": told.summary},
        "fullDescription": {"text": told.why},
        "help": {"text": told.hint},
        "defaultConfiguration": {"level": _LEVELS[told.severity]},
    }


def _result(problem: Problem, index: int) -> dict[str, object]:
    path = PurePosixPath(problem.path.replace("\\", "/"))
    name = path.name if path.is_absolute() else path.as_posix()
    region = {"startLine": problem.line, "startColumn": problem.column}
    place = {"physicalLocation": {"artifactLocation": {"uri": quote(name)}, "region": region}}
    print_of_it = sha256(f"{problem.code}\0{name}\0{problem.message}".encode())
    return {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": _LEVELS[problem.severity],
        "message": {"text": f"{problem.message} Try: {problem.hint}" if problem.hint else problem.message},
        "locations": [place],
        "partialFingerprints": {"handrail/v1": print_of_it},
    }
