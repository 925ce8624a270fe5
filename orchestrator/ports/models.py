"""A model that is asked one question at a time: for plans, never for decisions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Question:
    """``schema`` is a JSON schema of the answer; endpoints that know no schemas read it in ``prompt``."""

    system: str
    prompt: str
    schema: Mapping[str, Any]
    max_output_tokens: int = 8192


@dataclass(frozen=True, slots=True)
class Answer:
    """``text`` is what the model said, at most a few MiB and otherwise unchecked; ``model`` is the upstream's name."""

    text: str
    model: str = ""


class ModelClient(Protocol):
    """Hosted, local or recorded: all three answer behind a lease."""

    @property
    def name(self) -> str:
        """``endpoint/model``."""
        ...

    def ask(self, question: Question) -> Answer:
        """Raises ``AgentFailed`` (MDL020) without a usable answer, ``LimitReached`` (MDL021) past the budget."""
        ...
