"""The private bare repository: objects are made here, on top of the user's objects, and nowhere else.

Two rules keep it simple: whatever is written is a loose object (git is never
asked to pack), and whatever is not here is read through the alternates. So
"new" is a question to the file system, and the objects that must be brought to
the user's repository are found without asking git.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from orchestrator.errors import RepositoryError, StoreError
from orchestrator.models.ids import GitOid
from orchestrator.ports import TreeEntry
from orchestrator.vcs.git import Git
from orchestrator.vcs.names import GITLINK
from orchestrator.vcs.packs import TREE_MODE, NewObject, Row, links, object_id, write_pack, write_tree
from orchestrator.vcs.reader import Reader
from orchestrator.vcs.repository import Repository

MAX_DEPTH = 256
_CACHED_LISTS = 16
_PEELED = 200_000
_MANY = 200
"""So many objects are faster to write, and to fsync, as one pack."""
_CONFIG = """[core]
\trepositoryformatversion = {version}
\tbare = true
\tlogAllRefUpdates = false
[extensions]
\tobjectFormat = {object_format}
"""


class ObjectStore:
    """Reads any object, writes new ones. Durable (fsynced) when :meth:`write` returns."""

    def __init__(self, git: Git) -> None:
        self.git = git
        self.object_format = git.object_format
        self.reader = Reader(git)
        self._peeled: OrderedDict[GitOid, GitOid] = OrderedDict()
        self._lists: OrderedDict[GitOid, tuple[TreeEntry, ...]] = OrderedDict()

    def id_of(self, new: NewObject) -> GitOid:
        return object_id(self.object_format, new.kind, new.data)

    def is_new(self, oid: GitOid) -> bool:
        """Whether the object was made here and may be unknown to the user's repository."""
        return (self.git.git_dir / "objects" / oid[:2] / oid[2:]).is_file()

    def write(self, objects: Sequence[NewObject]) -> None:
        """Write all, by one process, checked by git. Raises ``StoreError`` TRE001."""
        receive(self.git, self.object_format, [new for new in objects if not self.is_new(self.id_of(new))])

    def peel(self, oid: GitOid) -> GitOid:
        """The tree of a commit; a tree is itself. Raises ``RepositoryError`` REPO013 or REPO016."""
        known = self._peeled.get(oid)
        if known is not None:
            return known
        info = self.reader.info([f"{oid}^{{tree}}"])[0]
        if info is None or info.kind != "tree":
            raise RepositoryError("REPO016", f"{oid} is neither a commit nor a tree of this clone.")
        self.know(oid, info.oid)
        return info.oid

    def know(self, commit: GitOid, tree: GitOid) -> None:
        """Git said that this is the commit's tree."""
        self._peeled[commit] = self._peeled[tree] = tree
        while len(self._peeled) > _PEELED:
            self._peeled.popitem(last=False)

    def files(self, tree: GitOid) -> tuple[TreeEntry, ...]:
        """All files below a tree, sorted by path."""
        known = self._lists.get(tree)
        if known is None:
            known = self._lists[tree] = tuple(sorted(self._walk(tree), key=lambda entry: entry.path))
            if len(self._lists) > _CACHED_LISTS:
                self._lists.popitem(last=False)
        return known

    def _walk(self, tree: GitOid) -> list[TreeEntry]:
        found: list[TreeEntry] = []
        ahead = [("", tree, 0)]
        while ahead:
            prefix, oid, depth = ahead.pop()
            if depth > MAX_DEPTH:
                raise RepositoryError("REPO010", f"The repository has folders more than {MAX_DEPTH} deep.")
            for row in self.reader.tree(oid):
                if row.mode == TREE_MODE:
                    ahead.append((f"{prefix}{row.name}/", row.oid, depth + 1))
                else:
                    found.append(TreeEntry(prefix + row.name, row.mode, row.oid))
        return found

    def names(self, tree: GitOid, folder: str) -> tuple[str, ...]:
        """In a folder, '' for the root, as far as it is one."""
        row = self.subtree(tree, folder) if folder else Row("", TREE_MODE, tree)
        there = row is not None and row.mode == TREE_MODE
        return tuple(inside.name for inside in self.reader.tree(row.oid)) if row is not None and there else ()

    def subtree(self, tree: GitOid, path: str) -> Row | None:
        """What lies at a path, file or folder, found by reading only the folders on the way."""
        row: Row | None = Row("", TREE_MODE, tree)
        for part in path.split("/"):
            if row is None or row.mode != TREE_MODE:
                return None
            row = _named(self.reader.tree(row.oid), part)
        return row

    def replace(
        self, tree: GitOid | None, changes: Mapping[str, TreeEntry | None], made: list[NewObject]
    ) -> GitOid | None:
        """``tree`` with paths set or removed; the new tree objects are appended to ``made``.

        Only the folders that change are read. ``None`` when nothing is left.
        """
        rows = {row.name: row for row in self.reader.tree(tree)} if tree else {}
        below: dict[str, dict[str, TreeEntry | None]] = {}
        for path, entry in changes.items():
            name, _, rest = path.partition("/")
            below.setdefault(name, {})[rest] = entry
        for name, inner in below.items():
            row = self._row(name, rows.get(name), inner, made)
            if row is None:
                rows.pop(name, None)
            else:
                rows[name] = row
        return self._tree(rows, made) if rows else None

    def _tree(self, rows: Mapping[str, Row], made: list[NewObject]) -> GitOid:
        new = NewObject("tree", write_tree(rows.values()))
        made.append(new)
        return self.id_of(new)

    def _row(self, name: str, old: Row | None, inner: dict[str, TreeEntry | None], made: list[NewObject]) -> Row | None:
        if "" in inner:
            leaf = inner.pop("")
            if leaf is not None:
                return Row(name, leaf.mode, leaf.oid)
            old = None
        if not inner:
            return old
        start = old.oid if old is not None and old.mode == TREE_MODE else None
        tree = self.replace(start, inner, made)
        return None if tree is None else Row(name, TREE_MODE, tree)

    def commit(self, tree: GitOid, parents: Sequence[GitOid], message: str, author: str, when: datetime) -> NewObject:
        """A commit object, not yet written: author as given, committer Handrail, no signature."""
        seconds = int(when.timestamp())
        lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
        lines += [f"author {author} {seconds} +0000"]
        lines += [f"committer Handrail <handrail@handrail.invalid> {seconds} +0000"]
        text = message.replace("\0", "").rstrip("\n") + "\n"
        return NewObject("commit", ("\n".join(lines) + "\n\n" + text).encode())

    def missing(self, roots: Sequence[GitOid], have: Collection[GitOid]) -> list[NewObject]:
        """Every object made here that a repository lacks which holds the commits ``have`` and all below them.

        A commit's tree is compared with its first parent's, so what did not change is not looked at.
        """
        commits: dict[GitOid, NewObject] = {}
        trees: list[tuple[GitOid, GitOid | None]] = []
        ahead = list(roots)
        while ahead:
            oid = ahead.pop()
            if oid in commits or oid in have or not self.is_new(oid):
                continue
            commits[oid] = NewObject("commit", self.reader.one(oid, "commit"))
            tree, *parents = links(commits[oid])
            trees.append((tree, self.peel(parents[0]) if parents else None))
            ahead += parents
        return [*commits.values(), *self._new_in(trees)]

    def _new_in(self, ahead: list[tuple[GitOid, GitOid | None]]) -> list[NewObject]:
        trees: dict[GitOid, NewObject] = {}
        blobs: dict[GitOid, None] = {}
        while ahead:
            oid, old = ahead.pop()
            if oid == old or oid in trees or not self.is_new(oid):
                continue
            rows = self.reader.tree(oid)
            trees[oid] = NewObject("tree", write_tree(rows))
            before = {row.name: row for row in self.reader.tree(old)} if old else {}
            for row in rows:
                was = before.get(row.name)
                if row.mode == TREE_MODE:
                    ahead.append((row.oid, was.oid if was and was.mode == TREE_MODE else None))
                elif row.mode != GITLINK and (was is None or was.oid != row.oid) and self.is_new(row.oid):
                    blobs[row.oid] = None
        return [*trees.values(), *(NewObject(i.kind, data) for i, data in self.reader.contents(list(blobs)))]


def receive(git: Git, object_format: str, objects: Sequence[NewObject], *, loose: bool = True) -> None:
    """Put objects into a repository; many may stay one pack unless ``loose``.

    Raises ``StoreError`` TRE001 (disk full, no permission, git's check refuses).
    """
    if not objects:
        return
    unique = list(dict.fromkeys(objects))
    pack = write_pack(object_format, unique)
    command = ["unpack-objects", "-q"] if loose or len(unique) < _MANY else ["index-pack", "--stdin"]
    done = git.run(*command, "--strict", stdin=pack, timeout_seconds=300, ok=range(256))
    if done.returncode != 0:
        words = tuple(done.stderr.decode(errors="backslashreplace").splitlines()[:20])
        hint = "make room on the disk, and check that the repository is yours to write"
        raise StoreError("TRE001", "New objects could not be written.", hint, words)


def open_private(repository: Repository, private: Path) -> ObjectStore:
    """The private bare repository, made when it is not there. Raises ``StoreError`` TRE002."""
    objects = private / "objects"
    alternate = str(repository.objects.resolve())
    if not alternate.isprintable() or '"' in alternate:
        raise RepositoryError("REPO007", "The repository's path has characters that git cannot be given.")
    try:
        for folder in (objects / "info", objects / "pack", private / "refs" / "heads"):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        version = 0 if repository.object_format == "sha1" else 1
        config = _CONFIG.format(version=version, object_format=repository.object_format)
        _keep(private / "config", config if version else config.split("[extensions]")[0])
        _keep(objects / "info" / "alternates", alternate + "\n")
        _keep(private / "HEAD", "ref: refs/heads/none\n")
    except OSError as error:
        hint = "check the disk and the permissions of the state folder"
        raise StoreError("TRE002", f"The private repository cannot be made: {error.strerror}.", hint) from error
    return ObjectStore(Git(private, repository.object_format, extra=repository.seen))


def _keep(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text() != text:
        path.write_text(text)


def _named(rows: Sequence[Row], name: str) -> Row | None:
    for row in rows:
        if row.name == name:
            return row
    return None
