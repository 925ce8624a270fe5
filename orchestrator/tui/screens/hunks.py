"""What can be done to single hunks and files of a change, and ways to look at its diff."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from functools import partial

from textual.app import SuspendNotSupported

from orchestrator.app.files import edit_copy
from orchestrator.errors import HandrailError
from orchestrator.models.found import Finding
from orchestrator.models.ids import Digest
from orchestrator.models.review import Mark, MarkState, Waiver
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.escape import escape
from orchestrator.review.service import Reviews
from orchestrator.review.view import ItemView
from orchestrator.tui.memory import settled
from orchestrator.tui.screens import diff_rows
from orchestrator.tui.screens.files import FilesScreen
from orchestrator.tui.screens.host import host
from orchestrator.tui.screens.judge import JudgeScreen
from orchestrator.tui.screens.verdict import AskScreen
from orchestrator.tui.screens.waiving import waiver_form
from orchestrator.tui.widgets.diff import CodeRowsView

_NOTE = "enter: keep   esc: back"


class HunkScreen(JudgeScreen):
    """Keeps marks, folds and the last search of one item's diff."""

    def __init__(self, reviews: Reviews, view: ItemView) -> None:
        super().__init__(reviews, view)
        self.marks: dict[Digest, Mark] = reviews.marks.of(view)
        self.folded = set(diff_rows.first_folded(view))
        rows = diff_rows.diff_rows(view, self.marks, self.folded)
        self.places = diff_rows.places(rows, view.findings)
        self.main = CodeRowsView(rows, self.places, id="main")
        self._wanted = ""

    def marked(self) -> None:
        """Called after marks have changed."""

    def _again(self) -> None:
        """The rows with present marks and folds; the cursor stays on what it was on."""
        row = self.main.row
        self.marks = self._reviews.marks.of(self._view)
        with settled():
            rows = diff_rows.diff_rows(self._view, self.marks, self.folded)
        self.places = diff_rows.places(rows, self._view.findings)
        found = next((n for n, r in enumerate(rows) if _key(r) == _key(row)), None)
        if found is None:
            found = next((n for n, r in enumerate(rows) if r.kind is RowKind.FILE and r.path == row.path), 0)
        self.main.replace(rows, self.places, found)
        self.marked()

    def _here(self) -> tuple[Digest, ...]:
        found = diff_rows.hunk_at(self._view, self.main.rows, self.main.cursor)
        if found is None:
            self.notify("No hunk under the cursor; ] goes to the next.", markup=False)
            return ()
        return (found,)

    def _file(self) -> tuple[Digest, ...]:
        path = self.main.row.path
        if path in self.folded:
            self.notify("This file is folded; z opens it. Folded is not looked at.", severity="warning", markup=False)
            return ()
        return tuple(h.id for part in self._view.diffs for h in part.change.hunks if h.path == path)

    def _mark(self, hunks: Sequence[Digest], state: MarkState, reason: str | None = "") -> None:
        if reason is None or not hunks:
            return
        try:
            self._reviews.marks.put(self._view, hunks, state, reason)
        except HandrailError as error:
            self.report(error)
            return
        self._again()

    def _reject(self, hunks: Sequence[Digest]) -> None:
        if hunks:
            lines = (f"{len(hunks)} of {len(self._view.hunks)} hunks",)
            screen = AskScreen("Reject?", lines, "Why? The agent learns this.", required=True, keys=_NOTE)
            host(self).push_screen(screen, partial(self._mark, hunks, MarkState.REJECTED))

    def action_accept_hunk(self) -> None:
        """Mark, and go on to the next."""
        self._mark(self._here(), MarkState.ACCEPTED)
        self.action_next_hunk()

    def action_reject_hunk(self) -> None:
        """Ask why, then mark."""
        self._reject(self._here())

    def action_view_hunk(self) -> None:
        """Mark, and go on to the next."""
        self._mark(self._here(), MarkState.VIEWED)
        self.action_next_hunk()

    def action_clear_hunk(self) -> None:
        """Take the mark away."""
        self._reviews.marks.drop(self._view, self._here())
        self._again()

    def action_accept_file(self) -> None:
        """All hunks of the file under the cursor."""
        self._mark(self._file(), MarkState.ACCEPTED)

    def action_reject_file(self) -> None:
        """All hunks of the file under the cursor, with one reason."""
        self._reject(self._file())

    def action_take(self) -> None:
        """Make the change of the accepted hunks alone."""
        count = sum(mark.state is MarkState.ACCEPTED for mark in self.marks.values())
        lines = (f"{count} of {len(self._view.hunks)} hunks are accepted", "gates and tests run on exactly their tree")
        screen = AskScreen("Take the accepted part?", lines, "Words beside it (may be empty):", required=False)
        host(self).push_screen(screen, self._take)

    def _take(self, words: str | None) -> None:
        if words is None:
            return
        try:
            self.dismiss(self._reviews.take_accepted(self._view.item.id, words))
        except HandrailError as error:
            self.report(error)

    def action_edit(self) -> None:
        """Open the file under the cursor on a copy in the person's editor; what comes out is a change of theirs."""
        path = self.main.row.path
        try:
            before = self._reviews.file(self._view.item.id, path)
            with host(self).suspend():
                after = edit_copy(path, before)
            self.dismiss(self._reviews.edit(self._view.item.id, path, after))
        except SuspendNotSupported:
            self.notify(f"handrail review edit {self._view.item.id} {shlex.quote(escape(path))}", markup=False)
        except HandrailError as error:
            self.report(error)

    def waive(self, finding: Finding) -> None:
        """Ask for a reason, an owner and an end; the approval signs them."""
        host(self).push_screen(waiver_form(self._reviews, self._view, finding), self._waived)

    def _waived(self, waiver: Waiver | None) -> None:
        if waiver is not None:
            self.lifted[waiver.finding] = None
            self.marked()

    def action_fold(self) -> None:
        """Fold the file under the cursor, or open it."""
        self.folded ^= {self.main.row.path} - {""}
        self._again()

    def action_layout(self, which: str) -> None:
        """``auto``, ``split`` or ``unified``."""
        self.main.choose_layout({"split": True, "unified": False}.get(which))

    def action_find(self) -> None:
        """Ask for words and go to the next row that has them."""
        screen = AskScreen("Find", (), "Words, in any case:", required=True, keys="enter: find   esc: back")
        host(self).push_screen(screen, self._find)

    def _find(self, words: str | None) -> None:
        if words is not None:
            self._wanted = words
            self.action_find_next()

    def action_find_next(self) -> None:
        """The next row with the words of the last search; from the end on to the beginning."""
        wanted, rows, start = self._wanted.casefold(), self.main.rows, self.main.cursor + 1
        order = [*range(start, len(rows)), *range(start)]
        found = next((n for n in order if wanted and wanted in rows[n].text.casefold()), None)
        if found is None:
            self.notify(f"Not found: {escape(self._wanted)}", markup=False)
        else:
            self.main.move_to(found)

    def action_files(self) -> None:
        """The files by risk, to go to one."""
        host(self).push_screen(FilesScreen(self._view, self.marks, self.folded), self._go)

    def _go(self, path: str | None) -> None:
        rows = self.main.rows
        found = next((n for n, row in enumerate(rows) if row.kind is RowKind.FILE and row.path == path), None)
        if found is not None:
            self.main.move_to(found)

    def action_open(self) -> None:
        """From a line of *Read first* to its hunk."""
        row = self.main.row
        kinds = (RowKind.HUNK, RowKind.FILE)
        if row.kind is RowKind.TEXT and row.hunk is not None:
            rows = self.main.rows
            found = (n for n, r in enumerate(rows) if r.kind in kinds and row.hunk == r.hunk)
            files = (n for n, r in enumerate(rows) if r.kind is RowKind.FILE and r.path == row.path)
            self.main.move_to(next(found, next(files, self.main.cursor)))


def _key(row: Row) -> Row:
    """A row without its text, which marks change."""
    return row._replace(text="") if row.kind in {RowKind.FILE, RowKind.HUNK} else row
