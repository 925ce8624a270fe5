"""The lines of a file, and beside them who and what stands behind the one under the cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Footer, OptionList, Static

from orchestrator.provenance.verification.blame import Blamed, Standing
from orchestrator.review.escape import escape

_MARKS = {Standing.VERIFIED: "+", Standing.UNATTESTED: "?", Standing.NOT_VERIFIED: "!"}


def told(row: Blamed) -> Iterator[str]:
    """What is known of a line, one sentence a line. What a repository or an agent wrote is escaped."""
    yield f"{row.commit[:12]} {row.standing}"
    yield f"{escape(row.path)}:{row.line}"
    if (found := row.evidence) is None:
        yield f"by {escape(row.author)}"
    else:
        yield from (f"{escape(a.id)}: {escape(a.sentence or 'text withheld')}" for a in row.asked)
        model = f" ({escape(found.model)})" if found.model else ""
        yield f"{escape(found.step)}, attempt {found.attempt}, {escape(found.agent)}{model}"
        yield f"written by: {row.contributor}" if row.contributor else "line not stated"
        yield escape(found.gates_in_words())
        who = ", ".join(map(escape, found.reviewers)) or "nobody"
        yield f"approved by {who}" + ("" if found.human else " (not a person)")
    yield from (f"{p.code} {escape(p.message)}" for p in row.problems)


class BlameScreen(Screen[None]):
    """``.`` and ``,`` go from change to change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("full_stop", "step(1)", "Next change", id="blame.next"),
        Binding("comma", "step(-1)", "Previous change", id="blame.previous"),
        Binding("j", "move(1)", "Down", show=False, id="blame.down"),
        Binding("k", "move(-1)", "Up", show=False, id="blame.up"),
        Binding("q,escape", "app.quit", "Leave", id="blame.leave"),
    ]

    def __init__(self, path: str, rows: Sequence[Blamed]) -> None:
        super().__init__()
        self._path, self._rows = path, tuple(rows)
        self.lines = OptionList(*(self._line(row) for row in self._rows), id="main", markup=False)
        self.about = Static("", id="about", markup=False)

    @staticmethod
    def _line(row: Blamed) -> Text:
        return Text(f"{row.number:>6} {_MARKS[row.standing]} {escape(row.text)}", no_wrap=True, overflow="ellipsis")

    def compose(self) -> ComposeResult:
        """The file, the line's evidence, the keys."""
        yield Static(f"{escape(self._path)}: + verified, ? unattested, ! not verified", id="head", markup=False)
        with Horizontal(id="body"):
            yield self.lines
            with VerticalScroll(id="side"):
                yield self.about
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        """The first line is told at once."""
        self.lines.focus()
        if self._rows:
            self.lines.highlighted = 0

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell the line under the cursor."""
        self.about.update("\n".join(told(self._rows[event.option_index])))

    def action_move(self, way: int) -> None:
        """One line up or down."""
        here = (self.lines.highlighted or 0) + way
        self.lines.highlighted = min(max(here, 0), len(self._rows) - 1)

    def action_step(self, way: int) -> None:
        """To the first line of the next change, or the last of the one before."""
        start = here = self.lines.highlighted or 0
        while 0 <= here + way < len(self._rows):
            here += way
            if self._rows[here].commit != self._rows[start].commit:
                self.lines.highlighted = here
                return


class BlameApp(App[None]):
    """One file."""

    CSS_PATH = "../handrail.tcss"
    TITLE = "Handrail"

    def __init__(self, path: str, rows: Sequence[Blamed]) -> None:
        super().__init__()
        self._shown = (path, tuple(rows))

    def get_default_screen(self) -> Screen[None]:
        """The file lies below everything."""
        return BlameScreen(*self._shown)
