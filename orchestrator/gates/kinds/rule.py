"""What one rule about other files says, and how a hit of it is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from orchestrator.gates.changes.differential import Hit, line_text
from orchestrator.models.found import Disposition

__all__ = ["KindRule"]


class KindRule(NamedTuple):
    """``why`` is the reason in a sentence, ``hint`` what to do instead."""

    code: str
    title: str
    why: str
    hint: str
    disposition: Disposition = Disposition.PERSON
    severity: str = "high"
    cwe: int | None = None

    def at(self, lines: Sequence[str], number: int, what: str = "", *, key: str | None = None) -> Hit:
        """A hit on line ``number`` (from 1; 0: the whole file). ``key`` stands in for the line's text."""
        text = key if key is not None else line_text(lines, number, number) if number else what
        return Hit(
            rule=self.code,
            message=f"{self.title}: {what}" if what else self.title,
            disposition=self.disposition,
            line=number,
            end_line=number,
            text=text,
            severity=self.severity,
            cwe=self.cwe,
            hint=self.hint,
        )
