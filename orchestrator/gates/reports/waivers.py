"""Findings that a person let pass for a time, when that time is over and they still stand.

A waiver that has ended lifts nothing: what it covered asks a person again, wherever the change is. It does not count
as the change's own; mending it is the way out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator import __version__
from orchestrator.gates.changes.differential import Hit, introduced
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.models.found import GateReport
from orchestrator.models.ids import Digest
from orchestrator.ports import Candidate

__all__ = ["WaiversGate"]


class WaiversGate:
    """Implements :class:`orchestrator.ports.Gate`. ``ended`` are the hits by the path where they stand now."""

    name = "waivers"
    tool = "handrail"
    tool_version = __version__

    def __init__(self, ended: Mapping[str, Sequence[Hit]]) -> None:
        self._ended = ended

    @property
    def config(self) -> Digest:
        texts = sorted(hit.text for hits in self._ended.values() for hit in hits)
        return config_digest(self.name, texts, self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome, left = Outcome(), dict(self._ended)
        for file in candidate.files:
            hits = left.pop(file.path, ())
            if hits:
                outcome.scanned(file, introduced(file.path, hits, ()))
            else:
                outcome.passed_over(file, "no waiver on it has ended")
        for path, hits in sorted(left.items()):
            outcome.findings += introduced(path, hits, ())
        return outcome
