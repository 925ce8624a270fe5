"""A change that a reviewer makes of another: only the accepted hunks, or an edit of a file.

It becomes a proposal of the same step and attempt on the same tip. Nothing is approved by making it: the gates and the
acceptance commands run on exactly its tree, and a person approves that.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from orchestrator.errors import UsageError
from orchestrator.models.change import Change, Proposal
from orchestrator.models.decision import SubjectKind
from orchestrator.models.ids import Digest, GitOid
from orchestrator.ports import Trees
from orchestrator.review.escape import escape
from orchestrator.review.view import ItemView

MAX_EDIT_BYTES = 16 << 20


def only(view: ItemView, made: Proposal, trees: Trees, accepted: Collection[Digest], now: datetime) -> Proposal:
    """The change with the accepted hunks alone. Raises ``UsageError`` REV036 (none, or all of them), REV030."""
    change = _change(view)
    left = [hunk.id for hunk in change.hunks if hunk.id not in accepted]
    if not left or len(left) == len(change.hunks):
        what = "Every" if not left else "No"
        raise UsageError("REV036", f"{what} hunk is accepted, so there is no part to take.", "approve, or reject")
    base = trees.tree_of(change.identity.tip)
    tree = trees.take_hunks(base, change.identity.tree, accepted)
    return _proposal(change, made, trees, tree, now)


def edited(
    view: ItemView, made: Proposal, trees: Trees, path: str, data: bytes, *, who: str, now: datetime
) -> Proposal:
    """The change with other bytes in one of its files, by ``who``. Raises ``UsageError`` REV032, REV037."""
    change = _change(view)
    if path not in {file.path for file in change.files if file.new_blob is not None}:
        raise UsageError("REV032", f"{escape(path)} is no file of this change.", f"handrail review show {view.item.id}")
    if len(data) > MAX_EDIT_BYTES:
        raise UsageError("REV037", f"The edited file has more than {MAX_EDIT_BYTES} bytes.", "edit it in a step")
    tree = trees.put_file(change.identity.tree, path, data)
    if tree == change.identity.tree:
        raise UsageError("REV037", "The edit changes nothing.", "approve, or edit again")
    people = tuple(dict.fromkeys([*made.people, who]))
    written = made.written or change.identity.tree
    return _proposal(change, made, trees, tree, now).model_copy(update={"people": people, "written": written})


def _change(view: ItemView) -> Change:
    if view.item.kind is not SubjectKind.CHANGE:
        raise UsageError(
            "REV038", "Only a single change can be taken in part or edited.", "run with --review each-step, or reject"
        )
    return view.diffs[-1].change


def _proposal(change: Change, made: Proposal, trees: Trees, tree: GitOid, now: datetime) -> Proposal:
    tip = change.identity.tip
    update = {"base_commit": tip, "base_tree": trees.tree_of(tip), "tree": tree, "finished_at": now}
    return made.model_copy(update=update)
