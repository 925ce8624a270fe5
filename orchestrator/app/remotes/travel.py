"""Pushing a run to be reviewed elsewhere, and going on with it elsewhere (D15).

The remote is a mailbox, never an authority: whoever can write to it can withhold, and can do nothing else unseen. A run
is advanced by one store at a time. Which one, its bundles say; taking a run over is one more bundle, pushed without
force, so that of two who try one is refused.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from orchestrator.app.base import read_base
from orchestrator.app.project import Project
from orchestrator.app.remotes import bundle as bundles
from orchestrator.app.remotes import decisions, places
from orchestrator.app.remotes.post import Asked, Post, begun_here, open_post
from orchestrator.app.runs.listing import refuse_drill
from orchestrator.app.trust.keys import signer
from orchestrator.errors import RepositoryError, UsageError
from orchestrator.models.ids import GitOid, RunId
from orchestrator.models.run import Run
from orchestrator.models.travel import BUNDLE_TYPE
from orchestrator.ports import RefUpdate
from orchestrator.store import carrying
from orchestrator.store.carrying import Travelling
from orchestrator.store.checkpoints import load


@dataclass(frozen=True, slots=True)
class Sent:
    """``what`` is ``run`` or ``decisions``; ``refs`` are the branches on the remote."""

    what: str
    refs: tuple[str, ...]


def push(project: Project, run: Run, asked: Asked) -> Sent:
    """Send a run that is advanced here, or the decisions of this key on one that is not.

    Raises ``RepositoryError`` REM001-004, ``UsageError`` REM020 (no runner's key), REM021 (somebody else's run), REM022
    (taken over), REM025 (nothing to send), DRILL003 (a drill), ``RunBusy`` while it is advanced.
    """
    refuse_drill(run)
    with open_post(project, asked) as post:
        known = post.known(run.id)
        if known is not None and not known.held:
            return _push_decisions(post, run)
        with project.owners.own(run.id):
            return _push_run(post, project.index.run(run.id))


def _push_run(post: Post, run: Run) -> Sent:
    known = post.caught_up(run.id)
    by, trust = signer(post.asked.key), post.asked.trust
    bundle, commit = bundles.make(post.project, post.trees, run, by, before=known, trust=trust)
    branches = {run.run_ref: bundle.run_tip, **bundle.evidence}
    sent = {places.review(run.id): commit, **{ref: oid for ref, oid in branches.items() if oid is not None}}
    post.send(sent)
    now = Travelling(post.remote.name, held=True, sequence=bundle.sequence, tip=commit)
    carrying.note(post.project.index, run.id, now)
    return Sent("run", tuple(sent))


def _push_decisions(post: Post, run: Run) -> Sent:
    base = read_base(post.project, post.trees, run.base_commit, post.asked.trust)
    made = decisions.outgoing(post.project, post.trees, run.id, signer(post.asked.key), base)
    if not made:
        text = f"There is no decision with this key on run {run.id}."
        raise UsageError("REM025", text, "handrail review approve ITEM, or reject it, then push")
    post.send(made)
    seen = {places.here(post.remote.name, ref): oid for ref, oid in made.items()}
    new = [RefUpdate(ref, oid, None) for ref, oid in seen.items() if post.trees.ref(ref) is None]
    post.trees.update_refs(new)
    return Sent("decisions", tuple(made))


def take_over(project: Project, run: RunId, asked: Asked) -> None:
    """Make this store the one that advances a run on the remote: everything that it needs comes from there.

    Raises ``RepositoryError`` REM003 when somebody else was faster, ``UsageError`` REM026 when it is not there, and
    what reading it raises. Nothing here is changed before the remote has agreed.
    """
    with open_post(project, asked) as post:
        ref, known = places.review(run), post.known(run)
        there = post.remote.refs(ref).get(ref)
        if there is None:
            raise UsageError("REM026", f"There is no run {run} on {asked.remote}.", "handrail review inbox")
        if known is None and begun_here(project, run):
            raise UsageError("REM021", f"Run {run} was begun here.", f"handrail resume {run}")
        post.fetch([ref])
        found = post.read(there, run)
        if known is None or known.tip != there:
            post.demand_newer(found, known, ref)
        if known is not None and known.held and found.bundle.holder == post.holder:
            return
        with project.owners.own(run):
            _settle_in(post, _claimed(post, found))


def _claimed(post: Post, found: bundles.Read) -> bundles.Read:
    """The same run, signed by this runner as held here. The push decides between two who try."""
    from orchestrator.provenance import dsse

    by, before = signer(post.asked.key), found.bundle
    bundles.demand_runner(found.base, by)
    update = {"holder": post.holder, "sequence": before.sequence + 1, "previous": found.commit}
    bundle = before.model_copy(update={**update, "made_at": post.project.clock.now()})
    carried = post.trees.carried(found.commit, bundles.CAPS)
    files = {**carried.files, bundles.LINE: dsse.seal(bundle.to_bytes(), [by], BUNDLE_TYPE)}
    parents = dict.fromkeys([found.commit, before.run.base_commit])
    commit = post.trees.carry(files, sorted(carried.trees), list(parents), bundle.made_at)
    post.send({places.review(before.run.id): commit})
    return replace(found, bundle=bundle, commit=commit)


def _settle_in(post: Post, found: bundles.Read) -> None:
    run = found.bundle.run
    logs = post.remote.refs(f"{places.EVIDENCE}*")
    post.fetch(ref for ref in found.bundle.evidence if ref in logs)
    _advance(post, run.run_ref, found.bundle.run_tip)
    for ref, tip in found.bundle.evidence.items():
        _advance(post, ref, tip)
        _advance(post, ref, post.here(ref))
    project = post.project
    load(project.layout.run(run.id) / bundles.CHECKPOINTS, bundles.states_of(found), project.state_key)
    now = Travelling(post.remote.name, held=True, sequence=found.bundle.sequence, tip=found.commit)
    bundles.take_in(post.project, found, now)


def _advance(post: Post, ref: str, tip: GitOid | None) -> None:
    """Bring a branch up to a commit that is built on it; one that is further stays. Raises REM027 for one beside it."""
    present = post.trees.ref(ref)
    if tip is None or present == tip or (present is not None and post.trees.holds(present, tip)):
        return
    if present is not None and not post.trees.holds(tip, present):
        branch = ref.removeprefix("refs/heads/")
        text = f"{branch} is here at {present[:12]} and the run knows it at {tip[:12]}: neither holds the other."
        raise RepositoryError("REM027", text, f"git branch -m {branch} {branch}-aside")
    post.trees.update_refs([RefUpdate(ref, tip, present)])
