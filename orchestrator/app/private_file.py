"""Files that hold a secret, which nobody but their owner may read."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from orchestrator.errors import HandrailError

_OTHERS = 0o077


def read_private(
    path: Path, *, most_bytes: int, unreadable: Callable[[str], HandrailError], exposed: Callable[[str], HandrailError]
) -> bytes:
    """At most so many bytes. Raises what ``unreadable`` makes of the reason, and ``exposed`` of the hint.

    The mode is that of the file that is read, not of whatever stands at its path a moment later.
    """
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            data = stream.read(most_bytes)
    except OSError as problem:
        raise unreadable(str(problem.strerror)) from problem
    if mode & _OTHERS:
        raise exposed(f"chmod 600 {path}")
    return data
