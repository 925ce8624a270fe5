"""Evidence checked offline: recomputed from the repository, trusted from outside it."""

from __future__ import annotations

from pathlib import Path

from orchestrator.app.base import trust_store
from orchestrator.app.project import Project
from orchestrator.app.wiring import open_trees
from orchestrator.models.base import Digest
from orchestrator.models.verification import Verification


def verify_line(
    project: Project,
    head: str,
    *,
    base: str | None = None,
    root: Digest | None = None,
    allow_self_asserted: bool = False,
    bundle: bytes | None = None,
) -> Verification:
    """Every commit that ``head`` reaches and ``base`` does not; see :func:`orchestrator.provenance.verify.verify`.

    Whom to trust comes from ``root``, else from this user's pins (which a first
    use makes); with ``allow_self_asserted`` from the repository's own word.
    """
    from orchestrator.provenance.verify import verify
    from orchestrator.vcs.repository import full_branch

    with open_trees(project) as trees:
        return verify(
            trees,
            head=head,
            base=base,
            ref=full_branch(project.repository, head),
            now=project.clock.now(),
            repository=project.repository.id,
            trust=None if root or allow_self_asserted else trust_store(),
            root_digest=root,
            allow_self_asserted=allow_self_asserted,
            bundle=bundle,
            blobs=project.blobs,
        )


def export(project: Project, key: Path | None) -> bytes:
    """All statements of all writers in this repository, behind a signed index (``evidence.intoto.jsonl``).

    Raises ``UsageError`` (EVID060) when there are none.
    """
    from orchestrator.app.keys import signer
    from orchestrator.errors import UsageError
    from orchestrator.provenance import bundle, dsse

    with open_trees(project) as trees:
        lines = [
            line
            for ref in trees.evidence_refs()
            for path, data in sorted(trees.evidence(ref).items())
            if path.endswith(".intoto.jsonl")
            for line in dsse.lines_of(data)
        ]
    if not lines:
        raise UsageError("EVID060", "There is no evidence in this repository yet.", "handrail run SPEC")
    return bundle.export_bundle(lines, signer(key), project.clock.now())
