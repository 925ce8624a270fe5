"""A second look at what a scanner refuses by its appearance: :mod:`orchestrator.gates.flow.vouched` may answer for it.

The finding stays in the report, as a note that says so. When the second look fails, what the scanner said stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.errors import GateBroken
from orchestrator.gates.differential import Hit
from orchestrator.gates.flow.vouched import VOUCHED, is_vouched
from orchestrator.gates.scanning import Source
from orchestrator.gates.worker import Worker
from orchestrator.models.gate import Disposition

__all__ = ["looked_at_again"]


def looked_at_again(hits: Sequence[Hit], source: Source | None, worker: Worker) -> list[Hit]:
    """``hits`` of bandit or ruff, those that are answered for as notes."""
    if source is None or not any(_number(hit) in VOUCHED for hit in hits):
        return list(hits)
    try:
        places: Iterable[Any] = worker.analyse(source.data)["vouched"]
    except GateBroken:
        return list(hits)
    return [_noted(hit) if is_vouched(places, _number(hit), hit.line, hit.end_line) else hit for hit in hits]


def _number(hit: Hit) -> str:
    return hit.rule[1:]


def _noted(hit: Hit) -> Hit:
    message = f"{hit.message} Followed here, it is harmless."
    # Another text: what was harmless on the base excuses nothing that no longer is.
    return replace(hit, message=message, disposition=Disposition.NOTE, severity="low", text=f"harmless {hit.text}")
