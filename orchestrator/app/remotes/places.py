"""Where on a remote, and where here, things that travel lie. A branch, so that a plain clone brings it."""

from __future__ import annotations

import re

from orchestrator.models.ids import RunId

REVIEW = "refs/heads/handrail-review/"
DECISION = "refs/heads/handrail-decision/"
EVIDENCE = "refs/heads/handrail-evidence/"
_KEY_DIGITS = 16
_RUN = r"[0-9]{8}-[a-z0-9]{6}"
_REVIEW = re.compile(rf"{REVIEW}({_RUN})")
_DECISION = re.compile(rf"{DECISION}({_RUN})/(R[0-9a-f]{{10}})/([0-9a-f]{{16}})")


def review(run: RunId) -> str:
    """The branch of a run's bundles."""
    return REVIEW + run


def decision(run: RunId, item: str, keyid: str) -> str:
    """The branch of one decision: one item, one key."""
    return f"{DECISION}{run}/{item}/{keyid[:_KEY_DIGITS]}"


def here(remote: str, ref: str) -> str:
    """What a branch of a remote is called in this clone: no branch, and nothing that a person checks out."""
    return f"refs/handrail/remote/{remote}/{ref.removeprefix('refs/heads/')}"


def run_of(ref: str) -> RunId | None:
    """The run whose bundles lie on a branch; ``None`` for another branch."""
    found = _REVIEW.fullmatch(ref)
    return RunId(found[1]) if found else None


def of_decision(ref: str) -> tuple[RunId, str, str] | None:
    """Run, item and how the key's id begins; ``None`` for another branch."""
    found = _DECISION.fullmatch(ref)
    return (RunId(found[1]), found[2], found[3]) if found else None
