"""The digest of the whole ``.handrail/`` folder, for ``handrail trust`` and ``--trust sha256:…`` (D18).

SHA-256 over the canonical JSON list of [path, SHA-256 of the bytes], sorted by path. Modes are not part of it: nothing
in that folder is ever executed as a file.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from orchestrator.errors import TrustError
from orchestrator.models.ids import Digest, canonical, sha256

FOLDER: Final = ".handrail"
MAX_FILES: Final = 1000
MAX_BYTES: Final = 16 * 1024 * 1024


def folder_digest(files: Mapping[str, bytes]) -> Digest:
    """The digest of path → bytes. Paths are relative to the repository and begin with ``.handrail/``."""
    return sha256(canonical([[path, hashlib.sha256(files[path]).hexdigest()] for path in sorted(files)]))


def read_folder(repository: Path) -> dict[str, bytes]:
    """Every file below ``.handrail/`` of a work tree. Absent is empty.

    Raises ``TrustError`` TRUST011 for a link or anything that is not a plain
    file, TRUST012 past 1,000 files or 16 MiB.
    """
    out: dict[str, bytes] = {}
    left = MAX_BYTES
    pending = [repository / FOLDER]
    while pending:
        path = pending.pop()
        mode = _mode(path)
        if mode is None:
            continue
        if stat.S_ISDIR(mode):
            pending.extend(sorted(path.iterdir()))
        else:
            data = _read(path, left)
            left -= len(data)
            out[path.relative_to(repository).as_posix()] = data
        if len(out) + len(pending) > MAX_FILES:
            raise TrustError("TRUST012", f"{FOLDER}/ holds more than {MAX_FILES} files", "remove what is no setting")
    return out


def _mode(path: Path) -> int | None:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:
        return None


def _read(path: Path, most_bytes: int) -> bytes:
    odd = TrustError("TRUST011", f"{path} is not a plain file", "replace it by the file itself")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        raise odd from None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise odd
        with os.fdopen(os.dup(handle), "rb") as file:
            data = file.read(most_bytes + 1)
    finally:
        os.close(handle)
    if len(data) > most_bytes:
        raise TrustError("TRUST012", f"{FOLDER}/ holds more than {MAX_BYTES} bytes", "remove what is no setting")
    return data
