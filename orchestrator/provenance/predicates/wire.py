"""What all predicates share on the wire: statements, resource descriptors, subjects."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from orchestrator.models.attestation import STATEMENT_TYPE
from orchestrator.models.base import Instant
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.ids import Digest, GitOid, canonical, sha256
from orchestrator.provenance.predicates.claims import RequirementClaim

PROVENANCE: Final = "https://slsa.dev/provenance/v1"
AGENT_COMMIT: Final = "https://refs.arewm.com/agent-commit/v0.3"
TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"
HUMAN_APPROVAL: Final = "urn:handrail:human-approval:0.1"
LINES: Final = "urn:handrail:lines:0.1"
WORKFLOW_PROOF: Final = "urn:handrail:workflow-proof:0.1"
RUN_MONITOR: Final = "urn:handrail:run-monitor:0.1"
BUILDER: Final = "urn:handrail:runner:0.1"

Json = dict[str, Any]


def statement(subject: list[Json], predicate_type: str, predicate: Json) -> Json:
    """One in-toto Statement v1."""
    return {"_type": STATEMENT_TYPE, "subject": subject, "predicateType": predicate_type, "predicate": predicate}


def sha(name: str, digest: str) -> Json:
    """A descriptor with a SHA-256 digest."""
    return {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}


def noted(name: str, digest: str, **annotations: object) -> Json:
    """As :func:`sha`, with annotations."""
    return {"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}, "annotations": annotations}


def unsha(descriptor: Json) -> Digest:
    """The digest of such a descriptor."""
    return Digest("sha256:" + descriptor["digest"]["sha256"])


def git(name: str, kind: str, oid: str) -> Json:
    """A descriptor with a git id; ``kind`` is ``gitCommit``, ``gitTree`` or ``gitBlob``."""
    return {"name": name, "digest": {kind: oid}}


def time(when: Instant) -> str:
    """As every noun writes it: RFC 3339, UTC, with a Z."""
    return when.isoformat().replace("+00:00", "Z")


def digest_of(identity: ChangeIdentity) -> Digest:
    """The digest of a change's identity: several statements name the same one."""
    return _digest_of(identity.target_ref, identity.tip, identity.tree, identity.manifest)


@lru_cache(maxsize=65536)
def _digest_of(target_ref: str, tip: GitOid, tree: GitOid, manifest: Digest) -> Digest:
    """As :meth:`ChangeIdentity.digest`, without making that noun again (a test holds the two together)."""
    return sha256(canonical({"target_ref": target_ref, "tip": tip, "tree": tree, "manifest": manifest}))


def of_tree(identity: ChangeIdentity) -> list[Json]:
    """The subject of what is said of a tree."""
    return [git("tree", "gitTree", identity.tree), sha("manifest", identity.manifest)]


def of_commit(commit: str, identity: ChangeIdentity) -> list[Json]:
    """The subject of what is said of a commit."""
    return [git("commit", "gitCommit", commit), *of_tree(identity)]


def identity(found: Json, first: int, target_ref: str, tip: str) -> ChangeIdentity:
    """A change's identity from a statement whose subject has the tree at ``first``."""
    tree, manifest = found["subject"][first : first + 2]
    return identity_of(target_ref, tip, tree["digest"]["gitTree"], unsha(manifest))


@lru_cache(maxsize=4096)
def identity_of(target_ref: str, tip: str, tree: str, manifest: str) -> ChangeIdentity:
    """One noun for all statements that name the same change. Raises ``ValueError`` for anything but strings."""
    named = {"target_ref": target_ref, "tip": tip, "tree": tree, "manifest": manifest}
    return ChangeIdentity.model_validate(named)


def by_name(descriptors: list[Json]) -> dict[str, Json]:
    """Descriptors by their name."""
    return {d["name"]: d for d in descriptors}


def requirements(found: Sequence[RequirementClaim]) -> list[Json]:
    """Requirements with the salted digests of their texts."""
    return [{"id": r.id, "text": r.text} for r in found]
