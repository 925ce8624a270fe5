"""What a statement says, as nouns. Builders and readers of the wire form are in :mod:`.statements`.

Texts (D13). A claim names a text only by a salted digest: SHA-256 over 32 random bytes followed by the text. Salt and
text are one blob, so the blob's own digest *is* what the statement carries, and nothing else has to remember which salt
belongs to which text. The salt is not in the statement: there it would outlive an erasure and let anybody confirm a
guess at a short sentence. Each text has its own salt, so that erasing one text leaves the others readable. The digest
of the plan is not salted, because it is what a person signed; confirming a guess at it needs the whole plan and the
digest of the whole spec.
"""

from __future__ import annotations

import secrets
from enum import StrEnum
from typing import Annotated, Final, Literal, assert_never

from pydantic import Field

from orchestrator.models.base import Instant, Noun
from orchestrator.models.change import ChangeIdentity, Observed
from orchestrator.models.decision import Decision
from orchestrator.models.found import Result
from orchestrator.models.gate import Demonstration
from orchestrator.models.ids import Digest, GitOid, RequirementId, RunId, StepId, sha256
from orchestrator.models.policy import Custody
from orchestrator.models.risk import AcceptedRisk
from orchestrator.provenance import strict

_SALT_BYTES: Final = 32
Sha256 = Annotated[Digest, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Oid = Annotated[GitOid, Field(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]


def salted(text: bytes) -> tuple[Digest, bytes]:
    """A fresh salt with the text behind it, to be stored as one blob, and that blob's digest for the statement."""
    blob = secrets.token_bytes(_SALT_BYTES) + text
    return sha256(blob), blob


def text_of(blob: bytes, digest: Digest) -> bytes:
    """The text of a salted blob. Raises ``EvidenceInvalid`` EVID014 when it is not the one that was stated."""
    if len(blob) < _SALT_BYTES or sha256(blob) != digest:
        raise strict.invalid("EVID014", "a stored text is not the one that its statement names")
    return blob[_SALT_BYTES:]


class RequirementClaim(Noun):
    """``text`` is a salted digest."""

    id: RequirementId
    text: Sha256


class ChangeClaim(Noun):
    """A commit, and where it came from.

    ``repository`` is an id, never a path of somebody's machine. ``spec_text``
    and ``transcript`` are salted digests; ``environment`` and ``capabilities``
    are digests of nouns; ``image`` is the sandbox image's, none of a change made by hand. ``acceptance`` is the
    digest of the acceptance report, ``None`` when the step had no command.
    ``proposed`` is the tree that came out of the sandbox, before it was rebuilt
    on the tip. In ``observed`` the records of network and processes are salted. ``risks`` are protections that the
    sandbox lacked, each with who answers for that.
    ``people`` edited it by hand (names in the policy).
    """

    repository: str
    run: RunId
    step: StepId
    attempt: int = Field(ge=1)
    commit: Oid
    identity: ChangeIdentity
    base_commit: Oid
    plan: Sha256
    workflow: Sha256
    spec_text: Sha256
    requirements: tuple[RequirementClaim, ...] = Field(min_length=1)
    agent: str
    agent_version: str
    image: Sha256 | None = None
    capabilities: Sha256
    environment: Sha256 | None = None
    transcript: Sha256 | None = None
    proposed: Oid
    observed: Observed = Observed()
    denials: int = Field(default=0, ge=0)
    risks: tuple[AcceptedRisk, ...] = ()
    acceptance: Sha256 | None = None
    people: tuple[str, ...] = ()
    custody: Custody
    started_at: Instant
    finished_at: Instant


class GateClaim(Noun):
    """``to_lift`` are fingerprints that only a person can lift; ``failing`` those that nobody can."""

    gate: str
    tool: str
    tool_version: str
    config: Sha256
    report: Sha256
    identity: ChangeIdentity
    result: Result
    to_lift: tuple[Sha256, ...] = ()
    failing: tuple[Sha256, ...] = ()
    custody: Custody
    at: Instant


class CommandClaim(Noun):
    """One acceptance command. ``source`` is the place that named it (D4)."""

    argv: tuple[str, ...]
    source: str
    exit_on_base: int
    exit_on_change: int
    shows: Demonstration
    output: Sha256


class AcceptanceClaim(Noun):
    identity: ChangeIdentity
    image: Sha256
    environment: Sha256 | None = None
    result: Result
    report: Sha256
    commands: tuple[CommandClaim, ...]
    custody: Custody
    at: Instant


class DecisionClaim(Noun):
    """``keyid`` and ``custody`` are of the reviewer's key."""

    decision: Decision
    keyid: str
    custody: Custody


class Contributor(StrEnum):
    """Who wrote a line, in the words of Agent Trace."""

    HUMAN = "human"
    AI = "ai"
    MIXED = "mixed"
    UNKNOWN = "unknown"


class LineRange(Noun):
    """Lines ``start`` to ``end`` of the new side, both included, from 1. ``content`` is over their exact bytes."""

    start: int = Field(ge=1)
    end: int = Field(ge=1)
    content: Sha256
    contributor: Contributor = Contributor.AI


class LinesOfFile(Noun):
    """The changed lines of one file; none for a file that was only deleted from, renamed, or is no text."""

    path: str
    blob: Oid
    ranges: tuple[LineRange, ...]


class LinesClaim(Noun):
    """Every line that a commit added or changed. ``authorship`` is the digest of the change's envelope line."""

    commit: Oid
    identity: ChangeIdentity
    run: RunId
    step: StepId
    attempt: int = Field(ge=1)
    requirements: tuple[RequirementClaim, ...] = Field(min_length=1)
    authorship: Sha256
    agent: str
    agent_version: str
    model: str = ""
    files: tuple[LinesOfFile, ...]
    custody: Custody
    at: Instant


class ProofClaim(Noun):
    """That a workflow was searched whole before it ran, and that no way through it merges a change unseen.

    ``rules`` is the digest of the property's own source, so that a reader knows
    which prover spoke. It proves the orchestration, never the code.
    """

    run: RunId
    workflow: Sha256
    property: str
    engine: str
    rules: Sha256
    states: int = Field(ge=1)
    transitions: int = Field(ge=0)
    custody: Custody
    at: Instant


class MonitorClaim(Noun):
    """The run-time monitor's verdict: each node that ran was led to by the workflow.

    ``transitions`` were seen since the statement before (``after`` counts all
    earlier ones); ``trace`` is over their names in order. A transition that the
    workflow does not have ends the run, so that nothing is merged after it.
    """

    run: RunId
    workflow: Sha256
    commit: Oid
    after: int = Field(ge=0)
    transitions: int = Field(ge=0)
    trace: Sha256
    held: Literal[True] = True
    custody: Custody
    at: Instant


Claim = ChangeClaim | LinesClaim | GateClaim | AcceptanceClaim | DecisionClaim | ProofClaim | MonitorClaim


def stated_at(claim: Claim) -> Instant:
    """When its signer says that it was so. The signer's word."""
    match claim:
        case ChangeClaim():
            return claim.finished_at
        case DecisionClaim():
            return claim.decision.decided_at
        case LinesClaim() | GateClaim() | AcceptanceClaim() | ProofClaim() | MonitorClaim():
            return claim.at
    assert_never(claim)
