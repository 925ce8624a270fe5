"""The ground that every noun stands on: frozen, closed to unknown keys, with a digest."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Annotated, NewType

from pydantic import AfterValidator, BaseModel, ConfigDict

Digest = NewType("Digest", str)
"""``sha256:`` and 64 lower-case hex digits."""

GitOid = NewType("GitOid", str)
"""A git object id in hex, SHA-1 (40) or SHA-256 (64) as the repository has it."""

RunId = NewType("RunId", str)
"""``YYYYMMDD-xxxxxx``: the day in UTC and six random base-32 characters."""

StepId = NewType("StepId", str)
"""``S01`` … within one plan."""

RequirementId = NewType("RequirementId", str)
"""``namespace/REQ-003``, unique within a project."""


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    return value.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_aware)]
"""An aware time, kept in UTC."""


def sha256(data: bytes) -> Digest:
    """The digest of exact bytes."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no white space, UTF-8. Not RFC 8785: floats keep Python's form."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Noun(BaseModel):
    """A frozen model whose identity is the digest of its canonical JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_bytes(self) -> bytes:
        """Canonical JSON, the exact bytes that are stored and digested."""
        return canonical(self.model_dump(mode="json"))

    def digest(self) -> Digest:
        """SHA-256 over :meth:`to_bytes`."""
        return sha256(self.to_bytes())
