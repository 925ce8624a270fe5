"""The tree that comes out of a sandbox: the base with what was allowed to change.

Hostile input. Three answers, in this order: the whole output is refused
(``AgentFailed``: a name that nobody should have to look at, a contradiction, a
size), one path is left as it was with a sentence (not granted, ``.git``, a link
that leads out, a collision), or it is taken.

Codes: OUT001 hostile name · OUT002 too many or too large · OUT003
contradictory · OUT004 git's own check refused the tree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from orchestrator.errors import AgentFailed, StoreError
from orchestrator.models.ids import GitOid
from orchestrator.policy.paths import fold
from orchestrator.ports import BuiltTree, ChangeOut, OutMember, TreeEntry
from orchestrator.vcs.git import EMPTY_TREES
from orchestrator.vcs.names import (
    GITLINK,
    LINK,
    MODES,
    bad_target,
    has_git_component,
    hostile,
    unportable,
    unsafe_link,
    visible,
)
from orchestrator.vcs.objects import ObjectStore
from orchestrator.vcs.packs import NewObject

MAX_CHANGED_FILES = 20_000
MAX_CHANGED_BYTES = 256 * 1024 * 1024
_SHOWN = 20

Deny = Callable[[str], str | None]


@dataclass(slots=True)
class _Draft:
    store: ObjectStore
    base: dict[str, TreeEntry]
    final: dict[str, TreeEntry]
    made: dict[GitOid, NewObject] = field(default_factory=dict[GitOid, NewObject])
    denials: list[str] = field(default_factory=list[str])

    def revert(self, path: str, sentence: str) -> None:
        """Leave a path as it was in the base."""
        self.denials.append(sentence)
        self.final.pop(path, None)
        if path in self.base:
            self.final[path] = self.base[path]


def build(store: ObjectStore, base: GitOid, out: ChangeOut, readable: Callable[[str], bool], deny: Deny) -> BuiltTree:
    """As :meth:`orchestrator.ports.Trees.build`. The same input gives the same tree and sentences."""
    entries = {entry.path: entry for entry in store.files(base)}
    _check(out, entries)
    draft = _Draft(store, entries, dict(entries))
    draft.denials += [f"sandbox: {visible(name)} is neither a file nor a link and was left out" for name in out.refused]
    _leave_out_git(draft, out)
    _delete(draft, out.present, readable, deny)
    _put_all(draft, out.changed, deny)
    _drop_unsafe_links(draft)
    return BuiltTree(_write(draft, base), tuple(draft.denials))


def _check(out: ChangeOut, base: dict[str, TreeEntry]) -> None:
    changed = [member.path for member in out.changed]
    arrived = {path for path in out.present.union(changed) if path not in base}
    bad = [f"{visible(path)} {reason}" for path in sorted(arrived) if (reason := hostile(path))]
    if bad:
        message = f"The sandbox gave back {len(bad)} path(s) that cannot be taken."
        raise AgentFailed("OUT001", message, "ask for plain file names", bad[:_SHOWN])
    if len(changed) > MAX_CHANGED_FILES or sum(len(member.data) for member in out.changed) > MAX_CHANGED_BYTES:
        raise AgentFailed("OUT002", "The sandbox gave back more than one step may change.", "make the step smaller")
    twice = [path for path, count in Counter(changed).items() if count > 1]
    silent = [path for path in sorted(arrived.difference(changed)) if not has_git_component(path)]
    modes = [member.path for member in out.changed if member.mode not in MODES - {GITLINK}]
    odd = [visible(path) for path in (*twice, *silent, *modes)]
    if odd:
        message = "The sandbox's output contradicts itself (twice, without content, or with an unknown mode)."
        raise AgentFailed("OUT003", message, "run the step again", odd[:_SHOWN])


def _leave_out_git(draft: _Draft, out: ChangeOut) -> None:
    """One sentence for each folder that holds a ``.git``: an inner repository has thousands of files."""
    names = out.present.union(member.path for member in out.changed)
    inside = sorted({_git_root(path) for path in names if has_git_component(path)})
    draft.denials += [f"sandbox: {root} belongs to git and was left out" for root in inside]


def _git_root(path: str) -> str:
    parts = path.split("/")
    last = next(n for n, part in enumerate(parts) if has_git_component(part))
    return "/".join(parts[: last + 1])


def _delete(draft: _Draft, present: frozenset[str], readable: Callable[[str], bool], deny: Deny) -> None:
    for path, entry in draft.base.items():
        if path in present or entry.mode == GITLINK or not readable(path) or _cannot_go_in(draft, entry):
            continue
        sentence = deny(path)
        if sentence is None:
            del draft.final[path]
        else:
            draft.denials.append(sentence)


def _cannot_go_in(draft: _Draft, entry: TreeEntry) -> bool:
    """A link that no sandbox is given; that it is absent says nothing."""
    return entry.mode == LINK and bad_target(draft.store.reader.one(entry.oid, "blob")) is not None


def _put_all(draft: _Draft, members: Iterable[OutMember], deny: Deny) -> None:
    new = sorted((m for m in members if not has_git_component(m.path)), key=lambda m: m.path)
    new = [m for m in new if not _same(draft, m)]
    folders = Counter(parent for path in draft.final for parent in _parents(path)) if new else Counter[str]()
    folded = {fold(p): p for path in draft.final for p in (path, *_parents(path))} if new else {}
    for member in new:
        sentence = _refusal(draft, member, folders, folded, deny)
        if sentence is not None:
            draft.denials.append(sentence)
            continue
        blob = NewObject("blob", member.data)
        oid = draft.store.id_of(blob)
        draft.made[oid] = blob
        if member.path not in draft.final:
            folders.update(_parents(member.path))
        for place in (member.path, *_parents(member.path)):
            folded[fold(place)] = place
        draft.final[member.path] = TreeEntry(member.path, member.mode, oid)


def _same(draft: _Draft, member: OutMember) -> bool:
    old = draft.base.get(member.path)
    return (
        old is not None
        and old.mode == member.mode
        and old.oid == draft.store.id_of(NewObject("blob", member.data))
        and member.path in draft.final
    )


def _refusal(draft: _Draft, member: OutMember, folders: Counter[str], folded: dict[str, str], deny: Deny) -> str | None:
    path = member.path
    sentence = deny(path)
    if sentence is not None:
        return sentence
    old = draft.final.get(path)
    if old is not None and old.mode == GITLINK:
        return f"sandbox: {path} is a submodule and was left as it was"
    odd = unportable(path) if old is None else None
    if odd is not None:
        return f"sandbox: {path} {odd} and was left out"
    if folders[path] or any(parent in draft.final for parent in _parents(path)):
        return f"sandbox: {path} would be both a file and a folder and was left out"
    for place in (path, *_parents(path)):
        other = folded.get(fold(place), place)
        if other != place:
            return f"sandbox: {path} differs from {other} only in letter case or form and was left out"
    return None


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:n]) for n in range(len(parts) - 1, 0, -1)]


def _drop_unsafe_links(draft: _Draft) -> None:
    """Again until nothing changes: a link that is put back may lead another one astray."""
    while True:
        links = {path: entry for path, entry in draft.final.items() if entry.mode == LINK}
        new = [path for path, entry in sorted(links.items()) if draft.base.get(path) != entry]
        if not new:
            return
        targets = {path: _target(draft, entry.oid) for path, entry in links.items()}
        bad = {path: reason for path in new if (reason := unsafe_link(path, draft.final, targets))}
        if not bad:
            return
        for path, reason in bad.items():
            draft.revert(path, f"sandbox: the link {path} {reason} and was left out")


def _target(draft: _Draft, oid: GitOid) -> bytes:
    made = draft.made.get(oid)
    return made.data if made else draft.store.reader.one(oid, "blob")


def _write(draft: _Draft, base: GitOid) -> GitOid:
    changes: dict[str, TreeEntry | None] = {path: None for path in draft.base if path not in draft.final}
    changes |= {path: entry for path, entry in draft.final.items() if draft.base.get(path) != entry}
    if not changes:
        return base
    trees: list[NewObject] = []
    tree = draft.store.replace(base, changes, trees)
    used = {entry.oid for entry in changes.values() if entry}
    made = [blob for oid, blob in draft.made.items() if oid in used]
    if tree is None:
        trees.append(NewObject("tree", b""))
    try:
        draft.store.write([*made, *trees])
    except StoreError as error:
        if any("fsck error" in line for line in error.details):
            message = "git's own check refused what the sandbox gave back."
            raise AgentFailed("OUT004", message, "look at the paths named here", error.details) from error
        raise
    return tree or EMPTY_TREES[draft.store.object_format]
