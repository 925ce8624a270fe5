"""The root of trust (D11): a chain of signed policies in the repository's tree.

``.handrail/policy/0001.json``, ``0002.json`` … are DSSE lines of type ``application/vnd.handrail.policy+json``.
Version 1 is signed by the threshold of its own role ``root``, version n+1 by the root threshold of version n (TUF's
root metadata taught that). The root digest is SHA-256 over the payload of version 1; that one value is what a verifier
brings along from outside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, cast

from pydantic import ValidationError

from orchestrator.models.ids import Digest, sha256
from orchestrator.models.policy import Custody, Policy, Principal, Role
from orchestrator.ports import Signer
from orchestrator.provenance import dsse, strict
from orchestrator.provenance.signing.keys import keyid_of

POLICY_TYPE: Final = "application/vnd.handrail.policy+json"
FOLDER: Final = ".handrail/policy/"
LIFETIME: Final = timedelta(days=365)

_NAME: Final = re.compile(r"\.handrail/policy/([0-9]{4})\.json")
_KEY: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PolicyChain:
    """All versions, oldest first, each signed by the one before; ``payloads`` are their signed bytes."""

    policies: tuple[Policy, ...]
    payloads: tuple[bytes, ...]

    @property
    def root_digest(self) -> Digest:
        """What a verifier pins."""
        return sha256(self.payloads[0])

    @property
    def current(self) -> Policy:
        """The version in force."""
        return self.policies[-1]

    def extends(self, older: PolicyChain) -> bool:
        """Whether every version of ``older`` stands here unchanged."""
        return self.payloads[: len(older.payloads)] == older.payloads

    def keys(self) -> dict[str, str]:
        """Key id → public key of every principal of every version."""
        return {p.keyid: p.public_key for policy in self.policies for p in policy.principals}


def policy_path(version: int) -> str:
    """Where a version lies in the tree."""
    return f"{FOLDER}{version:04}.json"


def create_policy(
    name: str,
    public_key: str,
    now: datetime,
    *,
    protected_refs: Sequence[str] = ("refs/heads/main",),
    gates: Sequence[str] = ("ruff", "bandit"),
    custody: Custody = Custody.USER,
) -> Policy:
    """A first policy: one person who is root, runner and reviewer, for one year."""
    only = Role(principals=(name,))
    return Policy(
        version=1,
        expires=now + LIFETIME,
        roles={"root": only, "runner": only, "reviewer": only},
        principals=(Principal(name=name, keyid=keyid_of(public_key), public_key=public_key, custody=custody),),
        protected_refs=tuple(protected_refs),
        gates=tuple(gates),
    )


def sign_policy(policy: Policy, signers: Sequence[Signer]) -> dict[str, bytes]:
    """Path → line of one version. Raises ``EvidenceInvalid`` EVID021 for a policy that contradicts itself."""
    check(policy)
    return {policy_path(policy.version): dsse.seal(policy.to_bytes(), signers, POLICY_TYPE)}


def add_version(
    files: Mapping[str, bytes], policy: Policy, signers: Sequence[Signer], now: datetime
) -> dict[str, bytes]:
    """The file of the next version, proved to continue the chain in ``files`` and not to be expired."""
    added = sign_policy(policy, signers)
    read_chain({**files, **added}, now)
    return added


def read_chain(files: Mapping[str, bytes], now: datetime | None) -> PolicyChain:
    """The chain in a tree; other paths in ``files`` are ignored.

    Raises ``EvidenceInvalid``: EVID020 none, EVID021 contradictory or
    misnamed, EVID022 gap, EVID023 threshold, EVID024 expired at ``now``
    (``None``: expiry is not looked at), and those of an envelope.
    """
    lines = {path: data for path, data in files.items() if path.startswith(FOLDER)}
    versions = sorted(_version(path) for path in lines)
    if not versions:
        raise strict.invalid("EVID020", f"no policy lies in {FOLDER}", "handrail init")
    if versions != list(range(1, len(versions) + 1)):
        raise strict.invalid("EVID022", "the policy's versions do not count 1, 2, 3 …", "restore the missing version")
    chain = _linked([lines[policy_path(v)] for v in versions])
    if now is not None:
        refuse_expired(chain, now)
    return chain


def refuse_expired(chain: PolicyChain, now: datetime) -> None:
    """Raises ``EvidenceInvalid`` EVID024 when the version in force has expired at ``now``."""
    policy = chain.current
    if now >= policy.expires:
        raise strict.invalid(
            "EVID024",
            f"policy version {policy.version} expired on {policy.expires:%Y-%m-%d}",
            "handrail policy change --days 365",
        )


def read_version(line: bytes, number: int) -> Policy:
    """One version on its own; its signatures are not looked at. Raises as :func:`read_chain`, EVID021 for another."""
    return _parse(dsse.unpack(line, POLICY_TYPE).payload, number)


def _version(path: str) -> int:
    found = _NAME.fullmatch(path)
    if found is None:
        raise strict.invalid("EVID021", f"{path[:200]} is not a policy version's file name", "remove it")
    return int(found[1])


def _linked(lines: Sequence[bytes]) -> PolicyChain:
    policies: list[Policy] = []
    payloads: list[bytes] = []
    for number, line in enumerate(lines, start=1):
        payload = dsse.unpack(line, POLICY_TYPE).payload
        policy = _parse(payload, number)
        before = policies[-1] if policies else policy
        known = {p.keyid: p.public_key for p in (*before.principals, *policy.principals)}
        _demand_threshold(before, dsse.open_line(line, known, POLICY_TYPE).keyids, number)
        policies.append(policy)
        payloads.append(payload)
    return PolicyChain(tuple(policies), tuple(payloads))


def _demand_threshold(before: Policy, keyids: Iterable[str], number: int) -> None:
    names = {p.name for k in keyids if before.holds(k, "root") and (p := before.principal(k))}
    if len(names) < before.roles["root"].threshold:
        raise strict.invalid(
            "EVID023",
            f"policy version {number} is not signed by the root threshold of version {before.version}",
            "have the root principals sign it",
        )


def _parse(payload: bytes, number: int) -> Policy:
    value = strict.parse_canonical(payload, f"policy version {number}")
    try:
        policy = Policy.model_validate(value)
    except ValidationError as error:
        raise _contradictory(f"does not fit the model ({error.error_count()} problems)", number) from None
    if not _is_part(value, policy.model_dump(mode="json")):
        raise strict.invalid("EVID006", f"policy version {number} is not in the one serialisation that is signed")
    if policy.version != number:
        raise _contradictory(f"says that it is version {policy.version}", number)
    check(policy)
    return policy


def _is_part(said: object, whole: object) -> bool:
    """Whether everything that was signed stands in the model as it was said.

    A member that a later version of this program has beside is no contradiction: a policy outlives programs.
    """
    if isinstance(said, dict) and isinstance(whole, dict):
        mine, theirs = cast("dict[str, object]", said), cast("dict[str, object]", whole)
        return all(k in theirs and _is_part(v, theirs[k]) for k, v in mine.items())
    if isinstance(said, list) and isinstance(whole, list):
        ours, them = cast("list[object]", said), cast("list[object]", whole)
        return len(ours) == len(them) and all(_is_part(a, b) for a, b in zip(ours, them, strict=True))
    return type(said) is type(whole) and said == whole  # pyright: ignore[reportUnknownArgumentType]  neither is a container here


def _contradictory(why: str, number: int) -> Exception:
    return strict.invalid("EVID021", f"policy version {number} {why}", "mend the policy and sign it again")


def check(policy: Policy) -> None:
    """Raises ``EvidenceInvalid`` EVID021 for a policy that contradicts itself."""
    names = [p.name for p in policy.principals]
    if len(set(names)) != len(names) or len({p.keyid for p in policy.principals}) != len(names):
        raise _contradictory("names a principal or a key twice", policy.version)
    for who in policy.principals:
        if not _KEY.fullmatch(who.public_key) or keyid_of(who.public_key) != who.keyid:
            raise _contradictory("has a key whose id is not its digest", policy.version)
    for role in policy.roles.values():
        if not set(role.principals) <= set(names) or len(set(role.principals)) < role.threshold:
            raise _contradictory("has a role that its principals cannot fill", policy.version)
    if len({g.name for g in policy.command_gates}) != len(policy.command_gates):
        raise _contradictory("declares a gate twice", policy.version)
    if policy.separate_approval and not _separable(policy):
        raise _contradictory("separates approval, and has no reviewer beside whoever signs changes", policy.version)
    deciding = {name for role in policy.approve_roles if role in policy.roles for name in policy.roles[role].principals}
    if policy.drift_approvals > len(deciding):
        raise _contradictory(
            "asks for more approvals after drift than there are people who can give them", policy.version
        )
    if "root" not in policy.roles or not {*policy.lift_roles, *policy.approve_roles} <= policy.roles.keys():
        raise _contradictory("has no role root, or lifts or approves by a role that it does not have", policy.version)


def _separable(policy: Policy) -> bool:
    """Whether some runner's change has a reviewer who is not that runner."""
    runners = policy.roles["runner"].principals if "runner" in policy.roles else ()
    deciding = (policy.roles[role].principals for role in policy.approve_roles if role in policy.roles)
    reviewers = {name for names in deciding for name in names}
    return any(reviewers - {name} for name in runners)
