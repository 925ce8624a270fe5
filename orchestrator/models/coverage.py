"""Which of a change's lines its acceptance commands ran: told by code that the change may have written.

So it is for a reviewer to read and decides nothing: no verdict, no claim and no proof looks at it.
"""

from __future__ import annotations

from pydantic import Field

from orchestrator.models.base import Noun

__all__ = ["Coverage", "FileCoverage"]


class FileCoverage(Noun):
    """Of one Python file. ``executable`` are those of its changed lines that are code, ``run`` those that were run.

    ``missed`` are stretches of code that were not, first and last line; ``more`` counts those that are left out.
    """

    path: str
    changed: int = Field(ge=0)
    executable: int = Field(ge=0)
    run: int = Field(ge=0)
    missed: tuple[tuple[int, int], ...] = ()
    more: int = Field(default=0, ge=0)

    def words(self) -> str:
        """One line for people."""
        shares = f"{self.path}: {self.run} of {self.executable} executable changed lines were run"
        if not self.missed:
            return shares
        places = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in self.missed)
        return f"{shares}; not run: lines {places}" + (f" and {self.more} more stretches" if self.more else "")


class Coverage(Noun):
    """Of one change, by all of its commands together.

    ``not_measured`` says why there is nothing; ``notes`` name commands that were left out.
    """

    files: tuple[FileCoverage, ...] = ()
    not_measured: str = ""
    notes: tuple[str, ...] = ()

    @property
    def executable(self) -> int:
        return sum(one.executable for one in self.files)

    @property
    def run(self) -> int:
        return sum(one.run for one in self.files)

    def words(self) -> tuple[str, ...]:
        """Lines for people, the sum first."""
        if self.not_measured:
            return (f"changed lines run by acceptance: not measured: {self.not_measured}",)
        total = f"changed lines run by acceptance: {self.run} of {self.executable} (as the code under test tells it)"
        return (total, *(one.words() for one in self.files), *self.notes)
