"""One question, one line of words, one way back."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from orchestrator.review.escape import escape

_SIGN = "enter: sign and store   esc: back"


class AskScreen(ModalScreen[str | None]):
    """Gives the words, trimmed, or ``None`` when the person went back. ``required`` words may not be empty."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", id="ask.leave")]

    def __init__(self, title: str, lines: tuple[str, ...], prompt: str, *, required: bool, keys: str = _SIGN) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._prompt = prompt
        self._required = required
        self._keys = keys

    def compose(self) -> ComposeResult:
        """What is asked, above where the answer goes."""
        with VerticalScroll(id="ask"):
            yield Static(escape(self._title), id="ask-title", markup=False)
            yield Static("\n".join(escape(line) for line in self._lines), id="ask-lines", markup=False)
            yield Static(self._prompt, id="ask-prompt", markup=False)
            yield Input(id="ask-words", compact=True)
            yield Static(self._keys, id="ask-keys", markup=False)

    def on_mount(self) -> None:
        """The answer can be typed at once."""
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter."""
        words = event.value.strip()
        if self._required and not words:
            self.query_one("#ask-prompt", Static).update(f"{self._prompt} It may not be empty.")
            return
        self.dismiss(words)

    def action_leave(self) -> None:
        """Nothing is signed."""
        self.dismiss(None)
