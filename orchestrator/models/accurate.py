"""That somebody read a requirement beside its code and found both in agreement, at one commit."""

from __future__ import annotations

from pydantic import Field

from orchestrator.models.base import Instant, Noun
from orchestrator.models.ids import Digest, GitOid, RequirementId

PAYLOAD_TYPE = "application/vnd.handrail.accurate+json"


class ReadFile(Noun):
    """A file as it was read. ``blob`` is git's name of its content."""

    path: str = Field(min_length=1, max_length=1024)
    blob: GitOid = Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")


class Accurate(Noun):
    """``text_digest`` is what the requirement said then; ``reviewer`` the policy's name of who signs."""

    requirement: RequirementId = Field(min_length=3, max_length=200)
    text_digest: Digest = Field(pattern=r"^sha256:[0-9a-f]{64}$")
    commit: GitOid = Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")
    files: tuple[ReadFile, ...] = Field(min_length=1, max_length=1000)
    reviewer: str = Field(min_length=1, max_length=200)
    at: Instant
