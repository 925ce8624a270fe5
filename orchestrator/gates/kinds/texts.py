"""A gate whose check is a pure function of one file's text, on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from orchestrator import __version__
from orchestrator.gates.changes.differential import Hit, introduced
from orchestrator.gates.changes.sides import SIZE_LIMIT_BYTES, Side, sides
from orchestrator.gates.kinds.rule import KindRule
from orchestrator.gates.reports.reporting import Outcome, config_digest, guarded
from orchestrator.gates.scanners.scanning import unscannable
from orchestrator.models.changed import ChangedFile
from orchestrator.models.found import GateReport
from orchestrator.models.ids import Digest
from orchestrator.ports import Candidate

__all__ = ["Check", "TextGate"]


class Check(Protocol):
    """What a text gate asks of its subject."""

    name: str
    what: str
    rules: Sequence[KindRule]

    def applies(self, path: str) -> bool:
        """By the path alone: a change without such a file costs nothing."""
        ...

    def hits(self, path: str, text: str) -> Sequence[Hit]:
        """Raises ``ValueError`` for a text that cannot be read as what it should be."""
        ...


class TextGate:
    """Implements :class:`orchestrator.ports.Gate`. What cannot be read is refused, or a person's if it was so."""

    tool = "handrail"
    computes = True
    tool_version = __version__

    def __init__(self, check: Check) -> None:
        self._check = check
        self.name = check.name

    @property
    def config(self) -> Digest:
        rules: list[Any] = [[r.code, r.title, r.disposition, r.severity, r.cwe] for r in self._check.rules]
        return config_digest(self.name, rules, self.tool_version)

    def check(self, candidate: Candidate) -> GateReport:
        return guarded(self, candidate)

    def judge(self, candidate: Candidate) -> Outcome:
        outcome = Outcome()
        for file in candidate.files:
            if file.new_blob is None or not self._check.applies(file.path):
                outcome.passed_over(file, "deleted" if file.new_blob is None else f"not {self._check.what}")
            else:
                self._judge(candidate, file, outcome)
        return outcome

    def _judge(self, candidate: Candidate, file: ChangedFile, outcome: Outcome) -> None:
        head, base = sides(candidate, file)
        if head is None:
            outcome.passed_over(file, "not an even file")
            return
        before = self._before(base)
        try:
            new = self._hits(head)
        except ValueError as error:
            why = str(error) or type(error).__name__
            outcome.refused(file, why, unscannable(file, "SCAN-SYNTAX", why, known=isinstance(before, str)))
            return
        outcome.scanned(file, introduced(file.path, new, () if isinstance(before, str) else before))

    def _before(self, base: Side | None) -> Sequence[Hit] | str:
        """A base that cannot be read excuses nothing on the head."""
        try:
            return self._hits(base) if base is not None and self._check.applies(base.path) else ()
        except ValueError as error:
            return str(error)

    def _hits(self, side: Side) -> Sequence[Hit]:
        if len(side.data) > SIZE_LIMIT_BYTES:
            raise ValueError(f"more than {SIZE_LIMIT_BYTES} bytes")
        try:
            return self._check.hits(side.path, side.data.decode("utf-8-sig"))
        except (RecursionError, MemoryError) as error:
            raise ValueError("nested too deeply to be read") from error
