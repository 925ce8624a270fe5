"""Where findings go (D6). Apart from the nouns that hold them: scanner processes know no others."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["Disposition"]


class Disposition(StrEnum):
    """Where a finding goes: back to the agent, to a person, nowhere (never lifted), or beside."""

    AGENT = "agent"
    PERSON = "person"
    DENY = "deny"
    NOTE = "note"
