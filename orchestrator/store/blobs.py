"""Content-addressed bytes, durable before anything refers to them: small ones in the index, large ones in files."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from orchestrator.errors import StoreError
from orchestrator.models.ids import Digest, sha256
from orchestrator.store.index import SqliteIndex

_SMALL_BYTES = 262_144


class StoredBlobs:
    """Implements :class:`orchestrator.ports.Blobs`. A large blob lies at ``<root>/ab/cdef…``, fsynced and renamed."""

    def __init__(self, index: SqliteIndex, root: Path) -> None:
        self._index = index
        self._root = root

    def put(self, data: bytes) -> Digest:
        digest = sha256(data)
        if len(data) <= _SMALL_BYTES:
            self._index.stage_blob(digest, data)
            return digest
        target = self._path(digest)
        if target.exists():
            return digest
        try:
            self._write(target, data)
        except OSError as problem:
            raise _unwritable(problem, target) from problem
        return digest

    def get(self, digest: Digest) -> bytes:
        path = self._path(digest)
        data = self._index.blob(digest)
        if data is None:
            try:
                data = path.read_bytes()
            except OSError as problem:
                raise StoreError("STORE002", f"{digest} is not in the store.", "handrail doctor") from problem
        if sha256(data) != digest:
            raise StoreError("STORE003", f"{digest} was altered on disk.", "restore the state folder from a backup")
        return data

    def flush(self) -> None:
        self._index.flush()

    def erase(self, digests: Sequence[Digest]) -> None:
        """Forget blobs for good; one that is not here is none. What refers to them finds them absent (STORE002)."""
        self._index.erase_blobs(digests)
        for digest in digests:
            self._path(digest).unlink(missing_ok=True)

    def _path(self, digest: Digest) -> Path:
        name = digest.removeprefix("sha256:")
        if len(name) != 64 or not all(c in "0123456789abcdef" for c in name):  # noqa: PLR2004  hex digits of SHA-256
            raise StoreError("STORE001", f"{digest!r} is not a digest.")
        return self._root / name[:2] / name[2:]

    def _write(self, target: Path, data: bytes) -> None:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=target.parent, prefix=".new-")
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            Path(aside).rename(target)
        except BaseException:
            Path(aside).unlink(missing_ok=True)
            raise
        _sync_directory(target.parent)


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(problem: OSError, target: Path) -> StoreError:
    if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreError("STORE004", f"No space left below {target.parent.parent}.", "free space, then resume the run")
    return StoreError("STORE005", f"Cannot write {target}: {problem.strerror}.", "check the folder's owner and mode")
