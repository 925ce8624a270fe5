"""Runs gates on one candidate and sees to it that nothing falls between them.

Every gate must account for every changed path; one that does not, answers for
another change, raises or never ends, yields an ``ERROR`` report in its place
or beside it. An ``ERROR`` never counts as a pass
(:func:`orchestrator.policy.verdicts.worst`).
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from orchestrator import __version__
from orchestrator.errors import HandrailError
from orchestrator.gates.changes.differential import visible
from orchestrator.gates.reports.reporting import config_digest
from orchestrator.models.found import GateReport, Result
from orchestrator.models.ids import GitOid
from orchestrator.ports import Candidate, Gate

__all__ = ["ACCOUNTING", "TIMEOUT_SECONDS", "run_gates", "run_in_turn"]

ACCOUNTING = "accounting"
"""The name in the report that the runner itself adds."""

TIMEOUT_SECONDS = 900.0


def run_gates(
    gates: Sequence[Gate], candidate: Candidate, *, timeout_seconds: float = TIMEOUT_SECONDS
) -> tuple[GateReport, ...]:
    """One report per gate, in their order, and one more when the accounts do not add up.

    Gates run side by side, each in a thread; those of ours that only compute
    (``computes``) share one, because Python lets one of them compute at a time
    and to change between them costs more than they do. Reading of blobs is done
    one at a time and each blob is read once. A gate that passes
    ``timeout_seconds`` is left behind and counts as broken, and so does one that
    would have come after it.
    """
    shared = replace(candidate, blob=_read_once(candidate.blob))
    deadline = time.monotonic() + timeout_seconds
    # Those that wait for others first: what they wait for begins.
    running = {id(gate): _Running([gate], shared) for gate in gates if not _computes(gate)}
    computing = [gate for gate in gates if _computes(gate)]
    running |= dict.fromkeys(map(id, computing), _Running(computing, shared))
    return _complete(gates, [running[id(g)].result(g, deadline, timeout_seconds) for g in gates], candidate)


def _computes(gate: Gate) -> bool:
    return bool(getattr(gate, "computes", False))


def run_in_turn(gates: Sequence[Gate], candidate: Candidate) -> tuple[GateReport, ...]:
    """The same reports without a thread for each: for thousands of small candidates. Only a file has a time limit."""
    return _complete(gates, [_checked(gate, candidate) for gate in gates], candidate)


def _complete(gates: Sequence[Gate], reports: list[GateReport], candidate: Candidate) -> tuple[GateReport, ...]:
    violations = _violations(gates, reports, candidate)
    if violations:
        reports.append(_error(ACCOUNTING, candidate, "; ".join(violations)))
    return tuple(reports)


class _Running:
    """Gates one after the other, beside whoever asked for them."""

    def __init__(self, gates: Sequence[Gate], candidate: Candidate) -> None:
        self._gates, self._candidate = gates, candidate
        self._reports = dict[int, GateReport]()
        # A daemon: a gate that never ends must not keep the program from ending.
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        for gate in self._gates:
            try:
                self._reports[id(gate)] = _checked(gate, self._candidate)
            except BaseException as error:  # noqa: BLE001 - a gate that raises is broken, whatever it raised
                self._reports[id(gate)] = _error(gate.name, self._candidate, f"{type(error).__name__}: {error}")

    def result(self, gate: Gate, deadline: float, timeout_seconds: float) -> GateReport:
        self._thread.join(max(deadline - time.monotonic(), 0.0))
        report = self._reports.get(id(gate))
        return report or _error(gate.name, self._candidate, f"GATE002 no answer within {timeout_seconds:g} s")


def _checked(gate: Gate, candidate: Candidate) -> GateReport:
    try:
        return gate.check(candidate)
    except HandrailError as error:
        return _error(gate.name, candidate, str(error))
    except Exception as error:  # noqa: BLE001 - a gate that raises is broken, whatever it raised
        return _error(gate.name, candidate, f"{type(error).__name__}: {error}")


def _read_once(read: Callable[[GitOid], bytes]) -> Callable[[GitOid], bytes]:
    lock, kept = threading.Lock(), dict[GitOid, bytes]()

    def blob(oid: GitOid) -> bytes:
        with lock:
            if oid not in kept:
                kept[oid] = read(oid)
            return kept[oid]

    return blob


def _violations(gates: Sequence[Gate], reports: Sequence[GateReport], candidate: Candidate) -> list[str]:
    found = [] if gates else ["GATE001 no gate was asked"]
    paths = [f.path for f in candidate.files]
    expected = Counter(paths)
    for gate, report in zip(gates, reports, strict=True):
        if report.gate != gate.name or report.change != candidate.identity:
            found.append(f"GATE003 {gate.name} answered for another gate or change")
        told = [a.path for a in report.accounted]
        accounted = expected if told == paths else Counter(told)
        if report.result is not Result.ERROR and accounted != expected:
            odd = sorted({*(expected - accounted), *(accounted - expected)})
            found.append(f"GATE004 {gate.name} did not account for {len(odd)} paths: {', '.join(odd[:5])}")
    return found


def _error(name: str, candidate: Candidate, reason: str) -> GateReport:
    return GateReport(
        gate=name,
        tool="handrail",
        tool_version=__version__,
        config=config_digest(name, "runner"),
        change=candidate.identity,
        result=Result.ERROR,
        reason=visible(reason),
    )
