"""The files of a change, the riskiest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from orchestrator.models.ids import Digest
from orchestrator.models.review import Mark
from orchestrator.review import risk, sections
from orchestrator.review.view import ItemView
from orchestrator.tui.screens.diff_rows import file_marks
from orchestrator.tui.widgets.choices import Choices


class FilesScreen(ModalScreen[str | None]):
    """Gives the path that was chosen, or ``None``."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,t", "dismiss(None)", "Back", id="files.leave")]

    def __init__(self, view: ItemView, marks: Mapping[Digest, Mark], folded: AbstractSet[str]) -> None:
        super().__init__()
        self._view = view
        self._marks = marks
        self._folded = folded
        self._paths: list[str] = []

    def compose(self) -> ComposeResult:
        """A title and the list."""
        with Vertical(id="files"):
            yield Static("Files, riskiest first   enter: go there   esc: back", id="files-title", markup=False)
            yield Choices(id="files-list")

    def on_mount(self) -> None:
        """The list can be walked at once."""
        found = sorted(self._entries(), key=lambda e: -e[0])
        self._paths = [path for _, path, _ in found]
        self.query_one(Choices).fill([(str(n), text) for n, (_, _, text) in enumerate(found)])
        self.query_one(Choices).focus()

    def _entries(self) -> Iterator[tuple[int, str, str]]:
        for part in self._view.diffs:
            scores = risk.file_scores(self._view, part)
            for file in part.change.files:
                score = scores.get(file.path, 0)
                folded = " [folded]" if file.path in self._folded else ""
                told = f"risk {score:>3}  {sections.file_line(file)}{file_marks(part, file.path, self._marks)}{folded}"
                yield score, file.path, told

    def on_option_list_option_selected(self, event: Choices.OptionSelected) -> None:
        """Enter."""
        self.dismiss(self._paths[int(event.option_id or 0)])
