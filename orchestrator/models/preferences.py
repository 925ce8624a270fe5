"""What a user would rather have: defaults of the command line, never permissions (D18)."""

from __future__ import annotations

from pydantic import Field

from orchestrator.models.base import Noun
from orchestrator.models.plan import ReviewMode


class Preferences(Noun):
    """``None`` where nothing is said. ``escalate`` is ``AGENT[:ENDPOINT/MODEL]``, ``osv`` an OSV export."""

    agent: str | None = None
    model: str | None = None
    escalate: str | None = None
    escalate_after: int | None = Field(default=None, ge=1, le=19)
    review: ReviewMode | None = None
    max_parallel: int | None = Field(default=None, ge=1, le=64)
    image: str | None = None
    runtime: str | None = None
    osv: str | None = None
