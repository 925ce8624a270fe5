"""What a change lets a module do that it did not do before, and whom it no longer asks who he is.

Per file and capability, by resolved names: one more use of what the file used
already is no gain. A gain is a note for the reviewer; native code and
privileges ask for a person, because no other gate can look behind them. So does
a gain that the step was not granted itself: an agent that may reach no host has
no reason to write, unasked, code that does.

A check around a definition that the change takes away (:mod:`orchestrator.gates.guards`) is a person's question.

Not checked: what an imported package does on its own, and other languages.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from orchestrator import __version__
from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit, introduced
from orchestrator.gates.flow.capabilities import CAPABILITIES
from orchestrator.gates.guards import lost
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.reports.words import OWN
from orchestrator.gates.scanners.scanning import Target, targets, unscannable
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import Disposition, GateReport
from orchestrator.models.ids import Digest
from orchestrator.ports import Candidate

if TYPE_CHECKING:
    from orchestrator.models.capabilities import Capabilities

__all__ = ["CapabilityGate"]

_PERSON = frozenset({"native code", "privilege"})
_COMPARED = frozenset({"network"})
"""Grants that are enforced (D7). A list of commands is advice, and secrets are added outside of the sandbox."""
_WITHOUT = {
    "network": "the step was granted no host",
    "process": "the step was granted no command",
    "environment": "the step was granted no secret",
}


class CapabilityGate:
    """Implements :class:`orchestrator.ports.Gate`."""

    name = "capabilities"
    tool = "handrail"
    tool_version = __version__

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def config(self) -> Digest:
        return config_digest(self.name, CAPABILITIES, sorted(_PERSON), sorted(_COMPARED), self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        for target in targets(candidate, self._worker, outcome):
            try:
                hits = [*self._gains(target, candidate.granted), *self._losses(target)]
                outcome.scanned(target.file, introduced(target.file.path, hits, []))
            except GateBroken as error:
                why = str(error)
                outcome.broken.append(f"{target.file.path}: {why}")
                outcome.refused(target.file, why, unscannable(target.file, "SCAN-LIMIT", why, known=False))
        return outcome

    def _gains(self, target: Target, granted: Capabilities | None) -> list[Hit]:
        now = _uses(self._worker.analyse(target.head.data))
        before = _uses(self._worker.analyse(target.base.data)) if now and target.base else {}
        return [_hit(target, c, *now[c], _beyond(granted, c)) for c in sorted(now) if c not in before]

    def _losses(self, target: Target) -> list[Hit]:
        if target.base is None or target.in_test:
            return []
        before = self._worker.outline(target.base.data)
        if not any(found["checks"] or "refuses" in found for found in before.get("guarded", {}).values()):
            return []
        return [_loss(*found) for found in lost(before, self._worker.outline(target.head.data))]


def _loss(name: str, check: str, line: int) -> Hit:
    return Hit(
        rule="LOSES-CHECK",
        message=f"{name} no longer asks for or refuses by {check}",
        disposition=Disposition.PERSON,
        line=line,
        end_line=line,
        text=f"{name} {check}",
        severity="high",
        cwe=862,
        hint=OWN["LOSES-CHECK"].do,
    )


def _uses(answer: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """Capability → its first use. A file that does not parse has none here; the scanners refuse it."""
    uses: dict[str, tuple[str, int]] = {}
    for capability, name, line in sorted(answer["uses"], key=lambda use: int(use[2])):
        uses.setdefault(str(capability), (str(name), int(line)))
    return uses


def _beyond(granted: Capabilities | None, capability: str) -> str:
    """What the step had not of this kind, in words, or ''. Of the other kinds a grant says nothing."""
    if granted is None:
        return ""
    had = {"network": bool(granted.egress), "process": bool(granted.commands), "environment": bool(granted.secrets)}
    return "" if had.get(capability, True) else _WITHOUT[capability]


def _hit(target: Target, capability: str, name: str, line: int, beyond: str) -> Hit:
    person = (capability in _PERSON or (beyond and capability in _COMPARED)) and not target.in_test
    return Hit(
        rule="GAINS-" + capability.replace(" ", "-").upper(),
        message=f"this change gains: {capability} ({name} in {target.file.path}:{line})" + (beyond and f"; {beyond}"),
        disposition=Disposition.PERSON if person else Disposition.NOTE,
        line=line,
        end_line=line,
        text=capability,
        severity="medium" if person else "low",
        hint="a person must agree that this module needs it" if person else "",
    )
