"""Our own rules on both sides of a change: what both scanners miss because it takes following data and names.

Names are resolved through aliases, imports, ``getattr``, dictionaries and
folded strings; data is followed from where it comes in to where it decides
something, within one module (:mod:`orchestrator.gates.flow`). Each rule has a
CWE, a reason and two examples, which are its tests.

Not checked: flow between modules, and what frameworks do that the tables do
not name. A validation is believed when it compares with something fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator import __version__
from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.scanners.scanning import Source, Target, targets, unscannable
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import Disposition, GateReport
from orchestrator.models.ids import Digest
from orchestrator.ports import Candidate

__all__ = ["FlowGate"]

_NOISE_IN_TESTS = frozenset(
    {
        "HR103",
        "HR104",
        "HR106",
        "HR107",
        "HR204",
        "HR205",
        "HR206",
        "HR301",
        "HR403",
        "HR601",
        "HR606",
        "HR701",
        "HR702",
        "HR703",
        "HR705",
        "HR706",
        "HR708",
        "HR710",
        "HR607",
        "HR808",
        "HR404",
        *(f"HR80{n}" for n in range(1, 8)),
    }
)


class FlowGate:
    """Implements :class:`orchestrator.ports.Gate`."""

    name = "flow"
    tool = "handrail"
    tool_version = __version__

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    @property
    def config(self) -> Digest:
        return config_digest(self.name, self._worker.rules(), sorted(_NOISE_IN_TESTS), self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        for target in targets(candidate, self._worker, outcome):
            try:
                self._judge(target, outcome)
            except GateBroken as error:
                why = str(error)
                outcome.broken.append(f"{target.file.path}: {why}")
                outcome.refused(target.file, why, unscannable(target.file, "SCAN-LIMIT", why, known=False))
        return outcome

    def _judge(self, target: Target, outcome: Outcome) -> None:
        head = self._worker.analyse(target.head.data)
        if head["error"]:
            base: Mapping[str, Any] = self._worker.analyse(target.base.data) if target.base else {}
            known = target.foreign or bool(base.get("error"))
            why = str(head["error"])
            outcome.refused(target.file, why, unscannable(target.file, "SCAN-SYNTAX", why, known=known))
            return
        new = _hits(head, target.head, in_test=target.in_test)
        before: Mapping[str, Any] = self._worker.analyse(target.base.data) if new and target.base else {}
        old = _hits(before, target.base, in_test=target.in_test) if before and target.base else []
        outcome.scanned(target.file, target.introduced(new, old))


def _hits(answer: Mapping[str, Any], source: Source, *, in_test: bool) -> list[Hit]:
    if not answer.get("issues"):
        return []
    from orchestrator.gates.flow.families import RULES  # noqa: PLC0415 - where nothing was found, no rule is loaded

    hits: list[Hit] = []
    for issue in answer["issues"]:
        rule = RULES[issue["rule"]]
        first, last = int(issue["line"]), int(issue["end_line"])
        hit = Hit(
            rule=rule.code,
            message=f"{rule.title}: {issue['what']}",
            disposition=rule.disposition,
            line=first,
            end_line=last,
            context=source.context(first),
            # With what was seen of it: a line that stays and becomes dangerous by what stands around it is new.
            text=f"{source.text(first, last)} {issue['what']}",
            severity=rule.severity,
            cwe=rule.cwe,
            hint=rule.hint,
        )
        quiet = in_test and rule.code in _NOISE_IN_TESTS
        hits.append(hit._replace(disposition=Disposition.NOTE, severity="low") if quiet else hit)
    return hits
