"""bandit on both sides of a change, in a long-lived worker process.

Every suppression comment is ignored, no configuration file and no exclusion
list exists, and what bandit skips is a finding: its own command line ends with
exit 0 after skipping a file. Files that pass the time limit make the report
``ERROR``; the worker is killed and started again for the next file.

Not checked: anything that is not Python, and what bandit has no test for
(aliases of dangerous functions, most injection through frameworks).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit
from orchestrator.gates.reports import dispositions
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.scanners.installed import NotInstalled, version
from orchestrator.gates.scanners.scanning import Source, Target, ruled, targets, unscannable
from orchestrator.gates.scanners.second_look import looked_at_again
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import GateReport
from orchestrator.models.ids import Digest
from orchestrator.ports import Candidate

__all__ = ["BanditGate"]

_OPTIONS = {"ignore_nosec": True, "config": "none", "excluded": "none", "tests": "all"}


class BanditGate:
    """Implements :class:`orchestrator.ports.Gate`."""

    name = "bandit"
    tool = "bandit"

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def tool_version(self) -> str:
        """Of bandit and of the Python whose grammar it reads with."""
        try:
            return f"{version('bandit')} (Python {sys.version_info[0]}.{sys.version_info[1]})"
        except NotInstalled as error:
            raise GateBroken("GATE030", "bandit is not installed beside Handrail", "pip install bandit") from error

    @property
    def config(self) -> Digest:
        return _config(self.name, self._worker.file_limit_seconds, self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        for target in targets(candidate, self._worker, outcome):
            self._judge(target, outcome)
        return outcome

    def _judge(self, target: Target, outcome: Outcome) -> None:
        try:
            head = self._worker.scan(target.head.data)
        except GateBroken as error:
            outcome.broken.append(f"{target.file.path}: {error}")
            why = str(error)
            outcome.refused(target.file, why, unscannable(target.file, "SCAN-LIMIT", why, known=False))
            return
        # Nothing on the head, nothing to take away from it: the base is not scanned.
        base: Mapping[str, Any] = self._base(target) if head["skipped"] or head["issues"] else {}
        if head["skipped"]:
            why = f"bandit on Python {sys.version_info[0]}.{sys.version_info[1]}: {head['skipped']}"
            known = target.foreign or bool(base.get("skipped"))
            outcome.refused(target.file, why, unscannable(target.file, "SCAN-SKIPPED", why, known=known))
            return
        new = looked_at_again(_hits(head, target.head, in_test=target.in_test), target.head, self._worker)
        old = _hits(base, target.base, in_test=target.in_test) if base and target.base else []
        old = looked_at_again(old, target.base, self._worker)
        outcome.scanned(target.file, target.introduced(new, old))

    def _base(self, target: Target) -> Mapping[str, Any]:
        """A base that cannot be scanned excuses nothing on the head."""
        if target.base is None:
            return {}
        try:
            return self._worker.scan(target.base.data)
        except GateBroken:
            return {}


@cache
def _config(name: str, file_limit_seconds: float, version: str) -> Digest:
    return config_digest(name, _OPTIONS, file_limit_seconds, version, dispositions.digest())


def _hits(answer: Mapping[str, Any], source: Source, *, in_test: bool) -> list[Hit]:
    hits: list[Hit | None] = []
    for issue in answer.get("issues", ()):
        ruling = dispositions.of_bandit(issue["rule"], issue["severity"], issue["cwe"], in_test=in_test)
        lines = int(issue["line"]), int(issue["end_line"])
        hits.append(ruled(source, str(issue["rule"]), str(issue["message"]), ruling, lines))
    return [hit for hit in hits if hit is not None]
