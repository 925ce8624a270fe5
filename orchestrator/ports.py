"""Every seam of the house. Rooms meet here and nowhere else.

No I/O, no implementation. Dataclasses in this file are what passes through a
seam and is not kept; whatever is kept is a noun in :mod:`orchestrator.models`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from orchestrator.models.attestation import PAYLOAD_TYPE, Signature
from orchestrator.models.base import Digest, GitOid, RunId
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.change import ChangedFile, ChangeIdentity, Hunk
from orchestrator.models.decision import ReviewItem
from orchestrator.models.environment import Environment
from orchestrator.models.event import Event
from orchestrator.models.gate import GateReport
from orchestrator.models.plan import Step
from orchestrator.models.run import Run
from orchestrator.models.spec import Requirement


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""
        ...


# --- storage -----------------------------------------------------------------


class Blobs(Protocol):
    """Content-addressed bytes.

    A blob is durable after :meth:`flush`, and before any later write of the
    :class:`RunIndex` of the same store. Whoever refers to a blob from elsewhere
    (a checkpoint, a git ref) flushes first.
    """

    def put(self, data: bytes) -> Digest:
        """Raises :class:`~orchestrator.errors.StoreError` (disk full, no permission)."""
        ...

    def get(self, digest: Digest) -> bytes:
        """The exact bytes, re-digested on the way; also before they are durable.

        Raises ``StoreError`` when absent or altered.
        """
        ...

    def flush(self) -> None:
        """Make every blob durable. Raises ``StoreError``."""
        ...


class EventSink(Protocol):
    def emit(self, event: Event) -> None: ...


class RunIndex(EventSink, Protocol):
    """Short transactions by any process on this repository's ``runs.db``."""

    def add_run(self, run: Run) -> None: ...

    def save_run(self, run: Run) -> None:
        """Replace the row of ``run.id``."""
        ...

    def run(self, run: RunId) -> Run:
        """Raises :class:`~orchestrator.errors.UsageError` for an unknown id."""
        ...

    def runs(self) -> tuple[Run, ...]:
        """Newest first."""
        ...

    def add_item(self, item: ReviewItem) -> None:
        """Idempotent: an item with the same id stays as it is."""
        ...

    def item(self, item: str) -> ReviewItem:
        """Raises ``UsageError`` for an unknown id."""
        ...

    def open_items(self, run: RunId | None = None) -> tuple[ReviewItem, ...]:
        """Items without an outcome of runs that are not over, oldest first."""
        ...

    def close_item(self, item: str, outcome: str) -> None: ...

    def outcome(self, item: str) -> str | None: ...

    def add_decision(self, item: str, keyid: str, envelope: bytes) -> None:
        """One per key and item; raises ``UsageError`` when the item is closed or the key has decided."""
        ...

    def decisions(self, item: str) -> tuple[bytes, ...]:
        """DSSE lines in the order in which they came."""
        ...

    def add_comment(self, item: str, comment: Digest) -> None:
        """Remember a stored :class:`~orchestrator.models.review.Comment` of an item."""
        ...

    def comments(self, item: str) -> tuple[Digest, ...]:
        """In the order in which they came."""
        ...

    def events(self, run: RunId, after: int = 0) -> Sequence[tuple[int, Event]]: ...

    def effect(self, key: str) -> Digest | None:
        """The recorded result of a side effect, by its idempotency key."""
        ...

    def record_effect(self, key: str, result: Digest) -> None:
        """Remember that a side effect happened. The first result of a key stays."""
        ...

    def ask_to_cancel(self, run: RunId) -> None: ...

    def cancel_asked(self, run: RunId) -> bool: ...


# --- version control ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One row of ``ls-tree -r``. ``mode`` is git's: 100644, 100755, 120000 or 160000."""

    path: str
    mode: str
    oid: GitOid


@dataclass(frozen=True, slots=True)
class OutMember:
    """One file that came out of a sandbox: ``mode`` 100644, 100755 or 120000 (``data`` is the link's target)."""

    path: str
    mode: str
    data: bytes


@dataclass(frozen=True, slots=True)
class ChangeOut:
    """What a sandbox gave back. Hostile.

    ``present`` are all paths that exist now; ``changed`` those whose content
    may differ. ``refused`` are members that are not even files or links.
    """

    present: frozenset[str]
    changed: tuple[OutMember, ...]
    refused: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BuiltTree:
    """``denials`` are sentences, one per path that was not granted and is not in ``tree``."""

    tree: GitOid
    denials: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TreeDiff:
    """``text`` is a unified diff with full blob ids, made with myers and no attributes."""

    files: tuple[ChangedFile, ...]
    hunks: tuple[Hunk, ...]
    text: bytes


@dataclass(frozen=True, slots=True)
class RefUpdate:
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

    def blob(self, oid: GitOid) -> bytes: ...

    def blobs(self, oids: Sequence[GitOid]) -> Iterator[bytes]: ...

    def file(self, commit: GitOid, path: str) -> bytes | None:
        """One file's bytes at a commit, or ``None``."""
        ...

    def manifest(self, tree: GitOid) -> Digest:
        """SHA-256 over sorted (mode, path, sha256(blob))."""
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

    def evidence(self, ref: str) -> Mapping[str, bytes]:
        """Path → bytes of an evidence branch; empty when it does not exist."""
        ...

    def prepare_evidence(self, ref: str, files: Mapping[str, bytes], when: datetime) -> RefUpdate:
        """A commit on ``ref``'s tip with ``files`` added or replaced; not yet visible."""
        ...


@dataclass(frozen=True, slots=True)
class CommitNode:
    """One commit as history has it. ``parents`` are in git's order."""

    oid: GitOid
    parents: tuple[GitOid, ...]
    tree: GitOid


class History(Protocol):
    """What ``verify`` reads of a repository beside :class:`Trees`."""

    def commits(self, base: GitOid | None, head: GitOid) -> tuple[CommitNode, ...]:
        """All that ``head`` reaches and ``base`` does not, parents before children. No grafts, no replace refs."""
        ...

    def evidence_refs(self) -> tuple[str, ...]:
        """Full names of all evidence branches, local and remote-tracking, sorted."""
        ...


# --- sandbox -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SandboxRequest:
    """What a container is made for.

    ``key`` is the idempotency key (run, step, attempt, purpose). ``environment``
    is the host directory to mount read-only. ``open_tree`` makes the whole copy
    writable, for commands whose tree is thrown away (acceptance). ``import_roots``
    are directories of the tree from which Python imports the project's own packages.
    """

    key: str
    run: RunId
    limits: Limits
    environment: str | None = None
    open_tree: bool = False
    import_roots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Execution:
    """How a command ended.

    ``exit_code`` is the process's, 124 on time-out, 137 when killed;
    ``truncated`` says that output passed its cap.
    """

    exit_code: int
    stdout: bytes
    stderr: bytes
    duration_seconds: float
    truncated: bool = False
    timed_out: bool = False


class Sandbox(Protocol):
    """One live container.

    Every method raises ``SandboxUnavailable`` when it is gone and
    ``LimitReached`` past its wall time.
    """

    def copy_in(
        self,
        entries: Sequence[TreeEntry],
        read: Callable[[Sequence[GitOid]], Iterator[bytes]],
        capabilities: Capabilities,
        protected: Sequence[str],
    ) -> None:
        """Put a tree at ``/work``: what may not be read is left out, what may not be written is owned by root."""
        ...

    def execute(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout_seconds: float,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Execution:
        """Run in ``/work`` as the unprivileged user; all its processes are ended with it.

        ``on_output`` gets stdout as it comes.
        """
        ...

    def change_out(self) -> ChangeOut:
        """End all processes and read the tree back, within caps. Raises ``AgentFailed`` past a cap."""
        ...


class Sandboxes(Protocol):
    """A container engine that has been probed."""

    @property
    def image(self) -> str:
        """The image's digest."""
        ...

    def open(self, request: SandboxRequest) -> AbstractContextManager[Sandbox]:
        """A fresh container, gone when the context ends. Raises ``SandboxUnavailable`` / ``SandboxUnsafe``."""
        ...


class Environments(Protocol):
    """Builds and caches a project's dependencies (D5)."""

    def prepare(self, files: Mapping[str, bytes]) -> tuple[Environment, str] | None:
        """The environment of these lock or requirements files and the directory where it lies.

        ``None`` when none of them names a dependency. Raises ``SandboxUnavailable``
        when it cannot be built.
        """
        ...


# --- agents ------------------------------------------------------------------


class AgentEventKind(StrEnum):
    STARTED = "started"
    MESSAGE = "message"
    TOOL_CALL = "tool-call"
    COMMAND = "command"
    FILE_WRITTEN = "file-written"
    FAILED = "failed"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class AgentEvent:
    kind: AgentEventKind
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class AgentTask:
    """All that an agent is told. ``feedback`` are findings and rejections of earlier attempts, oldest first."""

    run: RunId
    step: Step
    attempt: int
    requirements: tuple[Requirement, ...]
    prompt: str
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentOutcome:
    """``finished`` is the agent's own word, no evidence of anything. ``timed_out`` is the host's."""

    finished: bool
    timed_out: bool = False
    summary: str = ""
    transcript: bytes = b""


class Agent(Protocol):
    """A driver. The agent itself runs inside the sandbox (D22)."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def run(self, task: AgentTask, sandbox: Sandbox, emit: Callable[[AgentEvent], None]) -> AgentOutcome:
        """Raises ``AgentFailed`` when the program could not be run at all."""
        ...


# --- gates -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change as gates see it: blobs, never a work tree."""

    identity: ChangeIdentity
    files: tuple[ChangedFile, ...]
    blob: Callable[[GitOid], bytes]
    protected: tuple[str, ...]
    test_roots: tuple[str, ...]


class Gate(Protocol):
    @property
    def name(self) -> str: ...

    def check(self, candidate: Candidate) -> GateReport:
        """Never raises for what a candidate contains: a gate that cannot judge reports ``ERROR``."""
        ...


# --- signatures --------------------------------------------------------------


class Signer(Protocol):
    """Holds one private key. Parses nothing (D12)."""

    @property
    def keyid(self) -> str: ...

    @property
    def public_key(self) -> str: ...

    def sign(self, payload: bytes, payload_type: str = PAYLOAD_TYPE) -> Signature:
        """A signature over the DSSE pre-authentication encoding, which binds the payload to its type."""
        ...


class Notifier(Protocol):
    """Words for the person at the terminal; never data."""

    def say(self, text: str) -> None: ...


__all__ = [
    "Agent",
    "AgentEvent",
    "AgentEventKind",
    "AgentOutcome",
    "AgentTask",
    "Blobs",
    "BuiltTree",
    "Candidate",
    "ChangeOut",
    "Clock",
    "CommitNode",
    "Environments",
    "EventSink",
    "Execution",
    "Gate",
    "History",
    "Notifier",
    "OutMember",
    "RefUpdate",
    "RunIndex",
    "Sandbox",
    "SandboxRequest",
    "Sandboxes",
    "Signer",
    "TreeDiff",
    "TreeEntry",
    "Trees",
]
