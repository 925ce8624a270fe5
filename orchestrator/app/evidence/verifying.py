"""Evidence checked offline: recomputed from the repository, trusted from outside it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.base import trust_store
from orchestrator.app.evidence.carrying import anchor_at
from orchestrator.app.project import Project, open_project
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.keys import signer
from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.ids import Digest, GitOid, sha256
from orchestrator.models.verification import Verification
from orchestrator.store.layout import config_home

if TYPE_CHECKING:
    from orchestrator.provenance.verification.verify import Request
    from orchestrator.vcs.trees import GitTrees


@dataclass(frozen=True, slots=True)
class Options:
    """What ``handrail verify`` may be told; see :class:`orchestrator.provenance.verification.verify.Request`."""

    base: str | None = None
    root: Digest | None = None
    allow_self_asserted: bool = False
    bundle: bytes | None = None
    at: str | None = None
    policy: tuple[bytes, str] | None = None
    incremental: bool = False


@dataclass(frozen=True, slots=True)
class Summary:
    """How an answer is told in one signed statement: by which key, for which URI ('' for one made of the root)."""

    key: Path | None
    resource: str = ""


def verify_line(project: Project, head: str, options: Options, ref: str | None = None) -> Verification:
    """Every commit that ``head`` reaches and the base does not.

    Whom to trust comes from ``root``, else from this user's pins (which a first
    use makes); with ``allow_self_asserted`` from the repository's own word.
    ``ref`` is the branch that is meant, when ``head`` does not name one.
    """
    with open_trees(project) as trees:
        return _answer(project, trees, _request(project, trees, head, options, ref), options)


def verify_and_tell(
    project: Project, head: str, options: Options, told: Summary, ref: str | None = None
) -> tuple[Verification, bytes]:
    """As :func:`verify_line`, and the answer as a signed SLSA summary. Raises ``UsageError`` (EVID068) for a part."""
    if options.incremental:
        raise UsageError("EVID068", "A summary is of a whole verification.", "leave --incremental out")
    with open_trees(project) as trees:
        return _told(project, trees, _request(project, trees, head, options, ref), told, at_the_door=False)


def _request(project: Project, trees: GitTrees, head: str, options: Options, ref: str | None) -> Request:
    from orchestrator.provenance.roots import demands
    from orchestrator.provenance.verification.verify import Request
    from orchestrator.vcs.repository import full_branch

    wanted = demands.parse(*options.policy) if options.policy else None
    return Request(
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
        anchors=_anchors(project, trees, head, options.at) if options.at else (),
        demands=wanted,
    )


def _anchors(project: Project, trees: GitTrees, head: str, at: str) -> Sequence[bytes]:
    """By the keys of the policy at the head, which may still be in the quarantine of a push."""
    from orchestrator.provenance.logs import checkpoint
    from orchestrator.provenance.verification.verify import Policies

    return checkpoint.split(anchor_at(project, at, Policies(trees).must(trees.resolve(head)).keys()))


def _answer(project: Project, trees: GitTrees, request: Request, options: Options) -> Verification:
    from orchestrator.provenance.verification.verify import verify

    if not options.incremental:
        return verify(trees, request)
    from orchestrator.provenance.verification.incremental import verify_more

    return verify_more(trees, request, config_home() / "verified" / f"{project.repository.id}.json")


def _told(
    project: Project, trees: GitTrees, request: Request, told: Summary, *, at_the_door: bool
) -> tuple[Verification, bytes]:
    from orchestrator.provenance.predicates import summary
    from orchestrator.provenance.verification.verify import examine

    found = examine(trees, request)
    about = summary.About(
        when=project.clock.now(),
        resource=told.resource,
        ref=request.ref,
        base=trees.resolve(request.base) if request.base else None,
        bundle=sha256(request.bundle) if request.bundle is not None else None,
        at_the_door=at_the_door,
    )
    return found.answer, summary.sealed(found, about, signer(told.key))


EVIDENCE = "refs/heads/handrail-evidence/"
_GONE = re.compile(r"0+")


def verify_push(
    folder: Path, lines: Iterable[str], options: Options, told: Summary | None = None
) -> tuple[list[Verification], bytes]:
    """Every branch of a push that brings commits, judged before the push is taken (git's pre-receive hook).

    ``lines`` are git's: ``old new ref``. Evidence branches that come with the push are read as pushed, from the
    quarantine that git names in the environment. With ``told`` there is a summary of each branch. Raises ``UsageError``
    (EVID062) for a line of another form, ``EvidenceInvalid`` (EVID067) for a push that takes history away.
    """
    updates = [_update(line) for line in lines if line.strip()]
    heads = {ref: new for _, new, ref in updates if not _GONE.fullmatch(new)}
    fresh = {ref: GitOid(oid) for ref, oid in heads.items() if ref.startswith(EVIDENCE)}
    found: list[Verification] = []
    summaries: list[bytes] = []
    with open_project(folder) as project, open_trees(project, fresh) as trees:
        for update in updates:
            _refuse_rewind(trees, *update)
        for old, new, ref in updates:
            if ref not in heads or ref in fresh or not ref.startswith("refs/heads/"):
                continue
            base = options.base if _GONE.fullmatch(old) else old
            mine = replace(options, base=base)
            request = _request(project, trees, new, mine, ref)
            if told is None:
                found.append(_answer(project, trees, request, mine))
            else:
                answer, line = _told(project, trees, request, told, at_the_door=True)
                found.append(answer)
                summaries.append(line)
    return found, b"".join(summaries)


def _refuse_rewind(trees: GitTrees, old: str, new: str, ref: str) -> None:
    """Evidence, and branches that the policy before the push protects, only ever grow."""
    if _GONE.fullmatch(old) or not (ref.startswith(EVIDENCE) or _protected(trees, GitOid(old), ref)):
        return
    if _GONE.fullmatch(new) or trees.merge_base(GitOid(old), GitOid(new)) != old:
        what = "deletes" if _GONE.fullmatch(new) else "rewinds"
        raise EvidenceInvalid("EVID067", f"The push {what} {ref}, which only grows.", "push commits on top of it")


def _protected(trees: GitTrees, old: GitOid, ref: str) -> bool:
    from orchestrator.provenance.verification.verify import Policies, is_protected

    chain = Policies(trees).at(old) if ref.startswith("refs/heads/") else None
    return chain is not None and is_protected(chain.current, ref)


def _update(line: str) -> tuple[str, str, str]:
    old, _, rest = line.strip().partition(" ")
    new, _, ref = rest.partition(" ")
    if not all(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", oid) for oid in (old, new)) or not ref.startswith("refs/"):
        raise UsageError("EVID062", "A line on standard input is not `old new ref`.", "call it from git's pre-receive")
    return old, new, ref
