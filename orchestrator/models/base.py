"""The ground that every noun stands on: frozen, closed to unknown keys, with a digest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from orchestrator.models.ids import Digest, canonical, sha256


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    return value.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_aware)]
"""An aware time, kept in UTC."""


class Noun(BaseModel):
    """A frozen model whose identity is the digest of its canonical JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    def to_bytes(self) -> bytes:
        """Canonical JSON, the exact bytes that are stored and digested."""
        return canonical(self.model_dump(mode="json"))

    def digest(self) -> Digest:
        """SHA-256 over :meth:`to_bytes`."""
        return sha256(self.to_bytes())
