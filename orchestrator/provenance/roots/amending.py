"""The next version of a policy: edited, drafted, and signed by one root principal after the other.

A draft is the DSSE line of the version to come, with the signatures that it has so far. It becomes the version when the
root threshold of the version in force has signed (TUF's rule for root metadata).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orchestrator.models.attestation import Signature
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.command_gate import CommandGate
from orchestrator.models.policy import Custody, Policy, Principal, Revocation, Role
from orchestrator.ports import Signer
from orchestrator.provenance import dsse, strict
from orchestrator.provenance.roots.root import PolicyChain
from orchestrator.provenance.signing.keys import keyid_of

from . import root


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be other in the next version. Absent members stay as they are.

    ``people`` and ``machines`` add or replace a principal by name (key in hex, custody); ``roles`` set a whole role;
    ``command_gates`` are added or replaced by name, ``drop_gates`` name those that go;
    ``revoke`` names principals or key ids that lose every role, with the time from which on they are not believed.
    """

    people: Mapping[str, tuple[str, Custody]] | None = None
    machines: Mapping[str, tuple[str, Custody]] | None = None
    remove: Sequence[str] = ()
    roles: Mapping[str, Role] | None = None
    gates: tuple[str, ...] | None = None
    command_gates: Sequence[CommandGate] = ()
    drop_gates: Sequence[str] = ()
    protect: tuple[str, ...] | None = None
    ceiling: Capabilities | None = None
    approve: tuple[str, ...] | None = None
    separate: bool | None = None
    review_times: bool | None = None
    drift_approvals: int | None = None
    revoke: Sequence[Revocation] = ()
    accept_risk: tuple[str, ...] | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """``missing`` signatures are still needed; at 0 ``line`` is the version."""

    policy: Policy
    line: bytes
    missing: int


def edited(chain: PolicyChain, edit: Edit, now: datetime) -> Policy:
    """The next version, unsigned. Raises ``EvidenceInvalid`` EVID021 when it would contradict itself."""
    old = chain.current
    gone = {r.keyid for r in edit.revoke}
    dropped = {*edit.remove, *(p.name for p in old.principals if p.keyid in gone)}
    fresh = [*_principals(edit.people, human=True), *_principals(edit.machines, human=False)]
    replaced = {p.name for p in fresh}
    kept = [p for p in old.principals if p.name not in {*dropped, *replaced}]
    roles = {name: _without(role, dropped - replaced) for name, role in old.roles.items()} | dict(edit.roles or {})
    policy = old.model_copy(
        update={
            "version": old.version + 1,
            "expires": now + (timedelta(days=edit.days) if edit.days else root.LIFETIME),
            "principals": (*kept, *fresh),
            "roles": roles,
            "gates": old.gates if edit.gates is None else edit.gates,
            "protected_refs": old.protected_refs if edit.protect is None else edit.protect,
            "ceiling": old.ceiling if edit.ceiling is None else edit.ceiling,
            "approve_roles": old.approve_roles if edit.approve is None else edit.approve,
            "accept_risk": old.accept_risk if edit.accept_risk is None else edit.accept_risk,
            "command_gates": _declared(old, edit),
            "separate_approval": old.separate_approval if edit.separate is None else edit.separate,
            "keep_review_times": old.keep_review_times if edit.review_times is None else edit.review_times,
            "drift_approvals": old.drift_approvals if edit.drift_approvals is None else edit.drift_approvals,
            "revoked": (*old.revoked, *edit.revoke),
        }
    )
    root.check(policy)
    return policy


def _declared(old: Policy, edit: Edit) -> tuple[CommandGate, ...]:
    known = {g.name for g in old.command_gates}
    strangers = sorted(set(edit.drop_gates) - known)
    if strangers:
        raise strict.invalid("EVID021", f"the policy declares no gate {', '.join(strangers)}", "handrail policy show")
    gone = {*edit.drop_gates, *(g.name for g in edit.command_gates)}
    return (*(g for g in old.command_gates if g.name not in gone), *edit.command_gates)


def _principals(found: Mapping[str, tuple[str, Custody]] | None, *, human: bool) -> list[Principal]:
    return [
        Principal(name=name, keyid=keyid_of(key), public_key=key, custody=custody, human=human)
        for name, (key, custody) in (found or {}).items()
    ]


def _without(role: Role, names: set[str]) -> Role:
    return role.model_copy(update={"principals": tuple(n for n in role.principals if n not in names)})


def drafted(chain: PolicyChain, policy: Policy, signer: Signer) -> Draft:
    """A draft with its first signature. Raises ``EvidenceInvalid`` EVID028 for a key that is no root in force."""
    _demand_root(chain, signer)
    return _draft(chain, policy, dsse.seal(policy.to_bytes(), [signer], root.POLICY_TYPE))


def signed(chain: PolicyChain, line: bytes, signer: Signer) -> Draft:
    """A draft with one more signature. Raises ``EvidenceInvalid`` EVID028, EVID021 (not the next version)."""
    _demand_root(chain, signer)
    policy = root.read_version(line, chain.current.version + 1)
    found = dsse.unpack(line, root.POLICY_TYPE)
    signatures = {k: s for k, s in found.signatures if k != signer.keyid}
    mine = signer.sign(found.payload, root.POLICY_TYPE)
    others = [Signature(keyid=k, sig=base64.b64encode(s).decode()) for k, s in signatures.items()]
    return _draft(chain, policy, dsse.line_of(found.payload, root.POLICY_TYPE, [*others, mine]))


def _demand_root(chain: PolicyChain, signer: Signer) -> None:
    if not chain.current.holds(signer.keyid, "root"):
        raise strict.invalid(
            "EVID028",
            f"the key {signer.keyid[:16]} does not hold the role root in policy version {chain.current.version}",
            "sign with a root key (--key); if all are lost: handrail policy recover",
        )


def _draft(chain: PolicyChain, policy: Policy, line: bytes) -> Draft:
    known = chain.keys() | {p.keyid: p.public_key for p in policy.principals}
    signers = dsse.open_line(line, known, root.POLICY_TYPE).keyids
    names = {p.name for k in signers if chain.current.holds(k, "root") and (p := chain.current.principal(k))}
    return Draft(policy, line, max(chain.current.roles["root"].threshold - len(names), 0))
