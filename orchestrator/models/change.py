"""What an agent made: a tree, and its identity once it is rebuilt on a tip (D1, D2)."""

from __future__ import annotations

from orchestrator.models.base import Instant, Noun
from orchestrator.models.changed import ChangedFile, ChangeIdentity, ChangeKind, Hunk
from orchestrator.models.ids import Digest, GitOid, RunId, StepId
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.usage import Used

__all__ = ["Change", "ChangeIdentity", "ChangeKind", "ChangedFile", "Hunk", "Observed", "Proposal"]


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
