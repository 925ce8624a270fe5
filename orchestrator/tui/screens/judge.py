"""What judging a plan and judging a change have in common."""

from __future__ import annotations

from functools import partial

from orchestrator.errors import HandrailError
from orchestrator.models.base import Digest
from orchestrator.models.decision import Verdict
from orchestrator.review.service import Reviews
from orchestrator.review.view import Decided, ItemView
from orchestrator.tui.screens.host import host
from orchestrator.tui.screens.rows_screen import RowsScreen
from orchestrator.tui.screens.verdict import AskScreen


class JudgeScreen(RowsScreen[Decided]):
    """Shows one item; ends with the decision, or with ``None`` when the person went back."""

    def __init__(self, reviews: Reviews, view: ItemView) -> None:
        super().__init__()
        self._reviews = reviews
        self._view = view
        self.lifted: dict[Digest, None] = {}

    def action_approve(self) -> None:
        """Ask once more, then sign."""
        if self._missing():
            return
        item = self._view.item
        lines = [f"{item.title}", f"subject {item.subject}"]
        if item.change is not None:
            lines += [f"tree {item.change.tree} on {item.change.target_ref}"]
        told = {f.fingerprint: f for f in self._view.to_lift}
        lines += [f"lifts {told[f].rule} {told[f].path}" for f in self.lifted]
        self._ask(Verdict.APPROVE, "Approve?", tuple(lines), "Words beside it (may be empty):")

    def _missing(self) -> bool:
        """Whether something keeps this from being approved that the person can still do here."""
        return False

    def action_reject(self) -> None:
        """Ends the change."""
        self._ask(Verdict.REJECT, "Reject?", (self._view.item.title,), "Why? The agent learns this.")

    def action_request_changes(self) -> None:
        """Sends the change back."""
        self._ask(Verdict.REQUEST_CHANGES, "Request changes?", (self._view.item.title,), "What must be different?")

    def _ask(self, verdict: Verdict, title: str, lines: tuple[str, ...], prompt: str) -> None:
        required = verdict is not Verdict.APPROVE
        host(self).push_screen(AskScreen(title, lines, prompt, required=required), partial(self._decide, verdict))

    def _decide(self, verdict: Verdict, words: str | None) -> None:
        if words is None:
            return
        lifts = tuple(self.lifted) if verdict is Verdict.APPROVE else ()
        try:
            decided = self._reviews.decide(self._view.item.id, verdict, reason=words, lifts=lifts)
        except HandrailError as error:
            self.report(error)
            return
        self.dismiss(decided)

    def action_remark(self) -> None:
        """A comment on the line under the cursor."""
        path, line = self.place()
        where = f"{path}:{line}" if path else "the whole item"
        screen = AskScreen("Comment", (f"on {where}",), "It goes back to the agent with the verdict.", required=True)
        host(self).push_screen(screen, partial(self._remark, path, line))

    def _remark(self, path: str, line: int, words: str | None) -> None:
        if words is None:
            return
        try:
            self._reviews.comment(self._view.item.id, self.about() + words, path, line)
        except HandrailError as error:
            self.report(error)
            return
        self.notify("Comment stored.", markup=False)

    def place(self) -> tuple[str, int]:
        """Path and line of the cursor, ('', 0) where there is none."""
        return "", 0

    def about(self) -> str:
        """What a remark without a place begins with."""
        return ""
