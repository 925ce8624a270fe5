"""What a commit says about its own project: policy and profile, read from the tree and only when trusted (D11, D18)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.app.project import Project
from orchestrator.errors import TrustError, UsageError
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.profile import RepositoryProfile
from orchestrator.store.layout import config_home

if TYPE_CHECKING:
    from orchestrator.ports import Trees
    from orchestrator.provenance.roots.root import PolicyChain
    from orchestrator.provenance.roots.trust import TrustStore

FOLDER = ".handrail/"
PROFILE = ".handrail/profile.yaml"


@dataclass(frozen=True, slots=True)
class Base:
    """A commit's policy chain and profile."""

    commit: GitOid
    chain: PolicyChain
    profile: RepositoryProfile


def trust_store() -> TrustStore:
    """The user's pins and trusted digests."""
    from orchestrator.provenance.roots.trust import TrustStore

    return TrustStore(config_home() / "trust.json")


def folder_at(trees: Trees, commit: GitOid) -> dict[str, bytes]:
    """Path → bytes of everything below ``.handrail/`` at a commit."""
    entries = [e for e in trees.entries(trees.tree_of(commit)) if e.path.startswith(FOLDER)]
    return dict(zip((e.path for e in entries), trees.blobs([e.oid for e in entries]), strict=True))


def read_base(project: Project, trees: Trees, commit: GitOid, trust: Digest | None) -> Base:
    """Raises ``UsageError`` (CFG010) without a ``.handrail`` folder, ``TrustError`` (TRUST001) for one nobody trusts.

    ``trust`` is a digest given by flag (CI); otherwise the user's own record
    counts. Nothing in the folder is parsed before its digest is trusted.
    """
    from orchestrator.planning.profile_file import load_profile
    from orchestrator.provenance.roots.root import read_chain
    from orchestrator.provenance.roots.trusted import folder_digest

    files = folder_at(trees, commit)
    if not files:
        text = f"Commit {commit[:12]} has no .handrail folder."
        raise UsageError("CFG010", text, "handrail init --commit, or commit the folder that init wrote")
    digest = folder_digest(files)
    if digest not in {trust, trust_store().known(project.repository.id).folder}:
        text = f"Nobody here has trusted the .handrail folder of commit {commit[:12]} ({digest})."
        raise TrustError("TRUST001", text, f"look at it, then: handrail trust {digest}")
    profile = load_profile(files.get(PROFILE, b""), PROFILE)
    return Base(commit, read_chain(files, project.clock.now()), profile)
