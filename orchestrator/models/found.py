"""What was found, and what it means (D6). On disk: SARIF 2.1.0."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.models.changed import ChangeIdentity
from orchestrator.models.disposition import Disposition
from orchestrator.models.ids import Digest
from orchestrator.models.plain import Plain

__all__ = ["Accounted", "Accounting", "Disposition", "Finding", "GateReport", "Result"]


class Result(StrEnum):
    PASSED = "PASSED"
    NEEDS_PERSON = "NEEDS_PERSON"
    FAILED = "FAILED"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Plain):
    """One finding. Lines count from 1; 0 where there is none. ``fingerprint`` survives moves within a file."""

    rule: str
    message: str
    path: str
    line: int = 0
    end_line: int = 0
    cwe: int | None = None
    severity: str = "medium"
    disposition: Disposition = Disposition.AGENT
    fingerprint: Digest
    hint: str = ""


class Accounting(StrEnum):
    SCANNED = "scanned"
    DENIED = "denied"
    PERSON = "person"
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounted(Plain):
    """How one changed path ended in one gate."""

    path: str
    how: Accounting
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport(Plain):
    """One gate's verdict on one change.

    ``findings`` are those that the change introduces; ``config`` is the digest
    of everything of ours that decided them (rules, options, tool version).
    """

    gate: str
    tool: str
    tool_version: str
    config: Digest
    change: ChangeIdentity
    result: Result
    findings: tuple[Finding, ...] = ()
    accounted: tuple[Accounted, ...] = ()
    reason: str = ""
