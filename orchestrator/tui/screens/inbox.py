"""What waits for a verdict: what asks this person first, then by risk and age. Looks again by itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from orchestrator.errors import EvidenceInvalid, HandrailError, StoreError
from orchestrator.models.decision import ReviewItem, SubjectKind
from orchestrator.models.ids import RunId
from orchestrator.review.escape import escape
from orchestrator.review.service import Reviews
from orchestrator.review.view import Decided, ItemView
from orchestrator.tui import commands
from orchestrator.tui.memory import settled
from orchestrator.tui.screens.change import ChangeScreen
from orchestrator.tui.screens.drafts import DraftsScreen
from orchestrator.tui.screens.help import HelpScreen
from orchestrator.tui.screens.host import host, keys_of
from orchestrator.tui.screens.judge import JudgeScreen
from orchestrator.tui.screens.plan import PlanScreen
from orchestrator.tui.screens.run import RunScreen
from orchestrator.tui.screens.work import WorkScreen
from orchestrator.tui.widgets.choices import Choices
from orchestrator.tui.widgets.keys import KeyBar

_POLL_SECONDS = 2.0
_BROKEN = 1_000_000


class Items(Choices):
    """Entries that ``enter`` opens, and the footer says so."""

    BINDINGS: ClassVar[list[BindingType]] = [replace(commands.OPEN, action="select").binding()]


@dataclass(frozen=True, slots=True)
class Waiting:
    """An item with what its order in the list comes from."""

    item: ReviewItem
    mine: bool
    risk: int
    spent: str
    broken: str = ""

    def entry(self, now: datetime) -> str:
        """Two lines: what it is; of whom it is asked, how old it is, how risky, and what the run has cost."""
        item = self.item
        lifts = f", {len(item.findings)} to lift" if item.findings else ""
        title = " ".join(part for part in (f"{item.kind.value:<6}", item.step or "", item.title) if part)
        whom = "asks YOU" if self.mine else "asks others"
        asked = f"{whom}: {item.threshold} {item.role}{lifts}"
        return (
            f"{title}\n       {asked} | risk {self.risk} | {_age(now - item.created_at)} | run {item.run}{self.spent}"
        )


def _age(since: timedelta) -> str:
    minutes = max(int(since.total_seconds()) // 60, 0)
    if minutes < 60:  # noqa: PLR2004  minutes of an hour
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{minutes // (24 * 60)} days"


def _spent(cost: Mapping[str, Any]) -> str:
    price = "price unknown" if cost["cost_usd"] is None else f"{cost['cost_usd']:.2f} USD"
    return f" | {cost['tokens']} tokens, {price}"


def screen_for(reviews: Reviews, view: ItemView) -> JudgeScreen:
    """The screen on which this kind of item is judged."""
    if view.item.kind is SubjectKind.PLAN:
        return PlanScreen(reviews, view)
    work = view.sheet.work
    return ChangeScreen(reviews, view) if work is None else WorkScreen(reviews, view, work)


class InboxScreen(Screen[None]):
    """All open items of the repository. ``decided`` grows by each decision made from here."""

    COMMANDS_HERE = commands.INBOX
    BINDINGS: ClassVar[list[BindingType]] = [command.binding() for command in commands.INBOX]

    def __init__(self, reviews: Reviews, first: ItemView | None, decided: list[Decided], *, only: bool) -> None:
        super().__init__()
        self._reviews = reviews
        self._first = first
        self._decided = decided
        self._only = only
        self._shown: set[str] = set()

    def compose(self) -> ComposeResult:
        """A title, the list or why there is none, the keys."""
        yield Static(self._headline(), id="head", markup=False)
        yield Items(id="items")
        yield Static("Nothing waits for a verdict.", id="empty", markup=False)
        yield KeyBar(keys_of(self, self.COMMANDS_HERE))

    def _headline(self) -> str:
        """As whom one reviews, and that decisions wait unsigned; of drafts that cannot be read their screen tells."""
        desk, kept = host(self).desk, 0
        with suppress(StoreError):
            kept = len(desk.drafts.all()) if desk else 0
        words = f" | ! {kept} decisions of yours are NOT signed: D shows them" if kept else ""
        return f"Handrail review, as {escape(self._reviews.reviewer)}{words}"

    def on_mount(self) -> None:
        """Straight to the item that was asked for."""
        self.action_refresh_items()
        self.set_interval(_POLL_SECONDS, self.poll)
        if self._first is not None:
            leave = self._leave if self._only else self._done
            host(self).push_screen(screen_for(self._reviews, self._first), leave)

    def action_refresh_items(self) -> None:
        """Read the queue again: other people and runs write to it."""
        try:
            waiting = self._waiting()
        except HandrailError as error:
            self._report(error)
            return
        self.query_one("#head", Static).update(self._headline())
        choices = self.query_one(Choices)
        now = self._reviews.now()
        choices.fill([(one.item.id, one.entry(now)) for one in waiting])
        choices.display = bool(waiting)
        self.query_one("#empty").display = not waiting
        choices.focus()
        self._shown = {one.item.id for one in waiting}

    def _waiting(self) -> list[Waiting]:
        """What asks this person first, then by risk, then by age."""
        items = self._reviews.waiting()
        spent = {run: self._spent_by(run) for run in {item.run for item in items}}
        found = [self._look(item, spent[item.run]) for item in items]
        return sorted(found, key=lambda one: (not one.mine, -one.risk, one.item.created_at))

    def _look(self, item: ReviewItem, spent: str) -> Waiting:
        """One whose stored parts are broken comes first, and keeps nobody from the others."""
        try:
            return Waiting(item, *self._reviews.glance(item), spent)
        except EvidenceInvalid as error:
            return Waiting(item, mine=True, risk=_BROKEN, spent=spent, broken=error.code)

    def _spent_by(self, run: RunId) -> str:
        desk = host(self).desk
        return _spent(desk.cost(run)) if desk else ""

    def poll(self) -> None:
        """Read again when something came or went. Nothing is said of a busy store: the next look will tell."""
        with suppress(StoreError):
            if self.is_current and {item.id for item in self._reviews.waiting()} != self._shown:
                self.action_refresh_items()

    def action_open_run(self) -> None:
        """The run of the item under the cursor; with none, the newest."""
        desk = host(self).desk
        if desk is None:
            self.notify("Runs are shown by: handrail show", markup=False)
            return
        chosen = self.query_one(Choices).chosen
        items = {item.id: item.run for item in self._reviews.waiting()}
        run = items.get(chosen or "") or desk.newest()
        if run is not None:
            host(self).push_screen(RunScreen(desk, run))

    def action_drafts(self) -> None:
        """What could not be signed or stored."""
        desk = host(self).desk
        if desk is None:
            self.notify("Drafts are shown by: handrail review drafts", markup=False)
        else:
            host(self).push_screen(DraftsScreen(self._reviews, desk), self._sent)

    def _sent(self, decided: tuple[Decided, ...] | None) -> None:
        self._decided += decided or ()
        self.action_refresh_items()

    def on_option_list_option_selected(self, _: Choices.OptionSelected) -> None:
        """Enter on an entry."""
        self.action_open()

    def action_open(self) -> None:
        """Show the item under the cursor."""
        chosen = self.query_one(Choices).chosen
        if chosen is None:
            return
        try:
            with settled():
                screen = screen_for(self._reviews, self._reviews.view(chosen))
        except HandrailError as error:
            self._report(error)
            return
        host(self).push_screen(screen, self._done)

    def _done(self, decided: Decided | None) -> None:
        if decided is not None:
            self._decided.append(decided)
            after = "the item is decided" if decided.outcome else "more approvals are needed"
            self.notify(f"Stored: {decided.decision.verdict.value}; {after}.", markup=False)
        self.action_refresh_items()

    def _leave(self, decided: Decided | None) -> None:
        """Whoever was asked one question is done with its answer."""
        if decided is not None:
            self._decided.append(decided)
        self.action_back()

    def _report(self, error: HandrailError) -> None:
        words = "\n".join(escape(line) for line in (str(error), *error.details))
        self.notify(words, severity="error", markup=False, timeout=10)

    def action_help(self) -> None:
        """The keys of this screen."""
        host(self).push_screen(HelpScreen(self.COMMANDS_HERE))

    def action_back(self) -> None:
        """Quit, with what was decided."""
        host(self).exit(tuple(self._decided))
