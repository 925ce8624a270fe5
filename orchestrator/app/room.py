"""What a disk says that is full or became read-only, told with a code and what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.errors import StoreError

__all__ = ["no_room", "room"]

_REMEDIES = {
    errno.ENOSPC: "free space",
    errno.EDQUOT: "free space",
    errno.EROFS: "look why the disk is read-only (dmesg), mend it",
}


@contextmanager
def room(then: str) -> Iterator[None]:
    """Raises ``StoreError`` (STORE022) for such a failure of a write; any other goes on. ``then``: what to do after."""
    try:
        yield
    except OSError as problem:
        full = no_room(problem, then)
        if full is None:
            raise
        raise full from problem


def no_room(problem: Exception, then: str) -> StoreError | None:
    """STORE022 for a disk that is full or read-only, ``None`` for anything else."""
    remedy = _REMEDIES.get(problem.errno or 0) if isinstance(problem, OSError) else None
    return StoreError("STORE022", f"Nothing can be written: {problem}.", f"{remedy}, then {then}") if remedy else None
