"""What judging a plan and judging a change have in common."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from orchestrator.app.review import drafting
from orchestrator.errors import HandrailError
from orchestrator.models.decision import Verdict
from orchestrator.models.ids import Digest
from orchestrator.review.service import Reviews
from orchestrator.review.view import Decided, ItemView
from orchestrator.tui.screens.host import host
from orchestrator.tui.screens.rows_screen import RowsScreen
from orchestrator.tui.screens.verdict import AskScreen


class Stopwatch:
    """Seconds for which something was shown."""

    def __init__(self) -> None:
        self._before = 0.0
        self._since: float | None = None

    def go_on(self) -> None:
        """Count from now."""
        if self._since is None:
            self._since = time.monotonic()

    def hold(self) -> None:
        """Count no further."""
        self._before, self._since = self.seconds, None

    @property
    def seconds(self) -> float:
        """So far."""
        return self._before + (0.0 if self._since is None else time.monotonic() - self._since)


class JudgeScreen(RowsScreen[Decided]):
    """Shows one item; ends with the decision, or with ``None`` when the person went back."""

    def __init__(self, reviews: Reviews, view: ItemView) -> None:
        super().__init__()
        self._reviews = reviews
        self._view = view
        self.lifted: dict[Digest, None] = {}
        self._looked = Stopwatch()

    def on_screen_resume(self) -> None:
        """What is shown is looked at."""
        self._looked.go_on()

    def on_screen_suspend(self) -> None:
        """Another screen covers it."""
        self._looked.hold()

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
        try:
            decided = self.signed(verdict, words)
        except HandrailError as error:
            self.report(error)
            return
        self.dismiss(decided)

    def signed(self, verdict: Verdict, words: str) -> Decided:
        """Signed and stored. Raises what keeps it from that; a decision that only cannot be stored now is kept."""
        lifts = tuple(self.lifted) if verdict is Verdict.APPROVE else ()
        item, seconds = self._view.item.id, self._looked.seconds
        with self._draft_of(verdict, words, lifts):
            return drafting.decide(self._reviews, item, verdict, reason=words, lifts=lifts, seconds_on_screen=seconds)

    def _draft_of(self, verdict: Verdict, words: str, lifts: Sequence[str]) -> AbstractContextManager[None]:
        """Keeps the decision where it can be neither signed nor stored."""
        desk = host(self).desk
        if desk is None:
            return nullcontext()
        return drafting.kept_otherwise(desk.drafts, self._view.item.id, verdict, reason=words, lifts=lifts)

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
