"""What an attack is, what was seen of it, and the verdict (D23).

An attack is tried twice: against the user's own engine and profile, and against
the same thing with its protection taken away. Only where the second succeeds
does the failure of the first show anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.sandbox.selftest.bench import Bench, Inside, Seen


class Verdict(StrEnum):
    """How an attack ended."""

    HELD = "held"
    ESCAPED = "escaped"
    INCONCLUSIVE = "inconclusive"


Attempt = Callable[[Bench], Seen]


@dataclass(frozen=True, slots=True)
class Attack:
    """One entry of the catalogue. ``id`` is stable: 1 to 52 as first listed, further ones after them."""

    id: int
    family: str
    name: str
    control: str
    """What stops it."""
    expected: str
    """What is seen when it is stopped."""
    weakened: str
    """What is taken away for the positive control."""
    attempt: Attempt
    positive: Attempt
    inside: Inside | None = None
    """The program, where it is one that may share a container with others."""


@dataclass(frozen=True, slots=True)
class Result:
    """An attack, what was seen of it, and of its positive control."""

    attack: Attack
    observed: str
    positive_control: str
    verdict: Verdict


def verdict(seen: Seen, positive: Seen) -> Verdict:
    """An attempt that broke, and one whose positive control did not succeed, show nothing."""
    if seen.succeeded:
        return Verdict.ESCAPED
    if seen.broke or not positive.succeeded:
        return Verdict.INCONCLUSIVE
    return Verdict.HELD
