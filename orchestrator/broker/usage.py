"""What an answer cost, by the upstream's own words (SSE or JSON), read in passing.

Pieces are searched for markers in C and only the first and last lines that carry one are parsed, at the end:
a token costs no parse. What the upstream did not say is estimated from counts, and marked as such.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, cast

from orchestrator.models.endpoint import Price, WireProtocol

MAX_LINE_BYTES = 16 * 1024 * 1024
_BYTES_PER_TOKEN = 4
_BYTES_PER_EVENT = 250
"""What an event of one token weighs at least, with its frame: more bytes than that are more tokens."""
_MODEL = {WireProtocol.GEMINI: b'"modelVersion"'}
_USAGE = {WireProtocol.GEMINI: b'"usageMetadata"'}


@dataclass(frozen=True, slots=True)
class Counts:
    """Of one answer. ``input_tokens`` holds the ``cached_tokens``; ``estimated`` when the upstream told none."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    model: str = ""
    estimated: bool = False

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def cost_usd(self, price: Price | None) -> float:
        """0.0 without a price."""
        if price is None:
            return 0.0
        cached = price.input_usd if price.cached_input_usd is None else price.cached_input_usd
        fresh = self.input_tokens - self.cached_tokens
        return (
            fresh * price.input_usd + self.cached_tokens * cached + self.output_tokens * price.output_usd
        ) / 1_000_000


def estimate_input(body: bytes) -> int:
    """Tokens of a request, by its size."""
    return len(body) // _BYTES_PER_TOKEN + 1


class Meter:
    """Takes the pieces of one answer: server-sent events (``streamed``), or a document that is read at its end."""

    def __init__(self, protocol: WireProtocol, *, streamed: bool) -> None:
        self._streamed = streamed
        self._usage = _USAGE.get(protocol, b'"usage"')
        self._model = _MODEL.get(protocol, b'"model"')
        self._rest: list[bytes] = []
        self._rest_bytes = 0
        self._first = self._last = self._named = b""
        self._bytes = self._events = 0

    def feed(self, piece: bytes) -> None:
        """The next bytes of the body, however they were cut."""
        self._bytes += len(piece)
        end = piece.rfind(b"\n") if self._streamed else -1
        if end < 0:
            self._keep(piece)
            return
        block = b"".join((*self._rest, piece[: end + 1])) if self._rest else piece[: end + 1]
        self._rest, self._rest_bytes = [], 0
        self._keep(piece[end + 1 :])
        self._look(block)

    def output_estimate(self) -> int:
        """Tokens that came so far, rather too many than too few: each event is one, and so are four further bytes."""
        return self._events + max(0, self._bytes - self._events * _BYTES_PER_EVENT) // _BYTES_PER_TOKEN

    def counts(self, request_bytes: bytes, *, whole: bool = True) -> Counts:
        """At the end of the answer. What an upstream told at the start of one that is not ``whole`` is too little."""
        rest = b"".join(self._rest)
        if self._streamed:
            self._look(rest)
        else:
            self._first = self._named = rest
        merged: dict[str, int] = {}
        for line in (self._first, self._last):
            for name, value in _usage(line).items():
                merged[name] = max(merged.get(name, 0), value)
        model = _named(self._named)
        if "input" not in merged or "output" not in merged or not whole:
            return Counts(
                merged.get("input") or estimate_input(request_bytes),
                merged.get("cached", 0),
                max(merged.get("output", 0), self.output_estimate()),
                model,
                estimated=True,
            )
        return Counts(merged["input"], min(merged.get("cached", 0), merged["input"]), merged["output"], model)

    def _keep(self, piece: bytes) -> None:
        """The beginning of a line; one that is far too long is let go."""
        if piece and self._rest_bytes + len(piece) <= MAX_LINE_BYTES:
            self._rest.append(piece)
            self._rest_bytes += len(piece)

    def _look(self, block: bytes) -> None:
        self._events += block.count(b"\ndata:") + block.startswith(b"data:")
        place = block.rfind(self._usage)
        if place >= 0:
            self._first = self._first or _line(block, block.find(self._usage))
            self._last = _line(block, place)
        if not self._named and (place := block.find(self._model)) >= 0:
            self._named = _line(block, place)


def _line(block: bytes, place: int) -> bytes:
    """The line around a place."""
    start, end = block.rfind(b"\n", 0, place) + 1, block.find(b"\n", place)
    return block[start : end if end >= 0 else len(block)]


def _document(line: bytes) -> dict[str, Any]:
    try:
        told = cast("object", json.loads(line.removeprefix(b"data:")))
    except (ValueError, RecursionError):
        return {}
    last = cast("list[object]", told)[-1:] if isinstance(told, list) else [told]
    return cast("dict[str, Any]", last[0]) if last and isinstance(last[0], dict) else {}


def _within(told: dict[str, Any], name: str) -> Any:  # noqa: ANN401  JSON
    """At the top, in ``message`` (Anthropic) or in ``response`` (Responses)."""
    for outer in (told, told.get("message"), told.get("response")):
        if isinstance(outer, dict) and name in outer:
            return cast("dict[str, Any]", outer)[name]
    return None


def _usage(line: bytes) -> dict[str, int]:
    told = _document(line)
    if "usageMetadata" in told:
        return _gemini(_numbers(told["usageMetadata"]))
    raw = _within(told, "usage")
    found = _numbers(raw)
    if not found:
        return {}
    details = _numbers(raw.get("input_tokens_details")) or _numbers(raw.get("prompt_tokens_details"))
    written, read = found.get("cache_creation_input_tokens", 0), found.get("cache_read_input_tokens", 0)
    merged: dict[str, int] = {}
    for name, key in (("input", "input_tokens"), ("input", "prompt_tokens")):
        if key in found:
            merged[name] = found[key] + written + read
    for key in ("output_tokens", "completion_tokens"):
        if key in found:
            merged["output"] = found[key]
    merged["cached"] = read or details.get("cached_tokens", 0)
    return merged


def _gemini(found: dict[str, int]) -> dict[str, int]:
    merged = {"cached": found.get("cachedContentTokenCount", 0)}
    if "promptTokenCount" in found:
        merged["input"] = found["promptTokenCount"] + found.get("toolUsePromptTokenCount", 0)
        merged["output"] = found.get("candidatesTokenCount", 0) + found.get("thoughtsTokenCount", 0)
    return merged


def _numbers(value: object) -> dict[str, int]:
    if not isinstance(value, dict):
        return {}
    pairs = cast("dict[str, object]", value).items()
    return {k: v for k, v in pairs if isinstance(v, int) and not isinstance(v, bool) and 0 <= v < 1 << 40}


def _named(line: bytes) -> str:
    told = _document(line)
    found = told.get("modelVersion") or _within(told, "model")
    return found[:128] if isinstance(found, str) and found.isprintable() else ""
