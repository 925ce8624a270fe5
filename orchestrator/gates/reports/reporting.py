"""What every gate of ours does alike: a guarded check, a report that follows from findings, a stable digest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from orchestrator.errors import HandrailError
from orchestrator.gates.changes.differential import visible
from orchestrator.models.changed import ChangedFile
from orchestrator.models.found import Accounted, Accounting, Disposition, Finding, GateReport, Result
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.policy.verdicts import of_findings
from orchestrator.ports import Candidate

__all__ = ["Identified", "Outcome", "account", "config_digest", "guarded"]


class Identified(Protocol):
    """The parts of a report that do not depend on the candidate."""

    @property
    def name(self) -> str: ...

    @property
    def tool(self) -> str: ...

    @property
    def tool_version(self) -> str: ...

    @property
    def config(self) -> Digest: ...

    def judge(self, candidate: Candidate) -> Outcome:
        """May raise anything: the guard turns it into ``ERROR``."""
        ...


class Outcome:
    """Collects findings and how each path ended. ``broken`` holds reasons why the gate could not do its work."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.accounted: dict[str, Accounted] = {}
        self.broken: list[str] = []

    def scanned(self, file: ChangedFile, findings: Iterable[Finding]) -> None:
        """The file was looked at whole; its account follows from the worst finding that a person must see."""
        found = tuple(findings)
        self.findings += found
        self.accounted[file.path] = account(file, found)

    def refused(self, file: ChangedFile, why: str, findings: Iterable[Finding]) -> None:
        """The file could not be looked at: denied, or a person's when that is all its findings ask for."""
        found = tuple(findings)
        self.findings += found
        persons = bool(found) and all(f.disposition is Disposition.PERSON for f in found)
        how = Accounting.PERSON if persons else Accounting.DENIED
        self.accounted[file.path] = Accounted(path=file.path, how=how, why=visible(why))

    def passed_over(self, file: ChangedFile, why: str) -> None:
        """This gate has nothing to say about such a file."""
        self.accounted[file.path] = Accounted(path=file.path, how=Accounting.NOT_APPLICABLE, why=visible(why))


def account(file: ChangedFile, findings: Iterable[Finding]) -> Accounted:
    """DENIED when a finding is never lifted, PERSON when one waits for a person, else SCANNED."""
    kinds = {f.disposition for f in findings}
    if Disposition.DENY in kinds:
        how = Accounting.DENIED
    elif Disposition.PERSON in kinds:
        how = Accounting.PERSON
    else:
        how = Accounting.SCANNED
    return Accounted(path=file.path, how=how)


def config_digest(*parts: object) -> Digest:
    """Of everything of ours that decides: rules, options, tool version. Sets are sorted by the caller."""
    return sha256(canonical(parts))


def guarded(gate: Identified, candidate: Candidate) -> GateReport:
    """The report of ``gate.judge``. Whatever it raises is ``ERROR`` with the reason, never a pass."""
    try:
        outcome = gate.judge(candidate)
        result = Result.ERROR if outcome.broken else of_findings(outcome.findings)
        version, config, reason = gate.tool_version, gate.config, "; ".join(outcome.broken)
    except HandrailError as error:
        return _broken(gate, candidate, str(error))
    except Exception as error:  # noqa: BLE001 - a gate that cannot judge reports ERROR, whatever the cause
        return _broken(gate, candidate, f"{type(error).__name__}: {error}")
    return GateReport(
        gate=gate.name,
        tool=gate.tool,
        tool_version=version,
        config=config,
        change=candidate.identity,
        result=result,
        findings=tuple(outcome.findings),
        accounted=tuple(outcome.accounted[f.path] for f in candidate.files if f.path in outcome.accounted),
        reason=visible(reason),
    )


def _broken(gate: Identified, candidate: Candidate, reason: str) -> GateReport:
    return GateReport(
        gate=gate.name,
        tool=gate.tool,
        tool_version="unknown",
        config=config_digest(gate.name, "broken"),
        change=candidate.identity,
        result=Result.ERROR,
        reason=visible(reason),
    )
