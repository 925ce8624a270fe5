"""What an agent made: a tree, and its identity once it is rebuilt on a tip (D1, D2)."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.models.base import Digest, GitOid, Instant, Noun, RunId, StepId
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.usage import Used


class ChangeKind(StrEnum):
    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    MODE = "mode"


class ChangedFile(Noun):
    """One path. ``old_*`` is ``None`` for an added file, ``new_*`` for a deleted one. Modes are git's six digits."""

    path: str
    old_path: str | None = None
    kind: ChangeKind
    old_mode: str | None = None
    new_mode: str | None = None
    old_blob: GitOid | None = None
    new_blob: GitOid | None = None
    added_lines: int = 0
    removed_lines: int = 0
    binary: bool = False


class Hunk(Noun):
    """One contiguous difference.

    ``id`` is the digest over path, mode, old blob, enclosing definition and the
    exact bytes added and removed; ``definition`` is the enclosing qualified name, or ''.
    """

    id: Digest
    path: str
    definition: str
    old_start: int
    old_lines: int
    new_start: int
    new_lines: int


class Observed(Noun):
    """What was seen of one attempt from outside its sandbox. ``None`` and ``''`` mean that nobody looked.

    ``model`` is ``provider/id`` as the broker relayed it; ``network`` and
    ``processes`` are digests of the records, ``sandbox_policy`` of the profile
    that was enforced.
    """

    model: str = ""
    network: Digest | None = None
    processes: Digest | None = None
    sandbox_policy: Digest | None = None


class Proposal(Noun):
    """What came out of a sandbox, on the base that the agent saw. Not yet judgeable (D1).

    ``model`` is what the upstream reported, ``traffic`` the stored account of the broker, where the agent had one;
    ``processes`` a stored account of them, ``sandbox_policy`` the digest of the profile that was enforced.
    ``hidden`` are the paths of the base that its agent was not shown.
    ``people`` have edited it since (names in the policy), and ``written`` is the tree before they did; ``mixed`` says
    that an agent has worked on it after them, so that nobody knows whose a line is.
    ``risks`` are protections that the sandbox lacked and that somebody had accepted; ``used`` is what the attempt took.
    """

    run: RunId
    step: StepId
    attempt: int
    base_commit: GitOid
    base_tree: GitOid
    tree: GitOid
    agent: str
    agent_version: str
    image: str
    summary: str = ""
    transcript: Digest | None = None
    denials: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    model: str = ""
    traffic: Digest | None = None
    processes: Digest | None = None
    sandbox_policy: Digest | None = None
    people: tuple[str, ...] = ()
    risks: tuple[AcceptedRisk, ...] = ()
    used: Used = Used.model_construct()
    written: GitOid | None = None
    mixed: bool = False
    started_at: Instant
    finished_at: Instant


class ChangeIdentity(Noun):
    """The triple that every verdict is of. ``manifest`` is SHA-256 over sorted (mode, path, sha256(blob)) (D3)."""

    target_ref: str
    tip: GitOid
    tree: GitOid
    manifest: Digest


class Change(Noun):
    """A proposal rebuilt on the present tip of its target line: judgeable."""

    run: RunId
    step: StepId
    attempt: int
    proposal: Digest
    identity: ChangeIdentity
    files: tuple[ChangedFile, ...]
    hunks: tuple[Hunk, ...]
    diff: Digest
