"""What went through, one line a request to the parent; sums stay here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from orchestrator.broker.usage import Counts
from orchestrator.models.ids import Digest
from orchestrator.models.traffic import TrafficKind, Usage

MAX_EXCHANGES = 20_000
_MAX_REASON = 500
_MAX_PATH = 1024
_MAX_MODELS = 64


@dataclass(slots=True)
class Entry:
    """One request while it runs; ``done`` makes it an exchange."""

    kind: TrafficKind = TrafficKind.REFUSED
    endpoint: str = ""
    method: str = ""
    host: str = ""
    port: int = 0
    path: str = ""
    status: int = 0
    model: str = ""
    request: Digest | None = None
    response: Digest | None = None
    tokens: int = 0
    cost_usd: float | None = None
    bytes_out: int = 0
    bytes_in: int = 0
    code: str = ""
    reason: str = ""
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)

    def note(self, code: str, reason: str) -> None:
        """The first code stays; further reasons are added."""
        self.code = self.code or code
        self.reason = f"{self.reason}; {reason}" if self.reason else reason


class Ledger:
    """``tell`` takes what makes a line for the parent, once nobody waits; ``clean`` takes secrets out of a text."""

    def __init__(self, tell: Callable[[Callable[[], dict[str, Any]]], None], clean: Callable[[str], str]) -> None:
        self._tell, self._clean = tell, clean
        self._told = self.dropped = 0
        self._requests = self._input = self._cached = self._output = self._egress = 0
        self._cost: float | None = 0.0
        self._estimated = False
        self._models: dict[str, None] = {}

    def record(self, entry: Entry) -> None:
        """The request is over."""
        if self._told >= MAX_EXCHANGES:
            self.dropped += 1
            return
        self._told += 1
        duration_ms = int((time.monotonic() - entry.began) * 1000)
        self._tell(lambda: {"exchange": self._exchange(entry, duration_ms)})

    def _exchange(self, entry: Entry, duration_ms: int) -> dict[str, Any]:
        """The members of an :class:`~orchestrator.models.traffic.Exchange`, which the parent reads strictly."""
        return {
            "at": entry.at.isoformat(),
            "kind": entry.kind.value,
            "endpoint": entry.endpoint,
            "method": entry.method,
            "host": self._clean(entry.host)[:253],
            "port": entry.port,
            "path": self._clean(entry.path)[:_MAX_PATH],
            "status": entry.status,
            "model": self._clean(entry.model),
            "request": entry.request,
            "response": entry.response,
            "tokens": entry.tokens,
            "cost_usd": entry.cost_usd,
            "bytes_out": entry.bytes_out,
            "bytes_in": entry.bytes_in,
            "duration_ms": duration_ms,
            "code": entry.code,
            "reason": self._clean(entry.reason)[:_MAX_REASON],
        }

    def count(self, counts: Counts, cost_usd: float | None) -> None:
        """An answer of a model. ``cost_usd`` ``None``: its price is not known, so that the sum is not either."""
        self._requests += 1
        self._input += counts.input_tokens
        self._cached += counts.cached_tokens
        self._output += counts.output_tokens
        self._cost = None if cost_usd is None or self._cost is None else self._cost + cost_usd
        self._estimated |= counts.estimated
        if counts.model and len(self._models) < _MAX_MODELS:
            self._models[self._clean(counts.model)] = None

    def count_egress(self, size: int) -> None:
        """Bytes of heads and bodies, both ways."""
        self._egress += size

    @property
    def egress_bytes(self) -> int:
        return self._egress

    @property
    def models(self) -> list[str]:
        """What upstreams reported, in order."""
        return list(self._models)

    def usage(self) -> Usage:
        """The sums."""
        return Usage(
            requests=self._requests,
            input_tokens=self._input,
            cached_tokens=self._cached,
            output_tokens=self._output,
            cost_usd=self._cost,
            egress_bytes=self._egress,
            estimated=self._estimated,
        )
