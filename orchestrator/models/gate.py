"""What was found, and what it means (D6). On disk: SARIF 2.1.0."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.models.base import Digest, Noun
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.coverage import Coverage
from orchestrator.models.disposition import Disposition

__all__ = [
    "AcceptanceReport",
    "AcceptanceRun",
    "Accounted",
    "Accounting",
    "Demonstration",
    "Disposition",
    "Finding",
    "GateReport",
    "Result",
]


class Result(StrEnum):
    PASSED = "PASSED"
    NEEDS_PERSON = "NEEDS_PERSON"
    FAILED = "FAILED"
    ERROR = "ERROR"


class Finding(Noun):
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


class Accounted(Noun):
    """How one changed path ended in one gate."""

    path: str
    how: Accounting
    why: str = ""


class GateReport(Noun):
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


class Demonstration(StrEnum):
    """What a command shows (D4). ``RED`` is a failure that a step of tests is there to cause."""

    DEMONSTRATED = "demonstrated"
    REGRESSION = "regression"
    FAILED = "failed"
    RED = "red"


class AcceptanceRun(Noun):
    """One acceptance command on the base and on the change. Exit codes are the process's; 124 is a time-out."""

    argv: tuple[str, ...]
    source: str
    exit_on_base: int
    exit_on_change: int
    shows: Demonstration
    output: Digest
    duration_seconds: float = 0.0


class AcceptanceReport(Noun):
    """``coverage`` is for people to read and decides nothing; ``None`` where a command failed or nobody looked."""

    change: ChangeIdentity
    image: str
    environment: Digest | None
    result: Result
    runs: tuple[AcceptanceRun, ...]
    coverage: Coverage | None = None
