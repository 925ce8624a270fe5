"""Answers of scanners that outlive a process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from orchestrator.models.ids import Digest


class Answers(Protocol):
    """Kept by what was asked of which bytes. An answer that was altered, cut short or made elsewhere is none."""

    def get(self, question: str, data: Digest) -> Mapping[str, Any] | None:
        """The answer, only if it is whole and was put by this very user under the same rules."""
        ...

    def put(self, question: str, data: Digest, answer: Mapping[str, Any]) -> None:
        """Never raises: what cannot be kept is asked again."""
        ...

    def flush(self) -> None: ...
