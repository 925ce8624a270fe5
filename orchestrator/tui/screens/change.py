"""A change to judge: the diff, beside it the requirement, what gates found, and what acceptance shows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size
from textual.widgets import Static

from orchestrator.models.found import Disposition, Finding
from orchestrator.models.review import MarkState
from orchestrator.review import sections
from orchestrator.review.checks import state
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.escape import escape
from orchestrator.review.service import Reviews
from orchestrator.review.view import ItemView
from orchestrator.tui import commands
from orchestrator.tui.memory import release
from orchestrator.tui.screens.gates import GatesScreen
from orchestrator.tui.screens.host import host, keys_of
from orchestrator.tui.screens.hunks import HunkScreen
from orchestrator.tui.widgets.choices import Choices
from orchestrator.tui.widgets.diff import RowsView
from orchestrator.tui.widgets.keys import KeyBar


def _side_rows(view: ItemView) -> Iterator[Row]:
    yield from sections.requirements(sections.needed(view.sheet), view.sheet.spec_path)
    parts = (
        ("Acceptance", sections.acceptance(view)),
        ("Agent's own words", sections.agent(view.sheet.changes)),
        ("Granted and used", sections.used(view.sheet.changes)),
        ("Said so far", sections.said(view)),
        ("Item", sections.head(view)),
    )
    for title, rows in parts:
        held = tuple(rows)
        if held:
            yield sections.BLANK
            yield sections.heading(title)
            yield from held


class ChangeScreen(HunkScreen):
    """The diff and the side pane: beside each other where there is room, else ``f`` changes between them."""

    COMMANDS_HERE = commands.CHANGE
    SECTIONS = (RowKind.HUNK,)
    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.CHANGE]
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012  typed so by Textual
    VERTICAL_BREAKPOINTS = [(0, "-short"), (12, "-tall")]  # noqa: RUF012  typed so by Textual

    def __init__(self, reviews: Reviews, view: ItemView) -> None:
        super().__init__(reviews, view)
        self._known = {str(n): f for n, f in enumerate(view.findings)}
        self.lifted = dict.fromkeys(reviews.marks.waivers(view))

    def compose(self) -> ComposeResult:
        """Head, the two panes, the keys."""
        self._fit(host(self).size)
        yield Static(id="head", markup=False)
        with Horizontal(id="body"):
            yield self.main
            with Vertical(id="side"):
                yield Static("Findings", id="findings-title", markup=False)
                yield Choices(id="findings")
                yield RowsView(tuple(_side_rows(self._view)), id="context")
        yield KeyBar(keys_of(self, self.COMMANDS_HERE))

    def _fit(self, size: Size) -> None:
        """The classes of this size, before anything is laid out: Textual sets them after that, and lays out again."""
        both = ((self.HORIZONTAL_BREAKPOINTS or (), size.width), (self.VERTICAL_BREAKPOINTS or (), size.height))
        fitting = (
            next(name for least, name in sorted(limits, reverse=True) if length >= least) for limits, length in both
        )
        self.add_class(*fitting)

    def on_mount(self) -> None:
        """The diff can be read at once."""
        self._tell()
        self.main.focus()

    def on_unmount(self) -> None:
        """The rows may go."""
        release()

    def marked(self) -> None:
        """The head says how far one is."""
        self._tell()

    def _tell(self) -> None:
        view, item = self._view, self._view.item
        gates = ", ".join(f"{r.gate} {r.result.value}" for r in view.reports) or "no gate has reported"
        shown = ", ".join(dict.fromkeys(run.shows.value for run in view.acceptance)) or "none ran"
        wanted = sections.needed(view.sheet)
        lines = (
            f"{item.kind.value.capitalize()} {item.step or item.run} {item.title}",
            " ".join(f"{r.id}: {r.statement}" for r in wanted),
            f"{self._progress()} | lifted {len(self.lifted)} of {len(item.findings)} | {gates} | acceptance: {shown}",
        )
        self.query_one("#head", Static).update("\n".join(escape(line) for line in lines))
        title = f"Findings: {len(view.findings)}, lifted {len(self.lifted)} of {len(item.findings)}"
        self.query_one("#findings-title", Static).update(title)
        entries = [(key, self._entry(finding)) for key, finding in self._known.items()]
        self.query_one("#findings", Choices).fill(entries)

    def _progress(self) -> str:
        states = [mark.state for mark in self.marks.values()]
        rejected = states.count(MarkState.REJECTED)
        accepted = states.count(MarkState.ACCEPTED)
        return f"hunks {len(self._view.hunks)}: {accepted} accepted, {rejected} rejected, {len(states)} looked at"

    def _entry(self, finding: Finding) -> str:
        box, words = state(finding, self.lifted.keys())
        return f"{box} {sections.finding_line(finding)}\n    ({words})"

    def action_lift(self) -> None:
        """Lift one finding, the one under the cursor; or take it back."""
        finding = self._under_cursor()
        if finding is None:
            self.notify("No finding under the cursor; f shows them all.", markup=False)
        elif finding.disposition is not Disposition.PERSON:
            words = f"{finding.rule}: {sections.disposition(finding.disposition)}"
            self.notify(escape(words), severity="warning", markup=False)
        else:
            if finding.fingerprint in self.lifted:
                del self.lifted[finding.fingerprint]
            else:
                self.lifted[finding.fingerprint] = None
            self._tell()

    def action_waive(self) -> None:
        """Lift the finding under the cursor with a reason, an owner and an end."""
        finding = self._under_cursor()
        if finding is None or finding.disposition is not Disposition.PERSON:
            self.notify("No finding under the cursor that a person may lift.", markup=False)
        else:
            self.waive(finding)

    def _under_cursor(self) -> Finding | None:
        choices = self.query_one("#findings", Choices)
        if choices.has_focus:
            return self._known.get(choices.chosen or "")
        here = self.places.get(self.main.cursor, [])
        waiting = (f for f in here if f.disposition is Disposition.PERSON and f.fingerprint not in self.lifted)
        return next(waiting, here[0] if here else None)

    def _missing(self) -> bool:
        missing = [f for f in self._view.to_lift if f.fingerprint not in self.lifted]
        if missing:
            names = "\n".join(escape(sections.finding_line(f)) for f in missing)
            words = f"Each finding for a person must be lifted first (l):\n{names}"
            self.notify(words, severity="warning", markup=False)
            self._open_side()
        return bool(missing)

    def action_findings(self) -> None:
        """To the findings, or back to the diff."""
        if self.main.has_focus:
            self._open_side()
        else:
            self.remove_class("side")
            self.main.focus()

    def action_gates(self) -> None:
        """Gates and tests on their own screen; a finding chosen there leads back to its line."""
        host(self).push_screen(GatesScreen(self._reviews, self._view, self.lifted), self._from_gates)

    def _from_gates(self, finding: Finding | None) -> None:
        self._tell()
        if finding is not None:
            self._go_to(finding)

    def _open_side(self) -> None:
        self.add_class("side")
        self.query_one("#findings" if self._known else "#context").focus()

    def on_option_list_option_selected(self, event: Choices.OptionSelected) -> None:
        """Enter on a finding: to its line in the diff."""
        finding = self._known.get(event.option_id or "")
        if finding is not None:
            self._go_to(finding)

    def _go_to(self, finding: Finding) -> None:
        if finding.path in self.folded:
            self.folded.discard(finding.path)
            self._again()
        row = next((n for n, here in self.places.items() if finding in here), None)
        if row is None:
            self.notify("The diff shows no line of this finding.", markup=False)
            return
        self.remove_class("side")
        self.main.focus()
        self.main.move_to(row)

    def place(self) -> tuple[str, int]:
        """Where the cursor stands, on the new side; a removed line counts as its file."""
        row = self.main.row
        return row.path, row.new if row.kind is not RowKind.HUNK else 0
