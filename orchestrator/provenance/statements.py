"""Claims as in-toto Statements v1, and back.

- A change is SLSA Provenance v1 (https://slsa.dev/provenance/v1) with the build type of agent-commit v0.3 by Andrew
  McNamara (https://refs.arewm.com/agent-commit/v0.3). One deviation: that draft carries the prompt itself; here texts
  are named by salted digests only (D13). Keys that start with ``handrail`` are ours.
- Gates and acceptance are in-toto test-result v0.1. ``result``: PASSED is PASSED, NEEDS_PERSON is WARNED, FAILED and
  ERROR are FAILED (the exact one is annotated on the report). Tests are named by fingerprint (gates) or number
  (commands).
- A decision has a predicate type of our own, because in-toto has none for a person's review.

A statement is read by taking a claim from it and building that claim again: whatever is not exactly what we would have
written is refused, so nothing can hide in a member that no reader looks at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.attestation import STATEMENT_TYPE
from orchestrator.models.base import Digest, canonical
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.gate import Demonstration, Result
from orchestrator.provenance import strict
from orchestrator.provenance.claims import (
    AcceptanceClaim,
    ChangeClaim,
    Claim,
    CommandClaim,
    DecisionClaim,
    GateClaim,
)

PROVENANCE: Final = "https://slsa.dev/provenance/v1"
AGENT_COMMIT: Final = "https://refs.arewm.com/agent-commit/v0.3"
TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"
HUMAN_APPROVAL: Final = "urn:handrail:human-approval:0.1"
BUILDER: Final = "urn:handrail:runner:0.1"

_DENIALS: Final = "urn:handrail:denials:"

_WIRE_RESULT: Final = {
    Result.PASSED: "PASSED",
    Result.NEEDS_PERSON: "WARNED",
    Result.FAILED: "FAILED",
    Result.ERROR: "FAILED",
}

Json = dict[str, Any]


def build(claim: Claim) -> bytes:
    """The payload to seal: canonical JSON of one statement."""
    match claim:
        case ChangeClaim():
            return _statement(_subject_of_commit(claim), PROVENANCE, _change(claim))
        case GateClaim():
            return _statement(_subject_of_tree(claim.identity), TEST_RESULT, _gate(claim))
        case AcceptanceClaim():
            return _statement(_subject_of_tree(claim.identity), TEST_RESULT, _acceptance(claim))
        case DecisionClaim():
            return _statement(_subject_of_decision(claim), HUMAN_APPROVAL, _wire(claim))


def read(payload: bytes) -> Claim:
    """The claim of a payload whose signature was verified before.

    Raises ``EvidenceInvalid`` EVID001-003 and EVID006 (JSON), EVID011 (another
    shape), EVID012 (another predicate). NOT checked: that anything in it is true.
    """
    value = strict.parse_canonical(payload, "a statement")
    readers: Mapping[object, Callable[[Json], Claim]] = {
        PROVENANCE: _read_change,
        TEST_RESULT: _read_test_result,
        HUMAN_APPROVAL: _read_decision,
    }
    kind = cast("Json", value).get("predicateType") if isinstance(value, dict) else None
    reader = readers.get(kind) if isinstance(kind, str) else None
    if reader is None:
        raise strict.invalid("EVID012", "a statement has a predicate that is not one of ours", "upgrade handrail")
    try:
        claim = reader(cast("Json", value))
        again = build(claim)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise _misshapen() from None
    if again != payload:
        raise _misshapen()
    return claim


def _misshapen() -> EvidenceInvalid:
    return strict.invalid("EVID011", "a statement does not have the shape of its predicate")


def _wire(noun: Claim) -> Json:
    return noun.model_dump(mode="json")


def _statement(subject: list[Json], predicate_type: str, predicate: Json) -> bytes:
    return canonical(
        {"_type": STATEMENT_TYPE, "subject": subject, "predicateType": predicate_type, "predicate": predicate}
    )


def _sha(name: str, digest: str, **annotations: object) -> Json:
    out: Json = {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}
    return out | ({"annotations": annotations} if annotations else {})


def _git(name: str, kind: str, oid: str) -> Json:
    return {"name": name, "digest": {kind: oid}}


def _subject_of_tree(identity: ChangeIdentity) -> list[Json]:
    return [_git("tree", "gitTree", identity.tree), _sha("manifest", identity.manifest)]


def _subject_of_commit(claim: ChangeClaim) -> list[Json]:
    return [_git("commit", "gitCommit", claim.commit), *_subject_of_tree(claim.identity)]


def _subject_of_decision(claim: DecisionClaim) -> list[Json]:
    decision = claim.decision
    judged = _sha(decision.kind.value, decision.subject)
    return [judged, *(_subject_of_tree(decision.change) if decision.change else [])]


def _change(claim: ChangeClaim) -> Json:
    d = _wire(claim)
    return {
        "buildDefinition": {
            "buildType": AGENT_COMMIT,
            "externalParameters": _external(claim, d),
            "internalParameters": {
                "agent": {"runtime": {"name": claim.agent, "version": claim.agent_version}},
                "handrailAcceptance": d["acceptance"],
                "handrailCustody": d["custody"],
            },
            "resolvedDependencies": _dependencies(claim),
        },
        "runDetails": {
            "builder": {"id": BUILDER},
            "metadata": {
                "invocationId": claim.run,
                "startedOn": d["started_at"],
                "finishedOn": d["finished_at"],
            },
            "byproducts": _byproducts(claim),
        },
    }


def _external(claim: ChangeClaim, d: Json) -> Json:
    return {
        "task": {
            "uri": f"urn:handrail:step:{claim.run}:{claim.step}",
            "content": _sha("spec", claim.spec_text),
        },
        "target": {
            "repository": claim.repository,
            "baseRef": claim.identity.target_ref,
            "baseCommit": claim.base_commit,
        },
        "handrail": {
            "step": claim.step,
            "attempt": claim.attempt,
            "tip": claim.identity.tip,
            "plan": claim.plan,
            "workflow": claim.workflow,
            "requirements": d["requirements"],
        },
    }


def _dependencies(claim: ChangeClaim) -> list[Json]:
    always = [
        _git("base", "gitCommit", claim.base_commit),
        _sha("sandbox-image", claim.image),
        _sha("capabilities", claim.capabilities),
    ]
    return [*always, *([_sha("environment", claim.environment)] if claim.environment else [])]


def _byproducts(claim: ChangeClaim) -> list[Json]:
    denials: Json = {"name": "denials", "uri": f"{_DENIALS}{claim.denials}"}
    return [denials, *([_sha("transcript", claim.transcript)] if claim.transcript else [])]


def _identity(statement: Json, first: int, target_ref: str, tip: str) -> Json:
    tree, manifest = statement["subject"][first : first + 2]
    return {"target_ref": target_ref, "tip": tip, "tree": tree["digest"]["gitTree"], "manifest": _unsha(manifest)}


def _read_change(statement: Json) -> ChangeClaim:
    predicate = statement["predicate"]
    definition, details = predicate["buildDefinition"], predicate["runDetails"]
    external, internal = definition["externalParameters"], definition["internalParameters"]
    ours, target = external["handrail"], external["target"]
    needs, made = _by_name(definition["resolvedDependencies"]), _by_name(details["byproducts"])
    runtime = internal["agent"]["runtime"]
    return ChangeClaim.model_validate(
        {
            "repository": target["repository"],
            "run": details["metadata"]["invocationId"],
            "step": ours["step"],
            "attempt": ours["attempt"],
            "commit": statement["subject"][0]["digest"]["gitCommit"],
            "base_commit": target["baseCommit"],
            "identity": _identity(statement, 1, target["baseRef"], ours["tip"]),
            "plan": ours["plan"],
            "workflow": ours["workflow"],
            "spec_text": _unsha(external["task"]["content"]),
            "requirements": ours["requirements"],
            "agent": runtime["name"],
            "agent_version": runtime["version"],
            "image": _unsha(needs["sandbox-image"]),
            "capabilities": _unsha(needs["capabilities"]),
            "environment": _unsha(needs["environment"]) if "environment" in needs else None,
            "transcript": _unsha(made["transcript"]) if "transcript" in made else None,
            "denials": int(made["denials"]["uri"].removeprefix(_DENIALS)),
            "acceptance": internal["handrailAcceptance"],
            "custody": internal["handrailCustody"],
            "started_at": details["metadata"]["startedOn"],
            "finished_at": details["metadata"]["finishedOn"],
        }
    )


def _by_name(descriptors: list[Json]) -> dict[str, Json]:
    return {d["name"]: d for d in descriptors}


def _unsha(descriptor: Json) -> Digest:
    return Digest("sha256:" + descriptor["digest"]["sha256"])


def _judged(identity: ChangeIdentity, custody: str) -> Json:
    return _sha("change", identity.digest(), targetRef=identity.target_ref, tip=identity.tip, custody=custody)


def _gate(claim: GateClaim) -> Json:
    report = _sha("report", claim.report, gate=claim.gate, result=claim.result.value)
    return {
        "result": _WIRE_RESULT[claim.result],
        "configuration": [
            _sha("configuration", claim.config, tool=claim.tool, toolVersion=claim.tool_version),
            report,
            _judged(claim.identity, claim.custody.value),
        ],
        "passedTests": [claim.gate] if claim.result is Result.PASSED else [],
        "warnedTests": list(claim.to_lift),
        "failedTests": list(claim.failing),
    }


def _acceptance(claim: AcceptanceClaim) -> Json:
    names = [f"command-{n:02}" for n in range(1, len(claim.commands) + 1)]
    failed = [n for n, c in zip(names, claim.commands, strict=True) if c.shows is Demonstration.FAILED]
    commands = [_command(n, c) for n, c in zip(names, claim.commands, strict=True)]
    return {
        "result": _WIRE_RESULT[claim.result],
        "configuration": [
            _sha("sandbox-image", claim.image),
            _sha("report", claim.report, result=claim.result.value),
            _judged(claim.identity, claim.custody.value),
            *([_sha("environment", claim.environment)] if claim.environment else []),
            *commands,
        ],
        "passedTests": [n for n in names if n not in failed],
        "warnedTests": [],
        "failedTests": failed,
    }


def _command(name: str, command: CommandClaim) -> Json:
    return _sha(
        name,
        command.output,
        argv=list(command.argv),
        source=command.source,
        exitOnBase=command.exit_on_base,
        exitOnChange=command.exit_on_change,
        shows=command.shows.value,
    )


def _read_test_result(statement: Json) -> Claim:
    configuration = statement["predicate"]["configuration"]
    first: str = configuration[0]["name"]
    return _read_gate(statement) if first == "configuration" else _read_acceptance(statement)


def _read_gate(statement: Json) -> GateClaim:
    predicate = statement["predicate"]
    config, report, change = predicate["configuration"]
    noted = change["annotations"]
    return GateClaim.model_validate(
        {
            "gate": report["annotations"]["gate"],
            "tool": config["annotations"]["tool"],
            "tool_version": config["annotations"]["toolVersion"],
            "config": _unsha(config),
            "report": _unsha(report),
            "identity": _identity(statement, 0, noted["targetRef"], noted["tip"]),
            "result": report["annotations"]["result"],
            "to_lift": predicate["warnedTests"],
            "failing": predicate["failedTests"],
            "custody": noted["custody"],
        }
    )


def _read_acceptance(statement: Json) -> AcceptanceClaim:
    image, report, change, *rest = statement["predicate"]["configuration"]
    noted = change["annotations"]
    environment = rest.pop(0) if rest and rest[0]["name"] == "environment" else None
    return AcceptanceClaim.model_validate(
        {
            "identity": _identity(statement, 0, noted["targetRef"], noted["tip"]),
            "image": _unsha(image),
            "environment": _unsha(environment) if environment else None,
            "result": report["annotations"]["result"],
            "report": _unsha(report),
            "commands": [_read_command(c) for c in rest],
            "custody": noted["custody"],
        }
    )


def _read_command(descriptor: Json) -> Json:
    noted = descriptor["annotations"]
    return {
        "argv": noted["argv"],
        "source": noted["source"],
        "exit_on_base": noted["exitOnBase"],
        "exit_on_change": noted["exitOnChange"],
        "shows": noted["shows"],
        "output": _unsha(descriptor),
    }


def _read_decision(statement: Json) -> DecisionClaim:
    return DecisionClaim.model_validate(statement["predicate"])
