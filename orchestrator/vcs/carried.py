"""Files, and trees whole, as one commit that can travel: how a review and a decision lie on a branch of their own.

``trees/<id>`` is the tree with that id itself, so git brings its objects and checks them. Commits travel as parents.
What comes back is hostile: only plain files with plain names are read, each and all together under a size.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.ids import GitOid
from orchestrator.ports import TreeEntry
from orchestrator.vcs.names import visible
from orchestrator.vcs.objects import ObjectStore
from orchestrator.vcs.packs import TREE_MODE, NewObject, links

TREES = "trees"
_FILE = "100644"
_AUTHOR = "Handrail <handrail@handrail.invalid>"


@dataclass(frozen=True, slots=True)
class Caps:
    """The most that is read of one commit."""

    files: int = 200_000
    file_bytes: int = 64 << 20
    all_bytes: int = 512 << 20


@dataclass(frozen=True, slots=True)
class Carried:
    """``files`` are path → bytes of everything but ``trees``; ``parents`` are in the order of the commit."""

    files: Mapping[str, bytes]
    trees: frozenset[GitOid]
    parents: tuple[GitOid, ...]


def pack(
    store: ObjectStore,
    files: Mapping[str, bytes],
    trees: Collection[GitOid],
    parents: Sequence[GitOid],
    *,
    message: str,
    when: datetime,
) -> GitOid:
    """The commit; the same arguments give the same id. Not yet in the user's repository."""
    blobs = {path: NewObject("blob", data) for path, data in files.items()}
    rows = {path: TreeEntry(path, _FILE, store.id_of(blob)) for path, blob in blobs.items()}
    rows |= {f"{TREES}/{oid}": TreeEntry(f"{TREES}/{oid}", TREE_MODE, oid) for oid in trees}
    made = list(blobs.values())
    root = store.replace(None, rows, made)
    if root is None:
        raise ValueError("a commit of nothing carries nothing")
    commit = store.commit(root, parents, message, _AUTHOR, when)
    store.write([*dict.fromkeys(made), commit])
    return store.id_of(commit)


def unpack(store: ObjectStore, commit: GitOid, caps: Caps) -> Carried:
    """What a commit carries. Raises ``EvidenceInvalid`` REM010 (a link or another kind), REM011 (too much)."""
    tree, *parents = links(NewObject("commit", store.reader.one(commit, "commit")))
    paths: dict[str, GitOid] = {}
    trees: set[GitOid] = set()
    for path, mode, oid in _rows(store, tree, caps):
        if path.startswith(f"{TREES}/"):
            if mode != TREE_MODE or path != f"{TREES}/{oid}":
                raise _odd(path, "is no tree under its own name")
            trees.add(oid)
        elif mode != _FILE:
            raise _odd(path, "is no plain file")
        else:
            paths[path] = oid
    _refuse_large(store, paths, caps)
    contents = store.reader.contents(list(paths.values()))
    files = {path: data for path, (_, data) in zip(paths, contents, strict=True)}
    return Carried(files, frozenset(trees), tuple(GitOid(p) for p in parents))


def _rows(store: ObjectStore, tree: GitOid, caps: Caps) -> Iterator[tuple[str, str, GitOid]]:
    ahead, count = [("", tree)], 0
    while ahead:
        prefix, oid = ahead.pop()
        for row in store.reader.tree(oid):
            path, count = prefix + row.name, count + 1
            if count > caps.files or path.count("/") > 2:  # noqa: PLR2004  blobs/ab/cdef… is the deepest
                raise EvidenceInvalid("REM011", f"It holds more than {caps.files} files, or deeper.", _HINT)
            if row.mode == TREE_MODE and prefix != f"{TREES}/":
                ahead.append((f"{path}/", row.oid))
            else:
                yield path, row.mode, row.oid


_HINT = "ask who can write to the remote"


def _odd(path: str, why: str) -> EvidenceInvalid:
    return EvidenceInvalid("REM010", f"{visible(path)} {why}.", _HINT)


def _refuse_large(store: ObjectStore, paths: Mapping[str, GitOid], caps: Caps) -> None:
    total = 0
    for path, info in zip(paths, store.reader.info(list(paths.values())), strict=True):
        size = info.size if info is not None and info.kind == "blob" else -1
        total += size
        if not 0 <= size <= caps.file_bytes or total > caps.all_bytes:
            text = f"{visible(path)} has {size} bytes, or all together have more than {caps.all_bytes}."
            raise EvidenceInvalid("REM011", text, _HINT)
