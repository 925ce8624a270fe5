"""Trees and history of a repository."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from orchestrator.models.changed import ChangedFile, Hunk
from orchestrator.models.ids import Digest, GitOid


class TreeEntry(NamedTuple):
    """One row of ``ls-tree -r``. ``mode`` is git's: 100644, 100755, 120000 or 160000."""

    path: str
    mode: str
    oid: GitOid


class OutMember(NamedTuple):
    """One file that came out of a sandbox: ``mode`` 100644, 100755 or 120000 (``data`` is the link's target)."""

    path: str
    mode: str
    data: bytes


class ChangeOut(NamedTuple):
    """What a sandbox gave back. Hostile.

    ``present`` are all paths that exist now; ``changed`` those whose content
    may differ. ``refused`` are members that are not even files or links.
    """

    present: frozenset[str]
    changed: tuple[OutMember, ...]
    refused: tuple[str, ...] = ()


class BuiltTree(NamedTuple):
    """``denials`` are sentences, one per path that was not granted and is not in ``tree``."""

    tree: GitOid
    denials: tuple[str, ...] = ()


class TreeDiff(NamedTuple):
    """``text`` is a unified diff with full blob ids, made with myers and no attributes."""

    files: tuple[ChangedFile, ...]
    hunks: tuple[Hunk, ...]
    text: bytes


class RefUpdate(NamedTuple):
    """``old`` is the value that must still be there; ``None`` means the ref must not exist."""

    ref: str
    new: GitOid
    old: GitOid | None


class Trees(Protocol):
    """The user's repository, read; and a private bare repository in which trees are made (D3)."""

    def resolve(self, rev: str) -> GitOid:
        """A commit id. Raises :class:`~orchestrator.errors.RepositoryError`."""
        ...

    def tree_of(self, commit: GitOid) -> GitOid: ...

    def entries(self, tree: GitOid) -> tuple[TreeEntry, ...]:
        """Sorted by path. Raises ``RepositoryError`` for a tree that cannot go in and out unchanged."""
        ...

    def entry(self, tree: GitOid, path: str) -> TreeEntry | None:
        """The file at a path, or ``None``."""
        ...

    def folder(self, tree: GitOid, path: str) -> GitOid | None:
        """The tree of the folder at a path, or ``None``."""
        ...

    def names(self, tree: GitOid, folder: str) -> tuple[str, ...]:
        """Of files and folders in a folder, '' for the root; empty where there is none."""
        ...

    def blob(self, oid: GitOid) -> bytes: ...

    def blobs(self, oids: Sequence[GitOid]) -> Iterator[bytes]: ...

    def file(self, commit: GitOid, path: str) -> bytes | None:
        """One file's bytes at a commit, or ``None``."""
        ...

    def manifest(self, tree: GitOid) -> Digest:
        """SHA-256 over sorted (mode, path, sha256(blob))."""
        ...

    def ready(self, trees: Sequence[GitOid]) -> None:
        """Read what these trees hold in few questions, before each is asked about on its own."""
        ...

    def look(self, trees: Sequence[GitOid]) -> None:
        """As :meth:`ready`, but only which names stand at the top of each."""
        ...

    def build(
        self, base: GitOid, out: ChangeOut, readable: Callable[[str], bool], deny: Callable[[str], str | None]
    ) -> BuiltTree:
        """The tree ``base`` with ``out`` applied. ``deny`` gives the sentence why a path may not change.

        Paths that were not readable are carried over. Raises ``AgentFailed``
        when the whole output is refused (caps, hostile names).
        """
        ...

    def integrate(self, base: GitOid, tree: GitOid, tip: GitOid) -> GitOid:
        """``tree`` (made on commit ``base``) rebuilt on commit ``tip``. Raises ``IntegrationConflict``."""
        ...

    def diff(self, old: GitOid, new: GitOid) -> TreeDiff: ...

    def take_hunks(self, old: GitOid, new: GitOid, wanted: Collection[Digest]) -> GitOid:
        """Tree ``old`` with only the hunks of its difference to ``new`` that are wanted.

        Raises ``UsageError`` REV030 (a file that can only be taken whole) or REV031 (no hunk of it).
        """
        ...

    def put_file(self, tree: GitOid, path: str, data: bytes) -> GitOid:
        """``tree`` with other bytes in a regular file that it has. Raises ``UsageError`` REV032."""
        ...

    def commit(self, tree: GitOid, parent: GitOid, message: str, author: str, when: datetime) -> GitOid:
        """Single parent; the same arguments give the same id. Not yet in the user's repository."""
        ...

    def ref(self, name: str) -> GitOid | None:
        """Of the user's repository."""
        ...

    def update_refs(self, updates: Sequence[RefUpdate]) -> None:
        """All or none, in the user's repository, after the objects were brought there; no hook runs.

        Raises ``RepositoryError`` (code ``REPO020``) when a ref is not at ``old``.
        """
        ...

    def checked_out(self, ref: str) -> str | None:
        """The worktree in which a branch is checked out, or ``None``."""
        ...

    def evidence(self, ref: str, since: str = "") -> Mapping[str, bytes]:
        """Path → bytes of an evidence branch; empty when it does not exist.

        With ``since`` of the files in folders only those at or after this path.
        """
        ...

    def prepare_evidence(self, ref: str, files: Mapping[str, bytes], when: datetime) -> RefUpdate:
        """A commit on ``ref``'s tip with ``files`` added or replaced; not yet visible."""
        ...


class CommitNode(NamedTuple):
    """One commit as history has it.

    ``parents`` are in git's order; ``claims`` are the values of its
    ``Handrail-Change`` trailers, which anybody can write. ``defect`` says why
    nothing can be concluded of it; the other members then mean nothing.
    """

    oid: GitOid
    parents: tuple[GitOid, ...]
    tree: GitOid
    claims: tuple[str, ...] = ()
    defect: str = ""


class BlamedLine(NamedTuple):
    """One line, and the commit, path and line number at which it was written."""

    number: int
    text: bytes
    commit: GitOid
    path: str
    line: int
    author: str


class History(Protocol):
    """What ``verify`` reads of a repository beside :class:`Trees`."""

    def commits(self, base: GitOid | None, head: GitOid) -> tuple[CommitNode, ...]:
        """All that ``head`` reaches and ``base`` does not, parents before children. No grafts, no replace refs."""
        ...

    def nodes(self, oids: Sequence[GitOid]) -> tuple[CommitNode, ...]:
        """These commits alone, in no particular order."""
        ...

    def blame(self, rev: GitOid, path: str, first: int, last: int) -> Generator[Sequence[BlamedLine]]:
        """Where each line of a file at a commit comes from; moves and copies are followed. ``last`` 0 is the end.

        Lines come as they are found, each once, in no order. Raises ``RepositoryError`` REPO040 when there is no such
        file or no such line.
        """
        ...

    def replaced(self) -> frozenset[GitOid]:
        """Objects in whose place ``refs/replace`` has others. They are never read here."""
        ...

    def evidence_refs(self) -> tuple[str, ...]:
        """Full names of all evidence branches, local and remote-tracking, sorted."""
        ...

    def evidence_tips(self) -> Mapping[str, GitOid]:
        """The commit that each of them is at."""
        ...

    def evidence_files(self, ref: str) -> Mapping[str, GitOid]:
        """Path → blob of an evidence branch; empty when it does not exist."""
        ...
