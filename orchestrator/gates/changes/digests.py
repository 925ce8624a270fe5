"""Digests of what is scanned: each gate asks for the same ones again."""

from __future__ import annotations

from functools import lru_cache

from orchestrator.models.ids import Digest, sha256

__all__ = ["source_digest"]

_SMALL_BYTES = 64 * 1024
_KEPT = 256


def source_digest(data: bytes) -> Digest:
    """As :func:`orchestrator.models.ids.sha256`; of at most 16 MiB of small sources it is remembered."""
    return _remembered(data) if len(data) <= _SMALL_BYTES else sha256(data)


_remembered = lru_cache(maxsize=_KEPT)(sha256)
