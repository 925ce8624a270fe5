"""What went through the broker for one attempt, as the host counted it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.models.base import Instant, Noun
from orchestrator.models.ids import Digest


class TrafficKind(StrEnum):
    MODEL = "model"
    EGRESS = "egress"
    REFUSED = "refused"


class Usage(Noun):
    """``cost_usd`` is ``None`` where no price is known; ``settled`` is false when a reservation counts as spent.

    ``estimated`` says that an upstream told no usage for some answer, or that it was cut.
    """

    requests: int = Field(default=0, ge=0)
    input_tokens: int = Field(default=0, ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(default=0, ge=0)
    cost_usd: float | None = None
    egress_bytes: int = Field(default=0, ge=0)
    settled: bool = True
    estimated: bool = False


class Exchange(Noun):
    """One request. Hosts and methods are public metadata; bodies are digests only (D13).

    ``code`` and ``reason`` say why it was refused or cut. ``model`` is what the upstream
    reported, ``tokens`` input and output together.
    """

    at: Instant
    kind: TrafficKind
    endpoint: str = ""
    method: str = ""
    host: str = ""
    port: int = 0
    path: str = ""
    status: int = 0
    model: str = ""
    request: Digest | None = None
    response: Digest | None = None
    tokens: int = Field(default=0, ge=0)
    cost_usd: float | None = None
    bytes_out: int = Field(default=0, ge=0)
    bytes_in: int = Field(default=0, ge=0)
    duration_ms: int = Field(default=0, ge=0)
    code: str = ""
    reason: str = ""


class Traffic(Noun):
    """One lease, closed. ``cassette`` is the stored recording, where one was asked for."""

    exchanges: tuple[Exchange, ...] = ()
    usage: Usage = Usage()
    models: tuple[str, ...] = ()
    cassette: Digest | None = None
    dropped: int = Field(default=0, ge=0)
