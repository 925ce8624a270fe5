"""A change rebuilt on the present tip (D1): a three-way merge that never chooses a side.

The three trees are named outright (what the agent started from, what it made,
the tip), so history plays no part: it does not matter whether the start is an
ancestor of the tip. Renames are never followed, as that would silently move
content into a file that the change does not name: a file renamed on one side
and edited on the other is a conflict. Attributes play no part either.

Paths are merged here; ``git merge-tree`` merges only the content (and mode) of
regular files that exist in all three trees and differ in both. Given those
paths alone it has no renames to find, which it cannot be told to leave out
before git 2.50.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from orchestrator.errors import IntegrationConflict
from orchestrator.models.ids import GitOid
from orchestrator.ports import TreeEntry
from orchestrator.vcs.git import EMPTY_TREES, failed
from orchestrator.vcs.names import visible
from orchestrator.vcs.objects import ObjectStore
from orchestrator.vcs.packs import NewObject

_CONFLICT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_REGULAR = frozenset({"100644", "100755"})

_Tree = Mapping[str, TreeEntry]


def integrate(store: ObjectStore, base: GitOid, tree: GitOid, tip: GitOid) -> GitOid:
    """As :meth:`orchestrator.ports.Trees.integrate`; a conflict is INT001 and names its paths in ``details``."""
    before, made, now = (store.peel(oid) for oid in (base, tree, tip))
    if now in {before, made}:
        return made
    if made == before:
        return now
    sides = [{entry.path: entry for entry in store.files(side)} for side in (before, made, now)]
    changes, both, conflicts = _by_path(*sides)
    merged, clashes = _merge_contents(store, both, sides)
    changes |= merged
    conflicts += clashes + _file_and_folder(sides[2], changes)
    if conflicts:
        raise _conflict(conflicts)
    return _write(store, now, changes)


def _conflict(paths: Iterable[str]) -> IntegrationConflict:
    names = [visible(path) for path in sorted(set(paths))]
    message = f"The change does not apply on the present tip: {len(names)} path(s) changed on both sides."
    return IntegrationConflict("INT001", message, "make the change again on the present tip", names)


def _by_path(before: _Tree, made: _Tree, now: _Tree) -> tuple[dict[str, TreeEntry | None], list[str], list[str]]:
    """What can simply be taken, what needs its content merged, what is a conflict already."""
    changes: dict[str, TreeEntry | None] = {}
    both: list[str] = []
    conflicts: list[str] = []
    for path in sorted({*before, *made}):
        was, mine, theirs = before.get(path), made.get(path), now.get(path)
        if mine in {was, theirs}:
            continue
        if theirs == was:
            changes[path] = mine
        elif all(side is not None and side.mode in _REGULAR for side in (was, mine, theirs)):
            both.append(path)
        else:
            conflicts.append(path)
    return changes, both, conflicts


def _file_and_folder(now: _Tree, changes: Mapping[str, TreeEntry | None]) -> list[str]:
    """Paths that would be a file for one side and a folder for the other."""
    files = {path for path in now if path not in changes} | {path for path, entry in changes.items() if entry}
    clashes: list[str] = []
    for path in files:
        parts = path.split("/")
        clashes += [folder for n in range(1, len(parts)) if (folder := "/".join(parts[:n])) in files]
    return clashes


def _merge_contents(
    store: ObjectStore, paths: list[str], sides: list[dict[str, TreeEntry]]
) -> tuple[dict[str, TreeEntry], list[str]]:
    if not paths:
        return {}, []
    new: list[NewObject] = []
    trees = [store.replace(None, {path: side[path] for path in paths}, new) for side in sides]
    author = "Handrail <handrail@handrail.invalid>"
    start, mine, theirs = (tree or EMPTY_TREES[store.object_format] for tree in trees)
    root = store.commit(start, (), "base", author, _EPOCH)
    tips = [store.commit(side, (store.id_of(root),), "side", author, _EPOCH) for side in (theirs, mine)]
    store.write([*new, root, *tips])
    return _run(store, [store.id_of(tip) for tip in tips])


def _run(store: ObjectStore, tips: list[GitOid]) -> tuple[dict[str, TreeEntry], list[str]]:
    done = store.git.run("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", *tips, ok=(0, 1))
    tree, *names = done.stdout.split(b"\0")
    if done.returncode == _CONFLICT:
        return {}, [name.decode() for name in names if name]
    if not tree:
        raise failed("merge-tree", done.stderr)
    return {entry.path: entry for entry in store.files(GitOid(tree.decode()))}, []


def _write(store: ObjectStore, now: GitOid, changes: Mapping[str, TreeEntry | None]) -> GitOid:
    new: list[NewObject] = []
    tree = store.replace(now, changes, new)
    if tree is None:
        new.append(NewObject("tree", b""))
    store.write(new)
    return tree or EMPTY_TREES[store.object_format]
