"""What comes from the remote: runs that wait, and what others have decided (D15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from orchestrator.app.base import read_base
from orchestrator.app.project import Project
from orchestrator.app.remotes import bundle as bundles
from orchestrator.app.remotes import decisions, places
from orchestrator.app.remotes.decisions import Refused, refused
from orchestrator.app.remotes.post import HINT, Asked, Post, begun_here, open_post, rewound
from orchestrator.app.review.queue import open_reviews
from orchestrator.errors import HandrailError, RepositoryError, UsageError
from orchestrator.models.ids import GitOid, RunId
from orchestrator.models.run import Run
from orchestrator.store import carrying
from orchestrator.store.carrying import Travelling

_STOPS = frozenset({"REM002", "REV020", "KEY010"})
"""The remote cannot be reached, or this person has no key that the policy knows: nothing else can be done either."""


@dataclass(slots=True)
class Brought:
    """What came: runs that are new or newer here, how many decisions, and what is not taken."""

    runs: list[RunId] = field(default_factory=list[RunId])
    decisions: int = 0
    refused: list[Refused] = field(default_factory=list[Refused])


def inbox(project: Project, asked: Asked) -> Brought:
    """Bring every run that waits on the remote, and every decision on runs that are known here.

    What is not believed is named in the answer and changes nothing here. Raises ``RepositoryError`` REM001-002.
    """
    brought = Brought()
    with open_post(project, asked) as post:
        listed = {ref: oid for ref, oid in post.remote.refs(f"{places.REVIEW}*").items() if places.run_of(ref)}
        for ref, oid in _arrived(post, listed, brought):
            with _named(ref, brought):
                brought.runs += _bring(post, ref, oid)
        _bring_decisions(post, brought, None)
    return brought


def pull(project: Project, run: RunId, asked: Asked) -> Brought:
    """Bring the decisions on one run that is advanced here. Raises as :func:`inbox`, and ``UsageError`` REM022."""
    brought = Brought()
    with open_post(project, asked) as post:
        known = post.caught_up(run)
        if known is not None:
            carrying.note(project.index, run, known)
        _bring_decisions(post, brought, run)
    return brought


def _bring(post: Post, ref: str, oid: GitOid) -> tuple[RunId, ...]:
    run = places.run_of(ref)
    known = post.known(run) if run else None
    if run is None or (known is not None and (known.held or known.tip == oid)):
        return ()
    found = post.read(oid, run)
    if known is None and begun_here(post.project, run):
        if found.bundle.holder == post.holder:
            return ()
        raise UsageError("REM021", f"Run {run} was begun here, and somebody else has pushed one of that name.", HINT)
    post.demand_newer(found, known, ref)
    now = Travelling(post.remote.name, held=False, sequence=found.bundle.sequence, tip=oid)
    bundles.take_in(post.project, found, now)
    return (run,)


def _arrived(post: Post, listed: Mapping[str, GitOid], brought: Brought) -> Iterator[tuple[str, GitOid]]:
    """Branches that are here as they are there; others are refused by name. All are fetched at once where that goes."""
    try:
        post.fetch(ref for ref, oid in listed.items() if post.here(ref) != oid)
    except RepositoryError as problem:
        if problem.code != "REM004":
            raise
    for ref, oid in sorted(listed.items()):
        with _named(ref, brought):
            if post.here(ref) != oid:
                post.fetch([ref])
            now = post.here(ref)
            if now is None or (
                now != oid and now != post.remote.refs(ref).get(ref)
            ):  # it may have moved since it was listed
                raise rewound(ref)
            yield ref, now


@contextmanager
def _named(ref: str, brought: Brought) -> Iterator[None]:
    """What goes wrong with one branch is told and stops nothing else, unless nothing can be done at all."""
    try:
        yield
    except HandrailError as problem:
        if problem.code in _STOPS:
            raise
        brought.refused.append(refused(ref, problem))


def _bring_decisions(post: Post, brought: Brought, only: RunId | None) -> None:
    listed = post.remote.refs(f"{places.DECISION}{only or '*'}/*")
    known = {row["id"] for row in post.project.index.run_rows()}
    by_run: dict[RunId, dict[str, GitOid]] = {}
    for ref, oid in listed.items():
        named = places.of_decision(ref)
        if named is not None and named[0] in known and post.known(named[0]) is not None:
            by_run.setdefault(named[0], {})[ref] = oid
    for run, refs in by_run.items():
        _take_decisions(post, post.project.index.run(run), refs, brought)


def _take_decisions(post: Post, run: Run, refs: Mapping[str, GitOid], brought: Brought) -> None:
    project, trees, asked = post.project, post.trees, post.asked
    arrived = list(_arrived(post, refs, brought))
    base = read_base(project, trees, run.base_commit, asked.trust)
    found: list[decisions.Incoming] = []
    for ref, oid in arrived:
        with _named(ref, brought):
            found.append(decisions.opened(trees, base, ref, oid))
    with open_reviews(project, run, key=asked.key, trust=asked.trust) as reviews:
        for one in sorted(found, key=lambda one: one.when):
            with _named(one.ref, brought):
                brought.decisions += decisions.take(post, base, reviews, one)
