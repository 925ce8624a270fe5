"""The queue of what waits for people, and the way a verdict gets into it.

Decisions collect in the index (D15); the one that decides the item closes it,
and whoever resumes the run reads the set. A verdict is checked before it is
signed, stored signed, and added up in the transaction that stores it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from secrets import token_hex
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from orchestrator.errors import EvidenceInvalid, StoreError, UsageError
from orchestrator.models.change import Change, Proposal
from orchestrator.models.decision import EXPIRED, OUTDATED, Decision, ReviewItem, SubjectKind, Verdict
from orchestrator.models.ids import Digest, RunId
from orchestrator.models.plan import Plan
from orchestrator.models.policy import Policy
from orchestrator.models.review import Comment, MarkState, ReviewSheet
from orchestrator.policy import narrowing, quorum
from orchestrator.policy.narrowing import Narrowing
from orchestrator.ports import Blobs, Clock, RunIndex, Trees
from orchestrator.review import asking, binding, diff, revising, risk, rules
from orchestrator.review.escape import decode, escape
from orchestrator.review.marks import Marks
from orchestrator.review.view import ChangeDiff, Decided, ItemView, Proof, Said

_Stored = TypeVar("_Stored", bound=BaseModel)

Seal = Callable[[Decision], tuple[str, bytes]]
"""Signs: gives the key id and the DSSE line."""

OpenDecision = Callable[[bytes], tuple[str, Decision]]
"""Verifies a DSSE line: gives the key id and what it says, or raises ``EvidenceInvalid``."""


class Reviews:
    """Everything that one reviewer can do, with one key.

    ``outdated`` says whether what an item is about has moved since (for a
    change: its target ref is no longer at the item's tip). Without it, only a
    newer item of the same node and step, or the end of the run, makes an item
    outdated here, and the merge's own compare-and-swap is what refuses the rest.
    ``prove`` proves the workflow of a run anew, for whoever judges its plan. In a ``drill`` what is signed says so.
    """

    def __init__(
        self,
        *,
        index: RunIndex,
        blobs: Blobs,
        seal: Seal,
        open_decision: OpenDecision,
        policy: Policy,
        reviewer: str,
        keyid: str,
        clock: Clock,
        outdated: Callable[[ReviewItem], bool] | None = None,
        trees: Trees | None = None,
        prove: Callable[[RunId], Proof] | None = None,
        drill: bool = False,
    ) -> None:
        self._index = index
        self._blobs = blobs
        self._seal = seal
        self._open = open_decision
        self._policy = policy
        self._reviewer = reviewer
        self._keyid = keyid
        self._clock = clock
        self._outdated = outdated
        self._trees = trees
        self._prove = prove
        self._drill = drill
        self.marks = Marks(index, blobs, clock, keyid)

    @property
    def reviewer(self) -> str:
        """The name under which decisions are signed."""
        return self._reviewer

    def now(self) -> datetime:
        """By the clock that decisions are dated with."""
        return self._clock.now()

    def waiting(self, run: RunId | None = None) -> tuple[ReviewItem, ...]:
        """What waits for anybody, oldest first."""
        return self._index.open_items(run)

    def glance(self, item: ReviewItem) -> tuple[bool, int]:
        """Whether this key is still asked about it, and how much there is to look out for (see ``risk.of_sheet``)."""
        try:
            rules.may_decide(item, self._policy, self._keyid, self._reviewer)
            mine = self._keyid not in {keyid for keyid, _ in self._opened(item.id)}
        except UsageError:
            mine = False
        return mine, risk.of_sheet(self._load(item.document, ReviewSheet))

    def view(self, item_id: str) -> ItemView:
        """What is shown for an item.

        Raises ``UsageError`` for an unknown id, ``EvidenceInvalid`` (``REV008``)
        when the stored parts are not about one and the same thing.
        """
        item = self._index.item(item_id)
        sheet = self._load(item.document, ReviewSheet)
        diffs = tuple(self._diff(part.change) for part in sheet.changes)
        binding.check(item, sheet, [part.rows for part in diffs])
        closed = self._index.outcome(item_id)
        return ItemView(
            item=item,
            sheet=sheet,
            diffs=diffs,
            decisions=self._said(item_id),
            comments=tuple(self._load(digest, Comment) for digest in self._index.comments(item_id)),
            outcome=Verdict(closed) if closed not in {None, OUTDATED, EXPIRED} else None,
            outdated=closed == OUTDATED,
            expired=closed == EXPIRED,
            proof=self._prove(item.run) if self._prove and sheet.plan else None,
        )

    def decide(
        self,
        item_id: str,
        verdict: Verdict,
        *,
        reason: str = "",
        lifts: Sequence[Digest] = (),
        seconds_on_screen: float | None = None,
    ) -> Decided:
        """Sign and store a verdict; closes the item when it is decided by it.

        How long the item was on screen is kept, in whole seconds, only where the policy asks for it (D13).

        Raises ``UsageError``: ``REV001`` no reason, ``REV002`` findings not
        lifted, ``REV003``/``REV012``/``REV014`` a lift that is none, ``REV004``
        not this key's to decide, ``REV005`` decided before, ``REV006`` closed,
        ``REV007`` outdated, ``REV009`` unusable text, ``REV011`` a gate refused,
        ``REV034`` a waiver that has ended, ``REV035`` an approval of what one has
        rejected in part, ``REV039`` an author who would be the only approver,
        ``REV048`` a task that is done by handing in a change.
        """
        view = self.view(item_id)
        rules.hands_in(view, verdict)
        words = rules.text(reason)
        named = tuple(dict.fromkeys(lifts))
        self._check(view, verdict, words, named)
        return self._conclude(view, verdict, words, named, seconds=seconds_on_screen)

    def take_accepted(self, item_id: str, reason: str = "") -> Decided:
        """Sign a request for the change with the accepted hunks alone, which is made here; gates judge it anew.

        Reasons of rejected hunks go to the agent, should the gates refuse the rest. Raises as :meth:`decide`, and
        ``UsageError`` REV030, REV036, REV038.
        """
        view, trees = self.view(item_id), self._need_trees()
        marks = self.marks.of(view)
        accepted = {h for h, m in marks.items() if m.state is MarkState.ACCEPTED}
        made = revising.only(view, self._proposal(view), trees, accepted, self._clock.now())
        rejected = [m for m in marks.values() if m.state is MarkState.REJECTED]
        words = rules.text(reason) or f"Only {len(accepted)} of {len(view.hunks)} hunks are taken."
        self._check(view, Verdict.REQUEST_CHANGES, words, ())
        for mark in rejected:
            self.comment(item_id, mark.reason, mark.path, mark.line)
        return self._conclude(view, Verdict.REQUEST_CHANGES, words, made=made, hunks=tuple(sorted(accepted)))

    def edit(self, item_id: str, path: str, data: bytes, reason: str = "") -> Decided:
        """Sign a request for the change with other bytes in one file, which is made here; gates judge it anew.

        Who edits is an author of the change from then on. Raises as :meth:`decide`, and ``UsageError`` REV032,
        REV037, REV038.
        """
        view, trees = self.view(item_id), self._need_trees()
        proposal, now = self._proposal(view), self._clock.now()
        made = revising.edited(view, proposal, trees, path, data, who=self._reviewer, now=now)
        words = rules.text(reason) or f"{path} is edited by hand."
        self._check(view, Verdict.REQUEST_CHANGES, words, ())
        return self._conclude(view, Verdict.REQUEST_CHANGES, words, made=made)

    def narrow(self, item_id: str, what: Narrowing, reason: str = "") -> Decided:
        """Sign a request for the plan with less granted to one step, which is made here; it is shown as a new item.

        Raises as :meth:`decide`, and ``UsageError`` NAR001-003, REV047 for an item that is no plan.
        """
        view = self.view(item_id)
        if view.sheet.plan is None:
            raise UsageError("REV047", f"Item {escape(item_id)} is no plan.", "handrail review list")
        made = narrowing.narrowed(view.sheet.plan, what)
        words = rules.text(reason) or f"{what.step} is granted less."
        self._check(view, Verdict.REQUEST_CHANGES, words, ())
        return self._conclude(view, Verdict.REQUEST_CHANGES, words, made=made)

    def hand_in(self, item_id: str, made: Proposal, reason: str = "") -> Decided:
        """Sign that a task which edits is done, with the change that was made. Raises as :meth:`decide`, REV045."""
        view, words = self.view(item_id), rules.text(reason)
        if view.sheet.work is None or not view.sheet.work.edits:
            raise UsageError("REV045", f"Item {escape(item_id)} asks for no change.", "handrail review list")
        self._check(view, Verdict.APPROVE, words, ())
        signed = made.model_copy(update={"people": (self._reviewer,)})
        return self._conclude(view, Verdict.APPROVE, words, made=signed)

    def file(self, item_id: str, path: str) -> bytes:
        """The new bytes of a changed file. Raises ``UsageError`` REV032."""
        view, trees = self.view(item_id), self._need_trees()
        found = [f for part in view.diffs for f in part.change.files if f.path == path and f.new_blob]
        if not found or found[-1].new_blob is None:
            raise UsageError("REV032", f"{escape(path)} is no file of this change.", f"handrail review show {item_id}")
        return trees.blob(found[-1].new_blob)

    def output(self, digest: Digest) -> str | None:
        """What an acceptance command printed; ``None`` where it is not kept here (D13, D15)."""
        try:
            return decode(self._blobs.get(digest))
        except StoreError:
            return None

    def undo(self, item_id: str) -> None:
        """Take one's own decision back. The caller has made sure that no run has gone on with it. Raises REV033."""
        self._index.take_back_decision(item_id, self._keyid)

    def _need_trees(self) -> Trees:
        if self._trees is None:
            raise UsageError("REV040", "This needs the repository itself.", "run it in the repository")
        return self._trees

    def _proposal(self, view: ItemView) -> Proposal:
        if not view.diffs:
            raise UsageError("REV038", "A plan has no hunks.", "approve it, or send it back")
        return self._load(view.diffs[-1].change.proposal, Proposal)

    def _conclude(
        self,
        view: ItemView,
        verdict: Verdict,
        words: str,
        named: tuple[Digest, ...] = (),
        *,
        made: Proposal | Plan | None = None,
        hunks: tuple[Digest, ...] = (),
        seconds: float | None = None,
    ) -> Decided:
        item_id = view.item.id
        rules.revisable(view.item, verdict, made=made is not None)
        kept = self.marks.waivers(view) if named else {}
        waivers = tuple(kept[finding] for finding in named if finding in kept)
        rules.in_force(waivers, self._clock.now())
        looked = int(seconds) if seconds is not None and self._policy.keep_review_times else None
        comment = None
        if words or made or waivers or looked is not None:
            remark = self._remark(view.item, words)
            revision = self._blobs.put(made.to_bytes()) if made else None
            more = {"revision": revision, "hunks": hunks, "waivers": waivers, "seconds_on_screen": looked}
            comment = self._blobs.put(remark.model_copy(update=more).to_bytes())
        said = {"verdict": verdict, "comment": comment, "lifts": named}
        decision = self.question(view).model_copy(update=said)
        keyid, line = self._signed(decision)
        return Decided(decision, self.receive(item_id, keyid, line))

    def receive(self, item_id: str, keyid: str, line: bytes) -> Verdict | None:
        """Store a decision that was checked, and close the item when it is decided by it.

        Raises ``UsageError`` REV002 when somebody was faster.
        """
        said = self._index.add_decision(item_id, keyid, line, lambda lines: self._comes_to(item_id, lines))
        return None if said is None else Verdict(said)

    def _comes_to(self, item_id: str, lines: Sequence[bytes]) -> Verdict | None:
        opened = self._open_all(item_id, lines)
        item = self._index.item(item_id)
        said, keyids = [d for _, d in opened], [keyid for keyid, _ in opened]
        return quorum.outcome(item, said, self._policy, keyids, drill=self._drill)

    def comment(self, item_id: str, text: str, path: str = "", line: int = 0) -> Comment:
        """Store a remark. ``line`` counts from 1 on the new side; ``path`` must be one of the change's.

        Raises ``UsageError`` ``REV009`` (no usable text) or ``REV010`` (no such place).
        """
        view = self.view(item_id)
        words = rules.text(text)
        if not words:
            raise UsageError("REV009", "An empty comment says nothing.", "write the remark")
        known = {name for part in view.diffs for file in part.change.files for name in (file.path, file.old_path)}
        if line < 0 or (line and not path) or (path and path not in known):
            raise UsageError(
                "REV010",
                f"{escape(path) or 'No file'}:{line} is no place in this item.",
                "Name a changed file and a line from 1.",
            )
        remark = self._remark(view.item, words, path, line)
        self._index.add_comment(item_id, self._blobs.put(remark.to_bytes()))
        return remark

    def reasons(self, item_id: str) -> tuple[str, ...]:
        """What goes back to the agent: reasons of rejections and requests, then remarks with their place."""
        said = [s.reason for s in self._said(item_id) if s.decision.verdict is not Verdict.APPROVE]
        remarks = [self._load(digest, Comment) for digest in self._index.comments(item_id)]
        placed = [f"{_place(r)}{r.text}" for r in remarks]
        return tuple([words for words in said if words] + placed)

    def _check(self, view: ItemView, verdict: Verdict, words: str, named: Sequence[Digest]) -> None:
        item = view.item
        self.ensure_open(view, self._keyid)
        rules.may_decide(item, self._policy, self._keyid, self._reviewer)
        rules.another_than_the_author(item, self._policy, self._reviewer, verdict)
        rules.reason(verdict, words)
        rules.marks_agree(self.marks.of(view).values(), verdict)
        rules.fits(item, view.sheet, verdict, words)
        rules.lifts(view, self._policy, self._keyid, verdict, named)
        if verdict is Verdict.APPROVE:
            rules.sound(view)

    def ensure_open(self, view: ItemView, keyid: str) -> None:
        """Whether a decision with this key can still come. Raises ``UsageError`` REV005, REV006, REV007."""
        item = view.item
        rules.open_and_current(view, self._index.run(item.run), self._index.open_items(item.run), keyid)
        if self._outdated is not None and self._outdated(item):
            raise rules.outdated(item)

    def question(self, view: ItemView) -> Decision:
        """As :func:`~orchestrator.review.asking.question`, of this reviewer now."""
        asked = asking.question(view, self._reviewer, self._clock.now())
        return asked.model_copy(update={"kind": SubjectKind.DRILL}) if self._drill else asked

    def _signed(self, decision: Decision) -> tuple[str, bytes]:
        """Opened again before it is stored: one line that does not verify would block the item for all."""
        keyid, line = self._seal(decision)
        if keyid != self._keyid or self._open(line) != (keyid, decision):
            raise EvidenceInvalid(
                "REV013", "The signature made is not of this decision with this key.", "check the reviewer's key"
            )
        return keyid, line

    def _said(self, item_id: str) -> tuple[Said, ...]:
        return tuple(self._said_by(keyid, decision) for keyid, decision in self._opened(item_id))

    def _opened(self, item_id: str) -> list[tuple[str, Decision]]:
        return self._open_all(item_id, self._index.decisions(item_id))

    def _open_all(self, item_id: str, lines: Sequence[bytes]) -> list[tuple[str, Decision]]:
        opened = [self._open(line) for line in lines]
        if any(decision.item != item_id for _, decision in opened):
            raise EvidenceInvalid(
                "REV016", f"A decision on another item is stored under {escape(item_id)}.", "handrail verify"
            )
        return opened

    def _said_by(self, keyid: str, decision: Decision) -> Said:
        comment = None if decision.comment is None else self._load(decision.comment, Comment)
        return Said(keyid, decision, comment.text if comment else "", comment.seconds_on_screen if comment else None)

    def _remark(self, item: ReviewItem, words: str, path: str = "", line: int = 0) -> Comment:
        return Comment(
            item=item.id,
            reviewer=self._reviewer,
            text=words,
            path=path,
            line=line,
            about=item.subject,
            salt=token_hex(16),
        )

    def _diff(self, change: Change) -> ChangeDiff:
        text = self._blobs.get(change.diff)
        return ChangeDiff(change, text, diff.parse(text, change.hunks))

    def _load(self, digest: Digest, kind: type[_Stored]) -> _Stored:
        try:
            return kind.model_validate_json(self._blobs.get(digest))
        except ValidationError:
            raise EvidenceInvalid(
                "REV015",
                f"{digest} is not a stored {kind.__name__}.",
                "The store was changed from outside; see `runs`.",
            ) from None


def _place(remark: Comment) -> str:
    if not remark.path:
        return ""
    return f"{remark.path}:{remark.line}: " if remark.line else f"{remark.path}: "
