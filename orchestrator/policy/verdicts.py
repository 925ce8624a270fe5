"""How findings and results of gates add up (D6). What people's decisions come to: :mod:`orchestrator.policy.quorum`."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.models.found import Disposition, Finding, GateReport, Result
from orchestrator.models.ids import Digest

_ORDER = (Result.PASSED, Result.NEEDS_PERSON, Result.FAILED, Result.ERROR)


def of_findings(findings: Iterable[Finding]) -> Result:
    """FAILED when one must be mended or is denied, NEEDS_PERSON when a person may lift them all, else PASSED."""
    kinds = {f.disposition for f in findings}
    if kinds & {Disposition.AGENT, Disposition.DENY}:
        return Result.FAILED
    return Result.NEEDS_PERSON if Disposition.PERSON in kinds else Result.PASSED


def worst(results: Iterable[Result]) -> Result:
    """The worst of them. No result at all is ERROR: nothing passes because nothing ran."""
    present = list(results)
    return max(present, key=_ORDER.index) if present else Result.ERROR


def to_lift(reports: Iterable[GateReport]) -> tuple[Digest, ...]:
    """Fingerprints of the findings that only a person can lift, without repeats, in order."""
    found = (f.fingerprint for r in reports for f in r.findings if f.disposition is Disposition.PERSON)
    return tuple(dict.fromkeys(found))
