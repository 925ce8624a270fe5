"""Several short answers at once. What is wrong with them is said in the form, and nothing that was typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Generic, NamedTuple, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from orchestrator.errors import HandrailError
from orchestrator.review.escape import escape

_KEYS = "tab: next field   enter: do it   esc: back"
Made = TypeVar("Made")
Values = Mapping[str, str]


class Field(NamedTuple):
    """``value`` stands there at first."""

    name: str
    label: str
    value: str = ""


class FormScreen(ModalScreen[Made | None], Generic[Made]):
    """Gives what ``make`` makes of the trimmed values, or ``None`` when the person went back.

    A ``HandrailError`` of ``make`` is shown, and the form stays.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Back", id="form.leave")]

    def __init__(
        self, title: str, lines: Sequence[str], fields: Sequence[Field], make: Callable[[Values], Made]
    ) -> None:
        super().__init__()
        self._title = title
        self._lines = lines
        self._fields = fields
        self._make = make

    def compose(self) -> ComposeResult:
        """What is asked, the fields, what is wrong, the keys."""
        with VerticalScroll(id="form", can_focus=False):
            yield Static(escape(self._title), id="form-title", markup=False)
            yield Static("\n".join(escape(line) for line in self._lines), id="form-lines", markup=False)
            for field in self._fields:
                yield Static(escape(field.label), classes="form-label", markup=False)
                yield Input(field.value, id=f"field-{field.name}", compact=True, select_on_focus=False)
            yield Static("", id="form-wrong", markup=False)
            yield Static(_KEYS, id="form-keys", markup=False)

    def on_mount(self) -> None:
        """The first answer can be typed at once."""
        self.query(Input).first().focus()

    def on_input_submitted(self, _: Input.Submitted) -> None:
        """Enter, in any field."""
        values = {field.name: self.query_one(f"#field-{field.name}", Input).value.strip() for field in self._fields}
        try:
            self.dismiss(self._make(values))
        except HandrailError as error:
            words = "\n".join(escape(line) for line in (str(error), *error.details))
            wrong = self.query_one("#form-wrong", Static)
            wrong.update(f"! {words}")
            wrong.scroll_visible(animate=False)

    def action_leave(self) -> None:
        """Nothing is done."""
        self.dismiss(None)
