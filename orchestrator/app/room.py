"""What a disk says that is full or became read-only, told with a code and what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.errors import StoreError

__all__ = ["room"]

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
        if problem.errno not in _REMEDIES:
            raise
        hint = f"{_REMEDIES[problem.errno]}, then {then}"
        raise StoreError("STORE022", f"Nothing can be written: {problem}.", hint) from problem
