"""What happened, as the host saw it: one line per event, append-only."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from orchestrator.models.base import Instant, Noun, RunId, StepId


class Event(Noun):
    """``data`` holds digests, counts and names, never texts from a repository or an agent."""

    schema_version: int = 1
    at: Instant
    run: RunId
    kind: str
    node: str = ""
    step: StepId | None = None
    attempt: int = 0
    data: dict[str, Any] = Field(default_factory=dict)
