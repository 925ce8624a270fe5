"""What a statement says, as nouns. Builders and readers of the wire form are in :mod:`.statements`.

Texts (D13). A claim names a text only by a salted digest: SHA-256 over 32 random bytes followed by the text. Salt and
text are one blob, so the blob's own digest *is* what the statement carries, and nothing else has to remember which salt
belongs to which text. The salt is not in the statement: there it would outlive an erasure and let anybody confirm a
guess at a short sentence. Each text has its own salt, so that erasing one text leaves the others readable. The digest
of the plan is not salted, because it is what a person signed; confirming a guess at it needs the whole plan and the
digest of the whole spec.
"""

from __future__ import annotations

import re
import secrets
from typing import Annotated, Final, TypeVar

from pydantic import AfterValidator, Field, ValidationError

from orchestrator.models.base import Digest, GitOid, Instant, Noun, RequirementId, RunId, StepId, sha256
from orchestrator.models.change import Change, ChangeIdentity, Proposal
from orchestrator.models.decision import Decision
from orchestrator.models.gate import AcceptanceReport, AcceptanceRun, Demonstration, Disposition, GateReport, Result
from orchestrator.models.plan import Plan
from orchestrator.models.policy import Custody
from orchestrator.provenance import strict

_SALT_BYTES: Final = 32
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_OID: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def _digest(value: str) -> str:
    if not _DIGEST.fullmatch(value):
        raise ValueError("not a SHA-256 digest")
    return value


def _oid(value: str) -> str:
    if not _OID.fullmatch(value):
        raise ValueError("not a git object id")
    return value


Sha256 = Annotated[Digest, AfterValidator(_digest)]
Oid = Annotated[GitOid, AfterValidator(_oid)]


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
    are digests of nouns; ``image`` is the sandbox image's. ``acceptance`` is the
    digest of the acceptance report, ``None`` when the step had no command.
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
    image: Sha256
    capabilities: Sha256
    environment: Sha256 | None = None
    transcript: Sha256 | None = None
    denials: int = Field(default=0, ge=0)
    acceptance: Sha256 | None = None
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


class DecisionClaim(Noun):
    """``custody`` is of the reviewer's key."""

    decision: Decision
    custody: Custody


_Noun = TypeVar("_Noun", bound=Noun)

Claim = ChangeClaim | GateClaim | AcceptanceClaim | DecisionClaim


def _stated(kind: type[_Noun], **values: object) -> _Noun:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        fields = ", ".join(sorted({str(e["loc"][0]) for e in error.errors() if e["loc"]}))
        raise strict.invalid(
            "EVID013", f"this cannot be stated: {fields}", "digests are sha256: and 64 digits"
        ) from None


def of_change(
    change: Change,
    proposal: Proposal,
    plan: Plan,
    *,
    repository: str,
    commit: GitOid,
    texts: dict[RequirementId, Digest],
    spec_text: Digest,
    transcript: Digest | None,
    acceptance: AcceptanceReport | None,
    custody: Custody,
    started_at: Instant,
    finished_at: Instant,
) -> ChangeClaim:
    """A claim from the nouns of a run. ``texts`` and the two text digests are salted ones.

    Raises ``EvidenceInvalid`` EVID013 for a digest or id that is none.
    """
    step = next(s for s in plan.steps if s.id == change.step)
    return _stated(
        ChangeClaim,
        repository=repository,
        run=change.run,
        step=change.step,
        attempt=change.attempt,
        commit=commit,
        identity=change.identity,
        base_commit=proposal.base_commit,
        plan=plan.digest(),
        workflow=plan.workflow,
        spec_text=spec_text,
        requirements=tuple(RequirementClaim(id=r, text=texts[r]) for r in step.requirements),
        agent=proposal.agent,
        agent_version=proposal.agent_version,
        image=proposal.image,
        capabilities=step.capabilities.digest(),
        environment=acceptance.environment if acceptance else None,
        transcript=transcript,
        denials=len(proposal.denials),
        acceptance=acceptance.digest() if acceptance else None,
        custody=custody,
        started_at=started_at,
        finished_at=finished_at,
    )


def of_report(report: GateReport, custody: Custody) -> GateClaim:
    """A claim from a gate's report. Raises ``EvidenceInvalid`` EVID013."""
    return _stated(
        GateClaim,
        gate=report.gate,
        tool=report.tool,
        tool_version=report.tool_version,
        config=report.config,
        report=report.digest(),
        identity=report.change,
        result=report.result,
        to_lift=_fingerprints(report, {Disposition.PERSON}),
        failing=_fingerprints(report, {Disposition.AGENT, Disposition.DENY}),
        custody=custody,
    )


def _fingerprints(report: GateReport, kinds: set[Disposition]) -> tuple[Digest, ...]:
    return tuple(sorted({f.fingerprint for f in report.findings if f.disposition in kinds}))


def of_acceptance(report: AcceptanceReport, custody: Custody) -> AcceptanceClaim:
    """A claim from an acceptance report. Raises ``EvidenceInvalid`` EVID013."""
    return _stated(
        AcceptanceClaim,
        identity=report.change,
        image=report.image,
        environment=report.environment,
        result=report.result,
        report=report.digest(),
        commands=tuple(_command(run) for run in report.runs),
        custody=custody,
    )


def _command(run: AcceptanceRun) -> CommandClaim:
    return CommandClaim(
        argv=run.argv,
        source=run.source,
        exit_on_base=run.exit_on_base,
        exit_on_change=run.exit_on_change,
        shows=run.shows,
        output=run.output,
    )
