"""A protection that is missing here and that somebody answers for, by name and until a day (D18)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from orchestrator.models.base import Instant, Noun


class AcceptedRisk(Noun):
    """``protection`` is a check of the sandbox's probe, ``owner`` a person of the policy.

    It ends with the day ``until``, in UTC.
    """

    protection: Annotated[str, Field(pattern=r"^[a-z][a-z-]{0,31}$")]
    owner: Annotated[str, Field(min_length=1, max_length=128)]
    until: date

    def holds_at(self, when: Instant) -> bool:
        """Whether the day has not passed."""
        return when.date() <= self.until

    def words(self) -> str:
        """For one line of text."""
        return f"{self.protection} ({self.owner}, until {self.until.isoformat()})"
