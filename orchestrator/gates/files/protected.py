"""Changes to protected paths go to a person, shown first, and never round the agent's loop.

A path is protected by :data:`orchestrator.policy.paths.PROTECTED` or by the
policy and profile (``Candidate.protected``), compared after folding case and
compatibility forms. Both names of a renamed file count, and deletions too.
"""

from __future__ import annotations

from orchestrator import __version__
from orchestrator.gates.changes.differential import Hit, introduced
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.models.changed import ChangedFile
from orchestrator.models.found import Disposition, GateReport
from orchestrator.models.ids import Digest
from orchestrator.policy.paths import PROTECTED, protects
from orchestrator.ports import Candidate

__all__ = ["ProtectedGate"]


class ProtectedGate:
    """Implements :class:`orchestrator.ports.Gate`. Its ``config`` is of the built-in list; the policy has its own."""

    name = "protected"
    computes = True
    tool = "handrail"
    tool_version = __version__

    @property
    def config(self) -> Digest:
        return config_digest(self.name, PROTECTED, self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        patterns = (*PROTECTED, *candidate.protected)
        for file in candidate.files:
            names = [p for p in dict.fromkeys((file.path, file.old_path)) if p and protects(patterns, p)]
            hits = [_hit(file, name) for name in names]
            outcome.scanned(file, introduced(file.path, hits, []))
        return outcome


def _hit(file: ChangedFile, name: str) -> Hit:
    return Hit(
        rule="PROTECTED",
        message=f"{name} is protected and was {file.kind.value}",
        disposition=Disposition.PERSON,
        severity="high",
        # What exactly a person lifts: this content, not any change of the file.
        text=f"{name} {file.old_mode} {file.old_blob} {file.new_mode} {file.new_blob}",
        hint="a person must agree to this file by name",
    )
