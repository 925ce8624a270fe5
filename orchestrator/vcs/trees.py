"""The :class:`orchestrator.ports.Trees` of a real git repository."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from orchestrator.errors import RepositoryError
from orchestrator.models.changed import ChangedFile
from orchestrator.models.ids import Digest, GitOid
from orchestrator.ports import BlamedLine, BuiltTree, ChangeOut, CommitNode, RefUpdate, TreeDiff, TreeEntry
from orchestrator.vcs import outside, repository
from orchestrator.vcs.diff import changed_files, diff
from orchestrator.vcs.later import Later
from orchestrator.vcs.manifests import Manifests
from orchestrator.vcs.names import GITLINK, MAX_PATH_BYTES
from orchestrator.vcs.objects import ObjectStore, open_private
from orchestrator.vcs.packs import TREE_MODE
from orchestrator.vcs.repository import Repository

if TYPE_CHECKING:
    from orchestrator.vcs import blame, build, carried, evidence, history, integrate, refs, revise, walk, worktree
    from orchestrator.vcs.walk import Walked
    from orchestrator.vcs.worktree import TargetVerdict
else:
    blame, build, carried, evidence, history, integrate, refs, revise, walk, worktree = map(
        Later, ("blame", "build", "carried", "evidence", "history", "integrate", "refs", "revise", "walk", "worktree")
    )

MAX_BLOB_BYTES = 64 * 1024 * 1024


class GitTrees:
    """A context manager: one git process lives from the first read until the end. Thread-safe.

    Nothing in the user's repository is written but by :meth:`update_refs` and :meth:`advance`, and no work
    tree is ever read or written.
    """

    def __init__(
        self,
        found: Repository,
        store: ObjectStore,
        max_blob_bytes: int = MAX_BLOB_BYTES,
        fresh: Mapping[str, GitOid] | None = None,
        before_move: Callable[[], None] = lambda: None,
    ) -> None:
        self.repository = found
        self._before_move = before_move
        self._fresh = dict(fresh or {})
        self._store = store
        self._max_blob_bytes = max_blob_bytes
        self._carriable: set[GitOid] = set()
        self._manifests = Manifests(store)
        self._brought: set[GitOid] = set()

    @classmethod
    def open(
        cls,
        folder: Path,
        private: Path,
        fresh: Mapping[str, GitOid] | None = None,
        before_move: Callable[[], None] = lambda: None,
    ) -> Self:
        """The repository in or above ``folder``; trees are made in the bare repository ``private``, made if absent.

        ``fresh`` are evidence branches that are read at these commits. ``before_move`` is called right before each
        reference is moved, and what it raises keeps it from that. Raises ``RepositoryError`` REPO001, REPO005,
        REPO006 or REPO007, ``StoreError`` TRE002.
        """
        return cls.of(repository.find(folder), private, fresh, before_move)

    @classmethod
    def of(
        cls,
        found: Repository,
        private: Path,
        fresh: Mapping[str, GitOid] | None = None,
        before_move: Callable[[], None] = lambda: None,
    ) -> Self:
        """As :meth:`open` does, of a repository that was found."""
        if fresh is not None:
            found = replace(found, quarantine=os.environ.get("GIT_QUARANTINE_PATH", ""))
        return cls(found, open_private(found, private.absolute()), fresh=fresh, before_move=before_move)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the git process. Later calls start a new one."""
        self._store.reader.close()

    @property
    def id(self) -> str:
        """See :func:`orchestrator.vcs.repository.repository_id`."""
        return self.repository.id

    def target_ref(self) -> str:
        """The branch that HEAD is on. Raises ``RepositoryError`` REPO002 (no commit) or REPO004 (detached)."""
        return repository.target_ref(self.repository)

    def resolve(self, rev: str) -> GitOid:
        if re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", rev):
            info = self._store.reader.info([f"{rev}^{{commit}}"])[0]
            if info is not None and info.kind == "commit":
                return info.oid
        return repository.resolve(self.repository, rev)

    def default_base(self, head: str) -> GitOid:
        """See :func:`orchestrator.vcs.outside.default_base`."""
        return outside.default_base(self.repository, head, self.resolve(head))

    def began(self, base: str, head: str) -> tuple[GitOid, GitOid]:
        """Where the head's line of work left the base's, or the base where they have nothing in common; and the head.

        Raises as :meth:`resolve`.
        """
        found = outside.ends(self.repository, base, head)
        if found is not None:
            return found
        commit, given = self.resolve(head), self.resolve(base)
        return self.merge_base(given, commit) or given, commit

    def staged_base(self) -> GitOid:
        """See :func:`orchestrator.vcs.outside.staged_base`."""
        return outside.staged_base(self.repository)

    def merge_base(self, one: GitOid, other: GitOid) -> GitOid | None:
        """See :func:`orchestrator.vcs.outside.merge_base`."""
        return outside.merge_base(self.repository, one, other)

    def staged(self, index: Path | None = None) -> GitOid:
        """See :func:`orchestrator.vcs.outside.staged_tree`."""
        return outside.staged_tree(self.repository, self._store, index)

    def patched(self, base: GitOid, patch: bytes) -> GitOid:
        """See :func:`orchestrator.vcs.outside.patched_tree`."""
        return outside.patched_tree(self.repository, self._store, base, patch)

    def tree_of(self, commit: GitOid) -> GitOid:
        return self._store.peel(commit)

    def entries(self, tree: GitOid) -> tuple[TreeEntry, ...]:
        """As the port says. REPO010 a name, REPO011 a mode, REPO012 a size, REPO013 a content that is not here."""
        entries = self._store.files(self._store.peel(tree))
        for entry in entries:
            if len(entry.path.encode()) > MAX_PATH_BYTES:
                message = f"The repository holds a path of more than {MAX_PATH_BYTES} bytes."
                raise RepositoryError("REPO010", message, "shorten it and commit that first", [entry.path])
        self._require_carriable(entries)
        return entries

    def _require_carriable(self, entries: Sequence[TreeEntry]) -> None:
        unknown = [e for e in entries if e.mode != GITLINK and e.oid not in self._carriable]
        for entry, info in zip(unknown, self._store.reader.info([e.oid for e in unknown]), strict=True):
            if info is None:
                hint = "complete the clone first: `git fetch --refetch`"
                raise RepositoryError("REPO013", f"The content of {entry.path} is not in this clone.", hint)
            if info.size > self._max_blob_bytes:
                message = f"{entry.path} has {info.size} bytes; {self._max_blob_bytes} is the most."
                raise RepositoryError("REPO012", message, "keep large files out of the repository")
            self._carriable.add(entry.oid)

    def entry(self, tree: GitOid, path: str) -> TreeEntry | None:
        row = self._store.subtree(tree, path)
        return None if row is None or row.mode in {TREE_MODE, GITLINK} else TreeEntry(path, row.mode, row.oid)

    def folder(self, tree: GitOid, path: str) -> GitOid | None:
        row = self._store.subtree(tree, path)
        return row.oid if row is not None and row.mode == TREE_MODE else None

    def names(self, tree: GitOid, folder: str) -> tuple[str, ...]:
        return self._store.names(self._store.peel(tree), folder)

    def blob(self, oid: GitOid) -> bytes:
        return self._manifests.blob(oid)

    def blobs(self, oids: Sequence[GitOid]) -> Iterator[bytes]:
        for info, data in self._store.reader.contents(oids):
            if info.kind != "blob":
                raise RepositoryError("REPO016", f"{info.oid} is a {info.kind}, and a blob was expected.")
            yield data

    def file(self, commit: GitOid, path: str) -> bytes | None:
        row = self._store.subtree(self._store.peel(commit), path)
        return None if row is None or row.mode in {TREE_MODE, GITLINK} else self.blob(row.oid)

    def manifest(self, tree: GitOid) -> Digest:
        """See :mod:`orchestrator.vcs.manifests` for its form."""
        return self._manifests.of(tree)

    def ready(self, trees: Sequence[GitOid]) -> None:
        self._manifests.ready(trees)

    def look(self, trees: Sequence[GitOid]) -> None:
        self._store.reader.read_trees(list(dict.fromkeys(trees)))

    def build(
        self, base: GitOid, out: ChangeOut, readable: Callable[[str], bool], deny: Callable[[str], str | None]
    ) -> BuiltTree:
        return build.build(self._store, self._store.peel(base), out, readable, deny)

    def integrate(self, base: GitOid, tree: GitOid, tip: GitOid) -> GitOid:
        return integrate.integrate(self._store, base, tree, tip)

    def changed_files(self, old: GitOid, new: GitOid) -> tuple[ChangedFile, ...]:
        """See :func:`orchestrator.vcs.diff.changed_files`."""
        return changed_files(self._store, old, new)

    def diff(self, old: GitOid, new: GitOid) -> TreeDiff:
        return diff(self._store, old, new)

    def take_hunks(self, old: GitOid, new: GitOid, wanted: Collection[Digest]) -> GitOid:
        return revise.take_hunks(self._store, old, new, wanted)

    def put_file(self, tree: GitOid, path: str, data: bytes) -> GitOid:
        return revise.put_file(self._store, tree, path, data)

    def commit(self, tree: GitOid, parent: GitOid, message: str, author: str, when: datetime) -> GitOid:
        """As the port says. ``author`` is a name; its address ``<slug>@handrail.invalid``."""
        name = re.sub(r"[^\w .()+-]+", "", author).strip(" .") or "agent"
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "agent"
        new = self._store.commit(tree, [parent], message, f"{name} <{slug}@handrail.invalid>", when)
        self._store.write([new])
        return self._store.id_of(new)

    def ref(self, name: str) -> GitOid | None:
        return repository.read_ref(self.repository, name)

    def update_refs(self, updates: Sequence[RefUpdate]) -> None:
        """As the port says; REPO021 when a branch is checked out in some worktree."""
        self._before_move()
        refs.update_refs(self.repository, self._store, updates, self._brought)

    def checked_out(self, ref: str) -> str | None:
        return worktree.checked_out_branches(self.repository).get(ref)

    def evidence(self, ref: str, since: str = "") -> Mapping[str, bytes]:
        return evidence.read(self._store, self._fresh.get(ref) or self.ref(ref), since=since)

    def commits(self, base: GitOid | None, head: GitOid) -> tuple[CommitNode, ...]:
        return self._known(history.commits(self.repository, self._store.reader, base, head))

    def walk(self, head: GitOid, base: GitOid | None) -> Iterator[Walked]:
        """See :func:`orchestrator.vcs.walk.walk`."""
        return walk.walk(self.repository, head, base)

    def nodes(self, oids: Sequence[GitOid]) -> tuple[CommitNode, ...]:
        return self._known(history.nodes(self._store.reader, oids))

    def _known(self, nodes: tuple[CommitNode, ...]) -> tuple[CommitNode, ...]:
        for node in nodes:
            if not node.defect:
                self._store.know(node.oid, node.tree)
        return nodes

    def blame(self, rev: GitOid, path: str, first: int, last: int) -> Generator[Sequence[BlamedLine]]:
        text = self.file(rev, path)
        if text is None:
            raise blame.no_such_lines(path, rev, (first, last))
        return blame.blame(self.repository, rev, path, text, (first, last))

    def replaced(self) -> frozenset[GitOid]:
        return history.replaced(self.repository)

    def evidence_refs(self) -> tuple[str, ...]:
        return tuple(sorted(self.evidence_tips()))

    def evidence_tips(self) -> Mapping[str, GitOid]:
        return {**history.evidence_tips(self.repository), **self._fresh}

    def evidence_files(self, ref: str) -> Mapping[str, GitOid]:
        return evidence.files(self._store, self._fresh.get(ref) or self.ref(ref))

    def evidence_below(self, ref: str, prefix: str) -> Mapping[str, bytes]:
        """Like :meth:`evidence`, but only the files below one folder are read."""
        return evidence.read(self._store, self.ref(ref), prefix)

    def prepare_evidence(self, ref: str, files: Mapping[str, bytes], when: datetime) -> RefUpdate:
        return evidence.prepare(self._store, ref, self.ref(ref), files, when)

    def carry(
        self, files: Mapping[str, bytes], trees: Collection[GitOid], parents: Sequence[GitOid], when: datetime
    ) -> GitOid:
        """See :func:`orchestrator.vcs.carried.pack`."""
        return carried.pack(self._store, files, trees, parents, message="Review", when=when)

    def carried(self, commit: GitOid, caps: carried.Caps) -> carried.Carried:
        """See :func:`orchestrator.vcs.carried.unpack`."""
        return carried.unpack(self._store, commit, caps)

    def made_here(self, oids: Collection[GitOid]) -> dict[GitOid, str]:
        """Those that exist and may be unknown to the user's repository, with their kinds."""
        new = [oid for oid in oids if self._store.is_new(oid)]
        return {i.oid: i.kind for i in self._store.reader.info(new) if i is not None}

    def holds(self, newer: GitOid, older: GitOid) -> bool:
        """Whether ``newer`` is ``older`` or was built on it. ``False`` for what is not here."""
        known = self._store.reader.info([newer, older])
        both = [i for i in known if i is not None and i.kind == "commit"]
        return len(both) == len(known) and worktree.is_ancestor(self._store.git, older, newer)

    def refs_below(self, prefix: str) -> dict[str, GitOid]:
        """Full name → commit of the references below a folder of them."""
        said = self.repository.git.run("for-each-ref", "--format=%(objectname) %(refname)", prefix).stdout.decode()
        return {ref: GitOid(oid) for oid, _, ref in (line.partition(" ") for line in said.splitlines())}

    def judge_target(self, target_ref: str, run_ref: str) -> TargetVerdict:
        """What ``handrail merge`` may do with the target branch (D14). Raises ``RepositoryError`` REPO003."""
        tip = self.resolve(run_ref)
        target = self.ref(target_ref)
        where = self.checked_out(target_ref)
        return worktree.judge_target(self._store.git, target_ref, target, run_ref, tip, checked_out=where)

    def advance(self, target_ref: str, run_ref: str) -> TargetVerdict:
        """Fast-forward the target branch to the run's tip when that is allowed; otherwise only say why not."""
        target = self.ref(target_ref)
        verdict = self.judge_target(target_ref, run_ref)
        if verdict.move is worktree.TargetMove.FAST_FORWARD:
            self.update_refs([RefUpdate(target_ref, self.resolve(run_ref), target)])
        return verdict
