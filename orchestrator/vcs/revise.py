"""A person's part in a tree: only some hunks of a change, or one file written anew.

Works on objects alone: nothing is checked out, no attribute or filter is read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from orchestrator.errors import UsageError
from orchestrator.models.ids import Digest, GitOid
from orchestrator.ports import TreeEntry
from orchestrator.vcs.diff import Section, sections
from orchestrator.vcs.git import EMPTY_TREES
from orchestrator.vcs.hunks import RawHunk
from orchestrator.vcs.names import visible
from orchestrator.vcs.objects import ObjectStore
from orchestrator.vcs.packs import NewObject

_REGULAR = frozenset({"100644", "100755"})


def take_hunks(store: ObjectStore, old: GitOid, new: GitOid, wanted: Collection[Digest]) -> GitOid:
    """``old`` with only those hunks of its difference to ``new`` whose id is in ``wanted``.

    A file is taken whole when all its hunks are wanted and left alone when none is. Otherwise its name and mode come
    with the first wanted hunk. Raises ``UsageError`` ``REV030`` for a file of which no part can be taken (a link or a
    submodule) and ``REV031`` for an id that is no hunk of the difference.
    """
    found, _ = sections(store, old, new)
    strange = sorted(set(wanted) - {hunk.id for part in found for hunk in part.hunks})
    if strange:
        raise UsageError("REV031", "Not a hunk of this change.", "handrail review show, for the ids", strange)
    changes: dict[str, TreeEntry | None] = {}
    made: list[NewObject] = []
    for part in found:
        taken = [hunk.id in wanted for hunk in part.hunks]
        if any(taken):
            _apply(store, part, taken, changes, made)
    return _written(store, store.peel(old), changes, made)


def put_file(store: ObjectStore, tree: GitOid, path: str, data: bytes) -> GitOid:
    """``tree`` with other bytes in one regular file that it has. Raises ``UsageError`` ``REV032``."""
    row = store.subtree(store.peel(tree), path)
    if row is None or row.mode not in _REGULAR:
        raise UsageError("REV032", f"{visible(path)} is no regular file of this change.", "name a file that it has")
    blob = NewObject("blob", data)
    entry = TreeEntry(path, row.mode, store.id_of(blob))
    return _written(store, store.peel(tree), {path: entry}, [blob])


def _apply(
    store: ObjectStore,
    part: Section,
    taken: Sequence[bool],
    changes: dict[str, TreeEntry | None],
    made: list[NewObject],
) -> None:
    file, whole = part.file, all(taken)
    if file.new_mode is None or file.new_blob is None:
        if whole:
            changes[file.path] = None
            return
        entry = _partly(store, part, taken, made)
    else:
        entry = TreeEntry(file.path, file.new_mode, file.new_blob) if whole else _partly(store, part, taken, made)
    if file.old_path not in {None, file.path}:
        changes.setdefault(str(file.old_path), None)
    changes[file.path] = entry


def _partly(store: ObjectStore, part: Section, taken: Sequence[bool], made: list[NewObject]) -> TreeEntry:
    file = part.file
    mode = file.new_mode or file.old_mode or ""
    if mode not in _REGULAR or file.old_mode not in {None, *_REGULAR}:
        raise UsageError(
            "REV030", f"{visible(file.path)} is no text: take it whole or leave it.", "review accept --file"
        )
    old = store.reader.one(file.old_blob, "blob") if file.old_blob else b""
    blob = NewObject("blob", patched(old, part.raw, taken))
    made.append(blob)
    return TreeEntry(file.path, mode, store.id_of(blob))


def patched(old: bytes, hunks: Sequence[RawHunk], taken: Sequence[bool]) -> bytes:
    """The old bytes with the hunks that are taken; what lies between hunks is copied as it is."""
    lines = old.split(b"\n")
    lines = [line + b"\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    out: list[bytes] = []
    at = 0
    for hunk, wanted in zip(hunks, taken, strict=True):
        start = hunk.old_start - 1 if hunk.old_lines else hunk.old_start
        out += lines[at:start]
        at = start + hunk.old_lines
        out += _new_side(hunk) if wanted else lines[start:at]
    return b"".join(out + lines[at:])


def _new_side(hunk: RawHunk) -> list[bytes]:
    """Its context and added lines. A line before git's mark of a missing last line end has none."""
    out: list[bytes] = []
    kept = False
    for line in hunk.body:
        if line.startswith(b"\\"):
            if kept:
                out[-1] = out[-1].removesuffix(b"\n")
            continue
        kept = line[:1] in {b" ", b"+"}
        if kept:
            out.append(line[1:])
    return out


def _written(store: ObjectStore, base: GitOid, changes: dict[str, TreeEntry | None], made: list[NewObject]) -> GitOid:
    if not changes:
        return base
    tree = store.replace(base, changes, made)
    if tree is None:
        made.append(NewObject("tree", b""))
    store.write(made)
    return tree or EMPTY_TREES[store.object_format]
