"""Claims as in-toto Statements v1, and back.

A change is SLSA Provenance v1 (:mod:`.authorship`), its lines are a predicate around an Agent Trace record
(:mod:`.lines`), gates and acceptance are test-result v0.1 (:mod:`.tested`), a person's decision is ``human-approval``
(:mod:`.approval`); the workflow's proof and the monitor's verdict are plain predicates of ours.

A statement is read by taking a claim from it and building that claim again: whatever is not exactly what we would have
written is refused, so nothing can hide in a member that no reader looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, assert_never, cast

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.ids import canonical
from orchestrator.provenance import strict
from orchestrator.provenance.predicates.claims import (
    AcceptanceClaim,
    ChangeClaim,
    Claim,
    DecisionClaim,
    GateClaim,
    LinesClaim,
    MonitorClaim,
    ProofClaim,
)
from orchestrator.provenance.predicates.wire import Json

from . import approval, authorship, lines, tested, wire


def build(claim: Claim) -> bytes:
    """The payload to seal: canonical JSON of one statement."""
    return canonical(_statement(claim))


def _statement(claim: Claim) -> Json:  # noqa: PLR0911  one for each kind of claim
    match claim:
        case ChangeClaim():
            subject = wire.of_commit(claim.commit, claim.identity)
            return wire.statement(subject, wire.PROVENANCE, authorship.predicate(claim))
        case LinesClaim():
            subject = wire.of_commit(claim.commit, claim.identity)
            return wire.statement(subject, wire.LINES, lines.predicate(claim))
        case GateClaim():
            return wire.statement(wire.of_tree(claim.identity), wire.TEST_RESULT, tested.gate(claim))
        case AcceptanceClaim():
            return wire.statement(wire.of_tree(claim.identity), wire.TEST_RESULT, tested.acceptance(claim))
        case DecisionClaim():
            return wire.statement(approval.subject(claim), wire.HUMAN_APPROVAL, approval.predicate(claim))
        case ProofClaim():
            subject = [wire.sha("workflow", claim.workflow)]
            return wire.statement(subject, wire.WORKFLOW_PROOF, claim.model_dump(mode="json"))
        case MonitorClaim():
            subject = [wire.git("commit", "gitCommit", claim.commit)]
            return wire.statement(subject, wire.RUN_MONITOR, claim.model_dump(mode="json"))
    assert_never(claim)


_READERS: Final[Mapping[str, Callable[[Json], Claim]]] = {
    wire.PROVENANCE: authorship.read,
    wire.LINES: lines.read,
    wire.TEST_RESULT: tested.read,
    wire.HUMAN_APPROVAL: approval.read,
    wire.WORKFLOW_PROOF: lambda s: ProofClaim.model_validate(s["predicate"]),
    wire.RUN_MONITOR: lambda s: MonitorClaim.model_validate(s["predicate"]),
}


def read(payload: bytes) -> Claim:
    """The claim of a payload whose signature was verified before.

    Raises ``EvidenceInvalid`` EVID001-003 and EVID006 (JSON), EVID011 (another
    shape), EVID012 (another predicate). NOT checked: that anything in it is true.
    """
    value = strict.quick(payload)
    claim = _claim(cast("Json", value)) if isinstance(value, dict) else None
    if claim is not None and strict.is_written(_statement(claim), payload):
        return claim
    raise _why(payload, known=claim is not None)


def _claim(value: Json) -> Claim | None:
    kind = value.get("predicateType")
    reader = _READERS.get(kind) if isinstance(kind, str) else None
    try:
        return reader(value) if reader else None
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        return None


def _why(payload: bytes, *, known: bool) -> EvidenceInvalid:
    """The exact defect, looked for only when there is one."""
    try:
        value = strict.parse_canonical(payload, "a statement")
    except EvidenceInvalid as error:
        return error
    kind = cast("Json", value).get("predicateType") if isinstance(value, dict) else None
    if not known and not (isinstance(kind, str) and kind in _READERS):
        return strict.invalid("EVID012", "a statement has a predicate that is not one of ours", "upgrade handrail")
    return strict.invalid("EVID011", "a statement does not have the shape of its predicate")
