"""What a process asks of a person: questions to answer, a task to do, an event to confirm, work to approve."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from orchestrator.errors import UsageError
from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.review import WorkSheet
from orchestrator.models.workflow import Fact, FactKind
from orchestrator.policy import answers
from orchestrator.review import sections
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.service import Reviews
from orchestrator.review.view import Decided, ItemView
from orchestrator.tui import commands
from orchestrator.tui.commands import Command
from orchestrator.tui.screens.form import Field, FormScreen, Values
from orchestrator.tui.screens.host import host, keys_of
from orchestrator.tui.screens.judge import JudgeScreen
from orchestrator.tui.widgets.diff import RowsView
from orchestrator.tui.widgets.keys import KeyBar

_ASKS = {
    SubjectKind.TASK: ("Is it done?", "What was done, or where it is (may be empty):"),
    SubjectKind.EVENT: ("Has it happened?", "Words beside it (may be empty):"),
}
_UNSAID = {
    SubjectKind.TASK: (commands.REQUEST,),
    SubjectKind.EVENT: (commands.REJECT, commands.REQUEST),
    SubjectKind.ANSWERS: (commands.REJECT, commands.REQUEST),
}
"""What means nothing there."""
_SAYS = {SubjectKind.TASK: "Done", SubjectKind.EVENT: "Happened", SubjectKind.ANSWERS: "Answer"}
"""What approval means there."""
_CANNOT = ("It cannot be done?", "Why not?")


def _rows(view: ItemView, work: WorkSheet) -> Iterator[Row]:
    yield sections.heading("Asked")
    yield from sections.work(work)
    said = tuple(sections.said(view))
    if said:
        yield sections.BLANK
        yield sections.heading("Said so far")
        yield from said
    yield sections.BLANK
    yield from sections.head(view)


def _commands(kind: SubjectKind) -> tuple[Command, ...]:
    can = (command for command in commands.WORK if command not in _UNSAID.get(kind, ()))
    says = _SAYS.get(kind, commands.APPROVE.short)
    return tuple(replace(command, short=says) if command is commands.APPROVE else command for command in can)


class WorkScreen(JudgeScreen):
    """All that the process has so far, as one text. Questions are answered in a form, a line each."""

    COMMANDS_HERE = commands.WORK
    SECTIONS = (RowKind.HEADING,)
    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.WORK]

    def __init__(self, reviews: Reviews, view: ItemView, work: WorkSheet) -> None:
        super().__init__(reviews, view)
        self._work = work
        self.main = RowsView(tuple(_rows(view, work)), id="main")

    def compose(self) -> ComposeResult:
        """One text and the keys."""
        yield self.main
        yield KeyBar(keys_of(self, _commands(self._view.item.kind)))

    def on_mount(self) -> None:
        """The text can be read at once."""
        self.main.focus()

    def action_approve(self) -> None:
        """The form of the questions, or one question more, and then it is signed."""
        kind = self._view.item.kind
        if self._work.edits:
            words = f"This is done by handing in a change: handrail answer {self._view.item.run} --change REVISION"
            self.notify(words, markup=False, timeout=10)
        elif kind is SubjectKind.ANSWERS:
            host(self).push_screen(self._form(), self._answered)
        elif kind in _ASKS:
            title, prompt = _ASKS[kind]
            self._ask(Verdict.APPROVE, title, (self._view.item.title,), prompt)
        else:
            super().action_approve()

    def action_reject(self) -> None:
        """Of a task: it cannot be done. Of questions and events nothing is refused."""
        if self._view.item.kind is SubjectKind.TASK:
            title, prompt = _CANNOT
            self._ask(Verdict.REJECT, title, (self._view.item.title,), prompt)
        elif self._is_judged():
            super().action_reject()

    def action_request_changes(self) -> None:
        """Only of work: there is nothing else that could be made otherwise."""
        if self._is_judged():
            super().action_request_changes()

    def _is_judged(self) -> bool:
        if self._view.item.kind is SubjectKind.WORK:
            return True
        self.notify("There is nothing to refuse here: a is what can be said.", markup=False)
        return False

    def _form(self) -> FormScreen[Decided]:
        asks = self._work.asks

        def make(values: Values) -> Decided:
            given = {name: answers.spelled(fact, values[str(n)]) for n, (name, fact) in enumerate(asks.items())}
            try:
                return self.signed(Verdict.APPROVE, json.dumps(given, sort_keys=True))
            except UsageError as wrong:  # what to type on the command line helps nobody here
                raise UsageError(wrong.code, wrong.message, details=wrong.details) from wrong

        fields = [Field(str(n), f"{fact.question} ({_typed(fact)}):") for n, fact in enumerate(asks.values())]
        return FormScreen("Your answers", (self._work.sentence, "Enter signs all of them."), fields, make)

    def _answered(self, decided: Decided | None) -> None:
        if decided is not None:
            self.dismiss(decided)


def _typed(fact: Fact) -> str:
    """How an answer is typed on one line."""
    return answers.wanted(fact) + (", with commas between them" if fact.kind is FactKind.LIST else "")
