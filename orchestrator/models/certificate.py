"""What a proof of a workflow leaves: which workflow, which promises, who looked, and how much was looked at."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orchestrator.models.base import Noun
from orchestrator.models.ids import Digest

PAYLOAD_TYPE = "application/vnd.handrail.workflow-certificate+json"


class Certificate(Noun):
    """That every way through a workflow was searched and keeps every property.

    ``rules`` is the digest of the prover's own source. ``public_key`` (hex) belongs to
    the key id that a reader expects, or the certificate says nothing to that
    reader. It proves the orchestration; it says nothing of the code that agents write.
    """

    workflow: Digest
    id: str
    properties: tuple[str, ...] = Field(min_length=1)
    engine: str
    rules: Digest
    states: int = Field(ge=1)
    transitions: int = Field(ge=0)
    verdict: Literal["proved"] = "proved"
    public_key: str
