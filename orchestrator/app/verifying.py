"""Evidence checked offline: recomputed from the repository, trusted from outside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.base import trust_store
from orchestrator.app.evidence import anchor_at
from orchestrator.app.project import Project, open_project
from orchestrator.app.trees import open_trees
from orchestrator.errors import UsageError
from orchestrator.models.base import Digest, GitOid
from orchestrator.models.verification import Verification
from orchestrator.store.layout import config_home

if TYPE_CHECKING:
    from orchestrator.provenance.verify import Request
    from orchestrator.vcs.trees import GitTrees


@dataclass(frozen=True, slots=True)
class Options:
    """What ``handrail verify`` may be told; see :class:`orchestrator.provenance.verify.Request`."""

    base: str | None = None
    root: Digest | None = None
    allow_self_asserted: bool = False
    bundle: bytes | None = None
    at: str | None = None
    policy: tuple[bytes, str] | None = None
    incremental: bool = False


def verify_line(
    project: Project,
    head: str,
    options: Options,
    ref: str | None = None,
    fresh: Mapping[str, GitOid] | None = None,
) -> Verification:
    """Every commit that ``head`` reaches and the base does not.

    Whom to trust comes from ``root``, else from this user's pins (which a first
    use makes); with ``allow_self_asserted`` from the repository's own word.
    ``ref`` is the branch that is meant, when ``head`` does not name one;
    ``fresh`` are evidence branches that are about to be where they say.
    """
    from orchestrator.provenance import checkpoint, demands
    from orchestrator.provenance.verify import Request
    from orchestrator.vcs.repository import full_branch

    wanted = demands.parse(*options.policy) if options.policy else None
    with open_trees(project, fresh) as trees:
        request = Request(
            head=head,
            base=options.base or (wanted.since if wanted else None),
            ref=ref or full_branch(project.repository, head),
            now=project.clock.now(),
            repository=project.repository.id,
            trust=None if options.root or options.allow_self_asserted else trust_store(),
            root_digest=options.root,
            allow_self_asserted=options.allow_self_asserted,
            bundle=options.bundle,
            blobs=project.blobs,
            anchors=checkpoint.split(anchor_at(project, options.at)) if options.at else (),
            demands=wanted,
        )
        return _answer(project, trees, request, options)


def _answer(project: Project, trees: GitTrees, request: Request, options: Options) -> Verification:
    from orchestrator.provenance.verify import verify

    if not options.incremental:
        return verify(trees, request)
    from orchestrator.provenance.incremental import verify_more

    return verify_more(trees, request, config_home() / "verified" / f"{project.repository.id}.json")


EVIDENCE = "refs/heads/handrail-evidence/"
_GONE = re.compile(r"0+")


def verify_push(folder: Path, told: Iterable[str], options: Options) -> list[Verification]:
    """Every branch of a push that brings commits, judged before the push is taken (git's pre-receive hook).

    ``told`` are git's lines ``old new ref``. Evidence branches that come with the push are read as pushed, from the
    quarantine that git names in the environment. Raises ``UsageError`` (EVID062) for a line of another form.
    """
    updates = [_update(line) for line in told if line.strip()]
    heads = {ref: new for _, new, ref in updates if not _GONE.fullmatch(new)}
    fresh = {ref: GitOid(oid) for ref, oid in heads.items() if ref.startswith(EVIDENCE)}
    found: list[Verification] = []
    with open_project(folder) as project:
        for old, new, ref in updates:
            if ref in heads and ref not in fresh and ref.startswith("refs/heads/"):
                base = None if _GONE.fullmatch(old) else old
                found.append(verify_line(project, new, replace(options, base=base or options.base), ref, fresh))
    return found


def _update(line: str) -> tuple[str, str, str]:
    old, _, rest = line.strip().partition(" ")
    new, _, ref = rest.partition(" ")
    if not all(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", oid) for oid in (old, new)) or not ref.startswith("refs/"):
        raise UsageError("EVID062", "A line on standard input is not `old new ref`.", "call it from git's pre-receive")
    return old, new, ref
