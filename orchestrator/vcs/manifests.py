"""SHA-256 manifests of trees (D3). What equal folders and files come to is worked out once.

A record is ``mode SP sha256 SP path NUL``: six digits; 64 lower-case hex digits of SHA-256 over the blob's bytes (for a
link its target, for a submodule its commit id in ASCII); the path in UTF-8. Records are sorted by the path's UTF-8
bytes, which is the order of git's trees, a folder's name taken with its slash: so a folder's records stand together.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from itertools import chain
from typing import Generic, TypeVar

from orchestrator.errors import RepositoryError
from orchestrator.models.ids import Digest, GitOid
from orchestrator.vcs.names import GITLINK
from orchestrator.vcs.objects import MAX_DEPTH, ObjectStore
from orchestrator.vcs.packs import TREE_MODE, Row

_KEPT_BYTES = 64 * 1024 * 1024
_KEPT_BLOB_BYTES = 256 * 1024
_KEPT_RECORDS = 65536

K = TypeVar("K")


class _Kept(Generic[K]):
    """The most recent byte strings, up to a number of bytes."""

    def __init__(self) -> None:
        self._found: OrderedDict[K, bytes] = OrderedDict()
        self._size = 0

    def get(self, key: K) -> bytes | None:
        return self._found.get(key)

    def put(self, key: K, data: bytes) -> None:
        if key in self._found:
            return
        self._found[key] = data
        self._size += len(data)
        while self._size > _KEPT_BYTES:
            self._size -= len(self._found.popitem(last=False)[1])


class Manifests:
    """Of the trees of one repository. Not thread-safe in what it keeps, only in what it asks git."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._sha256: dict[GitOid, bytes] = {}
        self._done: set[GitOid] = set()
        self._folders: _Kept[tuple[GitOid, str]] = _Kept()
        self._blobs: _Kept[GitOid] = _Kept()
        self._records: dict[str, dict[Row, bytes]] = {}
        self._kept_records = 0

    def of(self, tree: GitOid) -> Digest:
        """The manifest of a tree or of a commit's tree. Raises ``RepositoryError`` REPO010, REPO011, REPO013."""
        root = self._store.peel(tree)
        self.ready([root])
        return Digest(f"sha256:{hashlib.sha256(self._joined(root, '', 0)).hexdigest()}")

    def blob(self, oid: GitOid) -> bytes:
        """The bytes of a blob, which may have been read just before."""
        found = self._blobs.get(oid)
        return self._store.reader.one(oid, "blob") if found is None else found

    def ready(self, trees: Iterable[GitOid]) -> None:
        """Read what lies below these trees and was not read before, together: few questions to git."""
        ahead = [tree for tree in dict.fromkeys(trees) if tree not in self._done]
        seen = set(ahead)
        files: dict[GitOid, None] = {}
        while ahead:
            self._store.reader.read_trees(ahead)
            rows = dict.fromkeys(
                chain.from_iterable(map(self._store.reader.tree, ahead))
            )  # most come again in the next commit's
            files |= dict.fromkeys(r.oid for r in rows if r.mode not in {TREE_MODE, GITLINK})
            below = dict.fromkeys(r.oid for r in rows if r.mode == TREE_MODE)
            ahead = [tree for tree in below if tree not in self._done and tree not in seen]
            seen.update(ahead)
        self._digest([oid for oid in files if oid not in self._sha256])
        self._done |= seen

    def _digest(self, oids: list[GitOid]) -> None:
        for info, data in self._store.reader.contents(oids):
            if info.kind != "blob":
                raise RepositoryError("REPO016", f"{info.oid} is a {info.kind}, and a blob was expected.")
            self._sha256[info.oid] = hashlib.sha256(data).hexdigest().encode()
            if len(data) <= _KEPT_BLOB_BYTES:
                self._blobs.put(info.oid, data)

    def _joined(self, tree: GitOid, prefix: str, depth: int) -> bytes:
        if depth > MAX_DEPTH:
            raise RepositoryError("REPO010", f"The repository has folders more than {MAX_DEPTH} deep.")
        known = self._records.get(prefix, {}).get
        rows = self._store.reader.tree(tree)
        return b"".join([known(row) or self._part(row, prefix, depth) for row in rows])

    def _part(self, row: Row, prefix: str, depth: int) -> bytes:
        return self._folder(row, prefix, depth) if row.mode == TREE_MODE else self._record(row, prefix)

    def _folder(self, row: Row, prefix: str, depth: int) -> bytes:
        below = f"{prefix}{row.name}/"
        found = self._folders.get((row.oid, below))
        if found is None:
            found = self._joined(row.oid, below, depth + 1)
            self._folders.put((row.oid, below), found)
        return found

    def _record(self, row: Row, prefix: str) -> bytes:
        link = row.mode == GITLINK
        content = hashlib.sha256(row.oid.encode()).hexdigest().encode() if link else self._sha256[row.oid]
        made = b"%b %b %b\0" % (row.mode.encode(), content, f"{prefix}{row.name}".encode())
        if self._kept_records >= _KEPT_RECORDS:
            self._records.clear()
            self._kept_records = 0
        self._records.setdefault(prefix, {})[row] = made
        self._kept_records += 1
        return made
