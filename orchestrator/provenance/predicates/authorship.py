"""Authorship on the wire: SLSA Provenance v1 (https://slsa.dev/provenance/v1), build type agent-commit.

The build type is agent-commit v0.3 by Andrew McNamara (https://refs.arewm.com/agent-commit/v0.3). One deviation: that
draft carries the prompt itself; here texts are named by salted digests only (D13). Keys that start with ``handrail``
are ours; ``handrailNotObserved`` names what nobody watched.
"""

from __future__ import annotations

from typing import Final

from orchestrator.models.change import Observed
from orchestrator.provenance.predicates.claims import ChangeClaim
from orchestrator.provenance.predicates.wire import Json

from . import wire

_DENIALS: Final = "urn:handrail:denials:"
_OBSERVATIONS: Final = "application/vnd.runtime-observations+json"


def predicate(claim: ChangeClaim) -> Json:
    """SLSA Provenance v1 of a change."""
    return {
        "buildDefinition": {
            "buildType": wire.AGENT_COMMIT,
            "externalParameters": _external(claim),
            "internalParameters": {
                "agent": _agent(claim),
                "sandboxPolicy": _sandbox_policy(claim),
                "handrailAcceptance": claim.acceptance,
                "handrailCustody": claim.custody.value,
                "handrailNotObserved": not_observed(claim.observed),
                **_risks(claim),
                **({"handrailEditedBy": list(claim.people)} if claim.people else {}),
            },
            "resolvedDependencies": _dependencies(claim),
        },
        "runDetails": {
            "builder": {"id": wire.BUILDER},
            "metadata": {
                "invocationId": claim.run,
                "startedOn": wire.time(claim.started_at),
                "finishedOn": wire.time(claim.finished_at),
            },
            "byproducts": _byproducts(claim),
        },
    }


def _agent(claim: ChangeClaim) -> Json:
    runtime: Json = {"runtime": {"name": claim.agent, "version": claim.agent_version}}
    whole = claim.observed.model
    provider, _, model = whole.rpartition("/")
    provider, model = (provider, model) if provider and model else ("", whole)
    return runtime | ({"model": {"provider": provider, "modelId": model}} if claim.observed.model else {})


def _sandbox_policy(claim: ChangeClaim) -> Json:
    """The profile that was enforced; where nobody reported it, what the step was granted."""
    enforced = claim.observed.sandbox_policy
    return wire.sha("enforced", enforced) if enforced else wire.sha("granted", claim.capabilities)


def _risks(claim: ChangeClaim) -> Json:
    """No member at all where nothing was accepted."""
    return {"handrailAcceptedRisks": [r.model_dump(mode="json") for r in claim.risks]} if claim.risks else {}


def not_observed(observed: Observed) -> list[str]:
    """Names of what is missing: said, so that nobody takes an absent record for an empty one."""
    seen = {
        "model": observed.model,
        "network": observed.network,
        "process": observed.processes,
        "sandboxPolicy": observed.sandbox_policy,
    }
    return [name for name, value in seen.items() if not value]


def _external(claim: ChangeClaim) -> Json:
    return {
        "task": {
            "uri": f"urn:handrail:step:{claim.run}:{claim.step}",
            "content": wire.sha("spec", claim.spec_text),
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
            "requirements": wire.requirements(claim.requirements),
        },
    }


def _dependencies(claim: ChangeClaim) -> list[Json]:
    named = (("sandbox-image", claim.image), ("capabilities", claim.capabilities), ("environment", claim.environment))
    base = wire.git("base", "gitCommit", claim.base_commit)
    return [base, *(wire.sha(name, digest) for name, digest in named if digest)]


def _byproducts(claim: ChangeClaim) -> list[Json]:
    seen = claim.observed
    records = (
        ("observed-network", seen.network, _OBSERVATIONS),
        ("observed-process", seen.processes, _OBSERVATIONS),
        ("transcript", claim.transcript, None),
    )
    return [
        {"name": "denials", "uri": f"{_DENIALS}{claim.denials}"},
        wire.git("observed-filesystem", "gitTree", claim.proposed),
        *(wire.sha(n, d) | ({"mediaType": kind} if kind else {}) for n, d, kind in records if d),
    ]


def read(statement: Json) -> ChangeClaim:
    """The claim of such a statement."""
    predicate = statement["predicate"]
    definition, details = predicate["buildDefinition"], predicate["runDetails"]
    external, internal = definition["externalParameters"], definition["internalParameters"]
    ours, target = external["handrail"], external["target"]
    needs, made = wire.by_name(definition["resolvedDependencies"]), wire.by_name(details["byproducts"])
    runtime = internal["agent"]["runtime"]
    return ChangeClaim.model_validate(
        {
            "repository": target["repository"],
            "run": details["metadata"]["invocationId"],
            "step": ours["step"],
            "attempt": ours["attempt"],
            "commit": statement["subject"][0]["digest"]["gitCommit"],
            "base_commit": target["baseCommit"],
            "identity": wire.identity(statement, 1, target["baseRef"], ours["tip"]),
            "plan": ours["plan"],
            "workflow": ours["workflow"],
            "spec_text": wire.unsha(external["task"]["content"]),
            "requirements": ours["requirements"],
            "agent": runtime["name"],
            "agent_version": runtime["version"],
            "image": wire.unsha(needs["sandbox-image"]) if "sandbox-image" in needs else None,
            "capabilities": wire.unsha(needs["capabilities"]),
            "environment": wire.unsha(needs["environment"]) if "environment" in needs else None,
            "transcript": wire.unsha(made["transcript"]) if "transcript" in made else None,
            "proposed": made["observed-filesystem"]["digest"]["gitTree"],
            "observed": _read_observed(internal, made),
            "denials": int(made["denials"]["uri"].removeprefix(_DENIALS)),
            "risks": internal.get("handrailAcceptedRisks", []),
            "acceptance": internal["handrailAcceptance"],
            "people": internal.get("handrailEditedBy", ()),
            "custody": internal["handrailCustody"],
            "started_at": details["metadata"]["startedOn"],
            "finished_at": details["metadata"]["finishedOn"],
        }
    )


def _read_observed(internal: Json, made: dict[str, Json]) -> Json:
    model = internal["agent"].get("model")
    policy = internal["sandboxPolicy"]
    return {
        "model": "/".join(p for p in (model["provider"], model["modelId"]) if p) if model else "",
        "network": wire.unsha(made["observed-network"]) if "observed-network" in made else None,
        "processes": wire.unsha(made["observed-process"]) if "observed-process" in made else None,
        "sandbox_policy": wire.unsha(policy) if policy["name"] == "enforced" else None,
    }
