"""Decisions as they travel: one signed file on a branch of its own, so that no two reviewers ever meet there (D15).

Beside ``decision.dsse`` lie the comment that it names, the change that the reviewer made, if they made one, and their
remarks under a signature of their own. On the way in everything is hostile until it is shown to be what this reviewer
could have decided here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypeVar

from pydantic import ValidationError

from orchestrator.app.base import Base
from orchestrator.app.project import Project
from orchestrator.app.remotes import places
from orchestrator.app.remotes.bundle import blobs_of
from orchestrator.app.remotes.post import Post
from orchestrator.app.wiring import decision_opener
from orchestrator.errors import EvidenceInvalid, HandrailError, UsageError
from orchestrator.models.base import Noun
from orchestrator.models.change import Proposal
from orchestrator.models.decision import Decision, SubjectKind
from orchestrator.models.ids import Digest, GitOid, RunId
from orchestrator.models.plan import Plan
from orchestrator.models.review import Comment
from orchestrator.models.travel import REMARKS_TYPE, Remarks
from orchestrator.policy import narrowing
from orchestrator.review import incoming
from orchestrator.review.service import Reviews
from orchestrator.review.view import ItemView
from orchestrator.store import carrying
from orchestrator.vcs.carried import Caps, Carried

if TYPE_CHECKING:
    from orchestrator.ports import Signer
    from orchestrator.vcs.trees import GitTrees

LINE, REMARKS = "decision.dsse", "remarks.dsse"
CAPS = Caps(files=2_000, file_bytes=1 << 20, all_bytes=16 << 20)
_HINT = "ask the reviewer to decide again and push it"
_LATE = frozenset({"REV002", "REV006", "REV007"})
_N = TypeVar("_N", bound=Noun)


@dataclass(frozen=True, slots=True)
class Refused:
    """Something on the remote that is not taken: where it lies, and why. ``late`` is what was right once."""

    ref: str
    code: str
    message: str
    hint: str
    late: bool


def outgoing(project: Project, trees: GitTrees, run: RunId, by: Signer, base: Base) -> dict[str, GitOid]:
    """Branch → commit of every decision with this key in the run. The same decision gives the same commit."""
    opener = decision_opener(base)
    made: dict[str, GitOid] = {}
    for item, line in carrying.unsent(project.index, run, by.keyid):
        decision = opener(line)[1]
        files, kept = _files(project, run, decision, line, by)
        made[places.decision(run, item, by.keyid)] = trees.carry(files, kept, (), decision.decided_at)
    return made


def _files(
    project: Project, run: RunId, decision: Decision, line: bytes, by: Signer
) -> tuple[dict[str, bytes], tuple[GitOid, ...]]:
    from orchestrator.provenance import dsse

    files, kept, named = {LINE: line}, list[GitOid](), list[Digest]()
    if decision.comment is not None:
        named.append(decision.comment)
        comment = Comment.model_validate_json(project.blobs.get(decision.comment))
        if comment.revision is not None:
            named.append(comment.revision)
            kept += _tree_of(project.blobs.get(comment.revision))
    mine = _remarks(project, decision)
    if mine:
        remarks = Remarks(run=run, item=decision.item, reviewer=decision.reviewer, comments=mine)
        files[REMARKS] = dsse.seal(remarks.to_bytes(), [by], REMARKS_TYPE)
    for digest in [*named, *mine]:
        name = digest.removeprefix("sha256:")
        files[f"blobs/{name[:2]}/{name[2:]}"] = project.blobs.get(digest)
    return files, tuple(kept)


def _tree_of(document: bytes) -> list[GitOid]:
    """The tree of a stored proposal; a plan has none."""
    try:
        return [Proposal.model_validate_json(document).tree]
    except ValidationError:
        return []


def _remarks(project: Project, decision: Decision) -> tuple[Digest, ...]:
    said = {d: Comment.model_validate_json(project.blobs.get(d)) for d in project.index.comments(decision.item)}
    return tuple(d for d, comment in said.items() if comment.reviewer == decision.reviewer)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A decision that was fetched and whose signature holds; nothing else of it is believed yet."""

    ref: str
    keyid: str
    decision: Decision
    line: bytes
    carried: Carried
    blobs: Mapping[Digest, bytes]

    @property
    def when(self) -> tuple[datetime, str]:
        """What they are taken in the order of, the same on every machine."""
        return self.decision.decided_at, self.keyid


def opened(trees: GitTrees, base: Base, ref: str, commit: GitOid) -> Incoming:
    """A decision whose signature holds.

    Raises ``EvidenceInvalid``: REM010-013 what lies there, the EVID family for the signature, REM032 one of another
    run, item or key than its branch says.
    """
    carried = trees.carried(commit, CAPS)
    blobs = blobs_of(carried, frozenset({LINE, REMARKS}))
    line = carried.files.get(LINE, b"")
    keyid, decision = decision_opener(base)(line)
    if places.decision(decision.run, decision.item, keyid) != ref:
        text = f"The decision there is of run {decision.run[:40]!r}, item {decision.item[:40]!r}, key {keyid[:16]}."
        raise EvidenceInvalid("REM032", text, _HINT)
    return Incoming(ref, keyid, decision, line, carried, blobs)


def take(post: Post, base: Base, reviews: Reviews, one: Incoming) -> bool:
    """Put one decision into the queue; ``False`` when it is there already.

    Raises what :func:`orchestrator.review.incoming.check` does, ``EvidenceInvalid`` REM031-034, and ``UsageError``
    REM035 for a second decision with the same key.
    """
    item, project = one.decision.item, post.project
    there = {keyid: line for line in project.index.decisions(item) for keyid in [decision_opener(base)(line)[0]]}
    if there.get(one.keyid) == one.line:
        return False
    if one.keyid in there:
        who = one.decision.reviewer
        raise UsageError("REM035", f"{who} has decided {item} before, and otherwise. The first one counts.", _HINT)
    comment = _noun(one.blobs, one.decision.comment, Comment) if one.decision.comment else None
    view = incoming.check(reviews, base.chain.current, one.keyid, one.decision, comment)
    if comment is not None and comment.revision is not None:
        _check_revision(post, view, one, comment)
    remarks = _signed_remarks(base, one)
    for data in one.blobs.values():
        project.blobs.put(data)
    known = set(project.index.comments(item))
    for digest in remarks:
        if digest not in known:
            project.index.add_comment(item, digest)
    reviews.receive(item, one.keyid, one.line)
    return True


def _noun(blobs: Mapping[Digest, bytes], digest: Digest, kind: type[_N]) -> _N:
    try:
        found = kind.model_validate_json(blobs.get(digest, b""))
    except ValidationError as problem:
        raise EvidenceInvalid("REM031", f"{digest} is not there, or is no {kind.__name__}.", _HINT) from problem
    if found.to_bytes() != blobs[digest]:
        raise EvidenceInvalid("REM031", f"{digest} is not in the one serialisation that we write.", _HINT)
    return found


def _check_revision(post: Post, view: ItemView, one: Incoming, comment: Comment) -> None:
    """A change that was made elsewhere: of this very step, its new hands named, its part really a part."""
    if view.sheet.plan is not None:
        plan = _noun(one.blobs, Digest(str(comment.revision)), Plan)
        problems = list(narrowing.wider(view.sheet.plan, plan))
        if problems:
            text = f"The plan that {one.decision.reviewer} made grants more."
            raise EvidenceInvalid("REM033", text, _HINT, problems)
        return
    if view.item.kind is not SubjectKind.CHANGE:
        raise EvidenceInvalid("REM033", "Only a plan and a single change can be revised.", _HINT)
    change, trees = view.diffs[-1].change, post.trees
    before = Proposal.model_validate_json(post.project.blobs.get(change.proposal))
    made = _noun(one.blobs, Digest(str(comment.revision)), Proposal)
    tip, who = change.identity.tip, one.decision.reviewer
    if made.tree not in one.carried.trees:
        raise EvidenceInvalid("REM033", f"The change that {who} made is not there.", _HINT)
    trees.entries(made.tree)
    by_hand = tuple(dict.fromkeys([*before.people, who]))
    base = trees.tree_of(tip)
    fields = {"base_commit": tip, "base_tree": base, "tree": made.tree, "finished_at": made.finished_at}
    edited = {"people": by_hand, "written": before.written or change.identity.tree}
    expected = before.model_copy(update=fields if comment.hunks else fields | edited)
    if made != expected:
        raise EvidenceInvalid("REM033", f"The change that {who} made says another origin than it has.", _HINT)
    if comment.hunks and trees.take_hunks(base, change.identity.tree, set(comment.hunks)) != made.tree:
        raise EvidenceInvalid("REM033", f"The part that {who} took holds more than the hunks that are named.", _HINT)


def _signed_remarks(base: Base, one: Incoming) -> tuple[Digest, ...]:
    from orchestrator.provenance import dsse

    line = one.carried.files.get(REMARKS)
    if line is None:
        return ()
    keys = {p.keyid: p.public_key for p in base.chain.current.principals}
    found = dsse.open_line(line, keys, REMARKS_TYPE)
    try:
        said = Remarks.model_validate_json(found.payload)
    except ValidationError as problem:
        raise EvidenceInvalid("REM034", "Its remarks are none.", _HINT) from problem
    decision = one.decision
    if found.keyids != (one.keyid,) or (said.run, said.item, said.reviewer) != (
        decision.run,
        decision.item,
        decision.reviewer,
    ):
        raise EvidenceInvalid("REM034", f"Its remarks are not signed by {decision.reviewer} for this item.", _HINT)
    for digest in said.comments:
        comment = _noun(one.blobs, digest, Comment)
        if (comment.item, comment.reviewer) != (said.item, said.reviewer) or comment.revision is not None:
            raise EvidenceInvalid("REM034", f"{digest} is no remark of {said.reviewer} on this item.", _HINT)
    return said.comments


def refused(ref: str, problem: HandrailError) -> Refused:
    """As it is told."""
    words = "; ".join([problem.message, *problem.details])
    return Refused(ref.removeprefix("refs/heads/"), problem.code, words, problem.hint, problem.code in _LATE)
