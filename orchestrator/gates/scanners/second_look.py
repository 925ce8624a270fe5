"""A second look at what a scanner refuses by its appearance: :mod:`orchestrator.gates.flow.vouched` may answer for it.

The finding stays in the report, as a note that says so. When the second look fails, what the scanner said stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit
from orchestrator.gates.scanners.scanning import Source
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import Disposition

__all__ = ["looked_at_again"]

_VOUCHED = frozenset({"608", "506", "701", "113", "301", "313", "314", "316", "317", "318", "319"})
"""Numbers of the rules that :mod:`orchestrator.gates.flow.vouched` can answer for."""
_PASSWORDS = frozenset({"105", "106", "107"})


def looked_at_again(hits: Sequence[Hit], source: Source | None, worker: Worker) -> list[Hit]:
    """``hits`` of bandit or ruff, those that are answered for as notes."""
    hits = [_noted(hit) if _number(hit) in _PASSWORDS and _plain(hit) else hit for hit in hits]
    if source is None or not any(_number(hit) in _VOUCHED for hit in hits):
        return hits
    try:
        places: Iterable[Any] = worker.analyse(source.data)["vouched"]
    except GateBroken:
        return hits
    return [_noted(hit) if _is_vouched(places, _number(hit), hit.line, hit.end_line) else hit for hit in hits]


def _plain(hit: Hit) -> bool:
    """Whether all that stands there and could be a password says by itself that it is none."""
    from orchestrator.gates.scanners.plain_words import literals, speaks_for_itself  # noqa: PLC0415 - only of what may be a password

    found = literals(hit.text)
    return bool(found) and all(speaks_for_itself(value, hit.text) for value in found)


def _number(hit: Hit) -> str:
    return hit.rule[1:]


def _noted(hit: Hit) -> Hit:
    message = f"{hit.message} Looked at again, it is harmless."
    # Another text: what was harmless on the base excuses nothing that no longer is.
    return hit._replace(message=message, disposition=Disposition.NOTE, severity="low", text=f"harmless {hit.text}")


def _is_vouched(places: Iterable[Any], number: str, first: int, last_line: int) -> bool:
    """Whether a scanner's finding on these lines is answered for. ``places``: number, first, last line, harmless."""
    met = [bool(place[3]) for place in places if place[0] == number and place[1] <= last_line and first <= place[2]]
    return bool(met) and all(met)
