"""Content-addressed bytes, durable before anything refers to them: small ones in the index, large ones in files."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path

from orchestrator.errors import StoreError
from orchestrator.models.ids import Digest, sha256
from orchestrator.store.index import StoredIndex
from orchestrator.store.sealing import Seal, keyless, unsealed
from orchestrator.store.whole import sweep, write_whole

_SMALL_BYTES = 262_144
_MARK = b"handrail sealed 1\n"


class StoredBlobs:
    """Implements :class:`orchestrator.ports.Blobs`. A large blob lies at ``<root>/ab/cdef…``, fsynced and renamed.

    With a ``seal`` the bytes are encrypted under their digest's name. That name is of the plain bytes: who
    guesses them finds them confirmed.
    """

    def __init__(self, index: StoredIndex, root: Path, seal: Seal | None = None) -> None:
        self._index = index
        self._root = root
        self._seal = seal

    def put(self, data: bytes) -> Digest:
        digest = sha256(data)
        if len(data) <= _SMALL_BYTES:
            if not self._index.has_staged(digest):
                self._index.stage_blob(digest, self._closed(digest, data))
            return digest
        target = self._path(digest)
        if target.exists():
            return digest
        try:
            write_whole(target, self._closed(digest, data))
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
        data = self._opened(digest, data)
        if sha256(data) != digest:
            raise StoreError("STORE003", f"{digest} was altered on disk.", "restore the state folder from a backup")
        return data

    def _closed(self, digest: Digest, data: bytes) -> bytes:
        return data if self._seal is None else _MARK + self._seal.close(data, digest)

    def _opened(self, digest: Digest, data: bytes) -> bytes:
        """Raises ``StoreError`` STORE030 to STORE032. Plain bytes that only look sealed are their digest's."""
        if self._seal is None:
            if data.startswith(_MARK) and sha256(data) != digest:
                raise keyless()
            return data
        if not data.startswith(_MARK):
            raise unsealed()
        return self._seal.open(data[len(_MARK) :], digest)

    def flush(self) -> None:
        self._index.flush()

    def sweep(self) -> None:
        """Take away halves of large blobs whose writer died."""
        sweep(self._root.glob("??"))

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


def _unwritable(problem: OSError, target: Path) -> StoreError:
    if problem.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreError("STORE004", f"No space left below {target.parent.parent}.", "free space, then resume the run")
    return StoreError("STORE005", f"Cannot write {target}: {problem.strerror}.", "check the folder's owner and mode")
