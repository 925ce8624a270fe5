"""Files that a person names."""

from __future__ import annotations

import stat
from pathlib import Path

from orchestrator.errors import UsageError

_FILE_BYTES = 64 << 20


def read_file(path: Path) -> bytes:
    """Raises ``UsageError``: SPEC001 when the file cannot be read, SPEC002 when it is no file or above 64 MiB."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _FILE_BYTES:
            text = f"{path} is no plain file of at most {_FILE_BYTES >> 20} MiB."
            raise UsageError("SPEC002", text, "name a file")
        return path.read_bytes()
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else problem
        raise UsageError("SPEC001", f"{path} cannot be read: {why}.", "check the path") from problem
