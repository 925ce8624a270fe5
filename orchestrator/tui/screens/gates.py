"""Gates and tests of an item, each with all that it found or printed."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from orchestrator.models.found import Disposition, Finding
from orchestrator.models.ids import Digest
from orchestrator.models.review import Waiver
from orchestrator.review import sections
from orchestrator.review.checks import Checked, Lifts, checked
from orchestrator.review.diff import RowKind
from orchestrator.review.escape import escape
from orchestrator.review.service import Reviews
from orchestrator.review.view import ItemView
from orchestrator.tui import commands
from orchestrator.tui.screens.host import host, keys_of
from orchestrator.tui.screens.rows_screen import RowsScreen
from orchestrator.tui.screens.waiving import waiver_form
from orchestrator.tui.widgets.diff import RowsView
from orchestrator.tui.widgets.keys import KeyBar


class GatesScreen(RowsScreen[Finding]):
    """Ends with a finding to go to in the difference. ``lifted`` is shared with the screen below."""

    COMMANDS_HERE = commands.GATES
    SECTIONS = (RowKind.HUNK,)
    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.GATES]

    def __init__(self, reviews: Reviews, view: ItemView, lifted: dict[Digest, None]) -> None:
        super().__init__()
        self._reviews = reviews
        self._view = view
        self._lifted = lifted
        self._checked = self._read()
        self.main = RowsView(self._checked.rows, id="main")

    def compose(self) -> ComposeResult:
        """Head, rows, keys."""
        yield Static(id="head", markup=False)
        yield self.main
        yield KeyBar(keys_of(self, self.COMMANDS_HERE))

    def on_mount(self) -> None:
        """On the first finding, if there is one."""
        self._tell()
        self.main.focus()
        self.call_after_refresh(self.action_next_hunk)

    def _read(self) -> Checked:
        waivers = self._reviews.marks.waivers(self._view)
        return checked(self._view, self._reviews.output, Lifts(self._lifted.keys(), waivers))

    def _again(self) -> None:
        """The rows as they are now, with the cursor on the same finding."""
        here = self._finding()
        self._checked = self._read()
        found = next((n for n, finding in self._checked.findings.items() if finding == here), self.main.cursor)
        self.main.replace(self._checked.rows, {}, found)
        self._tell()

    def _tell(self) -> None:
        item = self._view.item
        results = ", ".join(f"{r.gate} {r.result.value}" for r in self._view.reports) or "no gate has reported"
        lifted = len(self._lifted.keys() & set(item.findings))
        words = f"Gates and tests of {item.step or item.run}: {results} | lifted {lifted} of {len(item.findings)}"
        self.query_one("#head", Static).update(escape(words))

    def _finding(self) -> Finding | None:
        return self._checked.findings.get(self.main.cursor)

    def _liftable(self) -> Finding | None:
        """The finding under the cursor, if a person may lift it; otherwise it is said why not."""
        finding = self._finding()
        if finding is None:
            self.notify("No finding under the cursor; ] goes to the next.", markup=False)
        elif finding.disposition is not Disposition.PERSON:
            words = f"{finding.rule}: {sections.disposition(finding.disposition)}"
            self.notify(escape(words), severity="warning", markup=False)
        else:
            return finding
        return None

    def action_lift(self) -> None:
        """Lift the finding under the cursor, or take that back."""
        finding = self._liftable()
        if finding is not None:
            if finding.fingerprint in self._lifted:
                del self._lifted[finding.fingerprint]
            else:
                self._lifted[finding.fingerprint] = None
            self._again()

    def action_waive(self) -> None:
        """Ask for reason, owner and end."""
        finding = self._liftable()
        if finding is not None:
            host(self).push_screen(waiver_form(self._reviews, self._view, finding), self._waived)

    def _waived(self, waiver: Waiver | None) -> None:
        if waiver is not None:
            self._lifted[waiver.finding] = None
            self._again()

    def action_open(self) -> None:
        """To the line of the finding in the difference."""
        finding = self._finding()
        if finding is None:
            self.notify("No finding under the cursor; ] goes to the next.", markup=False)
        else:
            self.dismiss(finding)
