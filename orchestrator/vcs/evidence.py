"""Evidence branches (D10): orphan branches of files that only ever grow.

Appending reads and writes only the folders on the way to the new files, so it
does not get slower with the number of files as long as folders stay small.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from orchestrator.errors import RepositoryError
from orchestrator.models.ids import GitOid
from orchestrator.ports import RefUpdate, TreeEntry
from orchestrator.vcs.names import GITLINK, hostile, visible
from orchestrator.vcs.objects import ObjectStore
from orchestrator.vcs.packs import TREE_MODE, NewObject

_AUTHOR = "Handrail <handrail@handrail.invalid>"
_FILE = "100644"
_MAX_BYTES = 64 * 1024 * 1024


def read(store: ObjectStore, tip: GitOid | None, prefix: str = "", since: str = "") -> dict[str, bytes]:
    """Path → bytes of all files, or of those below the folder ``prefix``.

    With ``since`` a file in a folder counts only when its path is not before it. Raises ``RepositoryError`` REPO027
    for a branch with anything but plain files of at most 64 MiB.
    """
    if tip is None:
        return {}
    tree = store.peel(tip)
    start = prefix.strip("/")
    if start:
        row = store.subtree(tree, start)
        if row is None or row.mode != TREE_MODE:
            return {}
        tree = row.oid
    entries = [e for e in store.files(tree) if "/" not in e.path or e.path >= since]
    _require_plain(store, entries)
    contents = store.reader.contents([entry.oid for entry in entries])
    lead = f"{start}/" if start else ""
    return {lead + entry.path: data for entry, (_, data) in zip(entries, contents, strict=True)}


def _require_plain(store: ObjectStore, entries: Sequence[TreeEntry]) -> None:
    """Sizes are asked before anything is read: whoever may push a branch could put a huge file into it."""
    sizes = store.reader.info([entry.oid for entry in entries])
    for entry, info in zip(entries, sizes, strict=True):
        if entry.mode != _FILE or (info is not None and info.size > _MAX_BYTES):
            message = f"{visible(entry.path)} in an evidence branch is no plain file of at most {_MAX_BYTES} bytes."
            raise RepositoryError("REPO027", message, "fetch the branch again from its writer")


def files(store: ObjectStore, tip: GitOid | None) -> dict[str, GitOid]:
    """Path → blob of all files."""
    return {e.path: e.oid for e in store.files(store.peel(tip)) if e.mode != GITLINK} if tip else {}


def prepare(store: ObjectStore, ref: str, tip: GitOid | None, files: Mapping[str, bytes], when: datetime) -> RefUpdate:
    """A commit on ``tip`` with ``files`` added or replaced. Raises ``RepositoryError`` REPO025."""
    tree = store.peel(tip) if tip else None
    blobs = {path: NewObject("blob", data) for path, data in files.items()}
    for path in files:
        _check(store, tree, path)
    changes = {path: TreeEntry(path, "100644", store.id_of(blob)) for path, blob in blobs.items()}
    made = list(blobs.values())
    root = store.replace(tree, changes, made)
    if root is None:
        raise RepositoryError("REPO025", "There is no evidence to write.")
    commit = store.commit(root, [tip] if tip else [], "Evidence", _AUTHOR, when)
    store.write([*made, commit])
    return RefUpdate(ref, store.id_of(commit), tip)


def _check(store: ObjectStore, tree: GitOid | None, path: str) -> None:
    """Nothing that is already there may be lost to a new path."""
    reason = hostile(path)
    if reason is None and tree is not None:
        parts = path.split("/")
        rows = [store.subtree(tree, "/".join(parts[:n])) for n in range(1, len(parts) + 1)]
        wrong = any(row and row.mode != TREE_MODE for row in rows[:-1]) or (rows[-1] and rows[-1].mode == TREE_MODE)
        reason = "is both a file and a folder" if wrong else None
    if reason is not None:
        raise RepositoryError("REPO025", f"Evidence cannot be kept at {visible(path)}: it {reason}.")
