"""The answer of ``verify`` in one statement: SLSA Verification Summary Attestation v1.

Standard: https://slsa.dev/verification_summary/v1 with the levels of SLSA's source track 1.2. A level is said only for
what was seen:

- level 1: the revision verified. In a clone nobody sees whether the server ever let a branch be rewound, so that a
  verification after the fact says no more, however much evidence there is;
- level 2: said at the door (``verify --pre-receive``), which itself refuses to rewind or delete a protected branch;
  every commit of the push is attested, and the root of trust came from outside. Continuity begins with the first such
  summary;
- level 3: level 2, and the policy demands gates, which every commit passed before the push was taken;
- level 4: level 3, and two persons who did not edit it approved each commit. An agent wrote it, so one is not enough.

What holds at every commit of the range stands beside the level as a property. NOT said: that whoever signs the summary
is who should be asked, nor anything about dependencies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from orchestrator.models.found import Result
from orchestrator.models.ids import Digest, GitOid, canonical, sha256
from orchestrator.models.verification import Checks, CommitEvidence, Trust
from orchestrator.ports import Signer
from orchestrator.provenance import dsse
from orchestrator.provenance.predicates.wire import Json
from orchestrator.provenance.verification.verify import Examined, is_protected

from . import wire

VSA: Final = "https://slsa.dev/verification_summary/v1"
TWO_PARTY: Final = "SLSA_SOURCE_TWO_PARTY_REVIEWED"
_LEVEL: Final = "SLSA_SOURCE_LEVEL_"
_PROPERTY: Final = "ORG_SOURCE_HANDRAIL_"
_PERSONS: Final = 2
_SLSA_VERSION: Final = "1.2"


@dataclass(frozen=True, slots=True)
class About:
    """What the summary is of, beside the answer.

    ``resource`` is the repository's URI, '' for one made of its root of trust. ``base`` is where the range begins,
    ``bundle`` the digest of exported evidence that was read instead of the branches. ``at_the_door`` says that the
    branch has not moved yet, and does not when this fails.
    """

    when: datetime
    resource: str = ""
    ref: str | None = None
    base: GitOid | None = None
    bundle: Digest | None = None
    at_the_door: bool = False


def sealed(found: Examined, about: About, signer: Signer) -> bytes:
    """The summary as one DSSE line."""
    return dsse.seal(canonical(statement(found, about, signer.keyid)), [signer])


def statement(found: Examined, about: About, verifier: str) -> Json:
    """``verifier`` is the id of the key that will sign."""
    subject = wire.git("commit", "gitCommit", found.head)
    notes = {"sourceRefs": [about.ref] if about.ref else [], "handrailBase": about.base or ""}
    return wire.statement([{**subject, "annotations": notes}], VSA, _predicate(found, about, verifier))


def _predicate(found: Examined, about: About, verifier: str) -> Json:
    chain, passed = found.chain, _passed(found)
    return {
        "verifier": {"id": f"urn:handrail:verifier:{verifier}"},
        "timeVerified": wire.time(about.when),
        "resourceUri": about.resource or f"urn:handrail:repository:{chain.root_digest.removeprefix('sha256:')}",
        "policy": {
            "uri": f"urn:handrail:policy:{chain.current.version}",
            "digest": {"sha256": sha256(chain.payloads[-1]).removeprefix("sha256:")},
        },
        "inputAttestations": _inputs(found, about),
        "verificationResult": "PASSED" if passed else "FAILED",
        "verifiedLevels": [_LEVEL + str(level(found, about)), *_properties(found)] if passed else ["FAILED"],
        "slsaVersion": _SLSA_VERSION,
    }


def _inputs(found: Examined, about: About) -> list[Json]:
    """The heads of the logs, each of which fixes every statement in it; or the one bundle that was read."""
    if about.bundle is not None:
        return [{"uri": "urn:handrail:bundle", "digest": {"sha256": about.bundle.removeprefix("sha256:")}}]
    heads = {f"urn:handrail:log:{s.writer}:{s.size}": s.head.note for s in found.pool.states.values()}
    return [{"uri": u, "digest": {"sha256": sha256(n).removeprefix("sha256:")}} for u, n in sorted(heads.items())]


def _passed(found: Examined) -> bool:
    return bool(found.answer.commits) and not found.answer.problems


def level(found: Examined, about: About) -> int:
    """The source level that was seen, 1 to 4; see the module. Only for an answer without problems."""
    policy, commits = found.chain.current, found.answer.commits
    guarded = about.at_the_door and about.ref is not None and is_protected(policy, about.ref)
    if not guarded or not _whole(found) or found.answer.trust is not Trust.PINNED:
        return 1
    if not policy.gates:
        return 2
    return 4 if all(_two_party(c) for c in commits) else 3


def _whole(found: Examined) -> bool:
    return bool(found.answer.commits) and not found.answer.unattested


def _two_party(commit: CommitEvidence) -> bool:
    """Two persons beside those who edited it by hand. The agent is no person, whoever started it."""
    people = {name for names in commit.roles.values() for name in names}
    return commit.human and len(people - set(commit.people)) >= _PERSONS


def _properties(found: Examined) -> list[str]:
    """What holds at every commit of the range. Nothing, where one of them is unattested."""
    commits = found.answer.commits if _whole(found) else ()
    return [TWO_PARTY] * (bool(commits) and all(map(_two_party, commits))) + sorted(
        _PROPERTY + name for name in _shared(commits)
    )


def _shared(commits: Sequence[CommitEvidence]) -> Iterator[str]:
    if not commits:
        return
    held = {
        "ATTESTED": True,
        "HUMAN_APPROVED": all(c.human for c in commits),
        "DEMONSTRATED": all(c.demonstrated for c in commits),
        "LINES_STATED": all(c.lines is not None for c in commits),
        "INDEPENDENT_CHECKS": all(c.checks is Checks.INDEPENDENT for c in commits),
    }
    yield from (name for name, holds in held.items() if holds)
    for gate in sorted(set(commits[0].gates).intersection(*(c.gates for c in commits))):
        if all(c.gates[gate] in {Result.PASSED, Result.NEEDS_PERSON} for c in commits):
            yield f"GATE_{re.sub(r'[^A-Z0-9]+', '_', gate.upper())}"
