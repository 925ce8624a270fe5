"""A person's review on the wire: predicate ``urn:handrail:human-approval:0.1``, because in-toto has none.

:class:`HumanApproval` is the predicate; its JSON Schema is ``docs/reference/schemas/human-approval.v0.1.json``. Fields
are only ever added with a new version. Texts are not in it (D13).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from orchestrator.models.base import Instant
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.ids import RequirementId, RunId, StepId
from orchestrator.models.policy import Custody
from orchestrator.provenance.predicates.claims import DecisionClaim
from orchestrator.provenance.predicates.wire import Json

from . import wire

_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
_Oid = Annotated[str, Field(pattern=r"^([0-9a-f]{40}|[0-9a-f]{64})$")]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True)


class Reviewer(_Wire):
    """``key_fingerprint`` is the SHA-256 of the raw ed25519 public key, in hex."""

    name: str
    key_fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    role: str
    custody: Custody


class Target(_Wire):
    """The exact change that was judged: this tree, on this commit, for this ref."""

    ref: str
    from_commit: _Oid
    approved_tree: _Oid
    approved_manifest: _Digest


class HumanApproval(_Wire):
    """A verdict of one reviewer on a plan, a change, or all changes of a run.

    ``subject`` is the digest of what was judged. ``shown`` are the evidence
    digests that were on the sheet, ``document`` is the digest of that sheet.
    ``waived`` are fingerprints of findings that the reviewer lifts by name.
    """

    version: Literal["0.1"] = "0.1"
    decision: Verdict
    kind: SubjectKind
    subject: _Digest
    reviewer: Reviewer
    run: RunId
    step: StepId | None = None
    item: str
    target: Target | None = None
    diff: _Digest | None = None
    hunks: tuple[_Digest, ...] = ()
    requirements: tuple[RequirementId, ...] = ()
    shown: tuple[_Digest, ...] = ()
    document: _Digest | None = None
    waived: tuple[_Digest, ...] = ()
    comment: _Digest | None = None
    decided_on: Instant


def predicate(claim: DecisionClaim) -> Json:
    """Of one decision."""
    d = claim.decision
    return {
        "version": "0.1",
        "decision": d.verdict.value,
        "kind": d.kind.value,
        "subject": d.subject,
        "reviewer": {
            "name": d.reviewer,
            "keyFingerprint": claim.keyid,
            "role": d.role,
            "custody": claim.custody.value,
        },
        "run": d.run,
        "step": d.step,
        "item": d.item,
        "target": d.change and _target(d.change),
        "diff": d.diff,
        "hunks": list(d.hunks),
        "requirements": list(d.requirements),
        "shown": list(d.shown),
        "document": d.document,
        "waived": list(d.lifts),
        "comment": d.comment,
        "decidedOn": wire.time(d.decided_at),
    }


def _target(change: ChangeIdentity) -> Json:
    return {
        "ref": change.target_ref,
        "fromCommit": change.tip,
        "approvedTree": change.tree,
        "approvedManifest": change.manifest,
    }


def subject(claim: DecisionClaim) -> list[Json]:
    """What was judged; for a change its tree and manifest too."""
    decision = claim.decision
    judged = wire.sha(decision.kind.value, decision.subject)
    return [judged, *(wire.of_tree(decision.change) if decision.change else [])]


def read(statement: Json) -> DecisionClaim:
    """The claim of such a statement."""
    p = statement["predicate"]
    reviewer, target = p["reviewer"], p["target"]
    parts = ("ref", "fromCommit", "approvedTree", "approvedManifest")
    change = target and wire.identity_of(*(target[part] for part in parts))
    decision = {
        "item": p["item"],
        "run": p["run"],
        "kind": p["kind"],
        "step": p["step"],
        "subject": p["subject"],
        "change": change,
        "hunks": p["hunks"],
        "shown": p["shown"],
        "lifts": p["waived"],
        "verdict": p["decision"],
        "reviewer": reviewer["name"],
        "role": reviewer["role"],
        "comment": p["comment"],
        "document": p["document"],
        "diff": p["diff"],
        "requirements": p["requirements"],
        "decided_at": p["decidedOn"],
    }
    return DecisionClaim.model_validate(
        {"decision": decision, "keyid": reviewer["keyFingerprint"], "custody": reviewer["custody"]}
    )


def schema() -> Json:
    """The predicate's JSON Schema (2020-12), as it is published."""
    found = HumanApproval.model_json_schema(by_alias=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": wire.HUMAN_APPROVAL}
    return {**head, **found, "required": sorted(found["properties"])}
