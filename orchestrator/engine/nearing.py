"""At four fifths of a budget a warning: an event of the run, and a sentence for whoever watches."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from orchestrator.engine.context import RunContext
from orchestrator.engine.state import Work
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.plan import Step

SHARE = 0.8


class Nearing:
    """Of one attempt. Each budget is warned of once; may be told from several threads."""

    def __init__(self, ctx: RunContext, step: str, attempt: int) -> None:
        self._ctx, self._step, self._attempt = ctx, step, attempt
        self._said, self._turn = set[str](), threading.Lock()

    def warn(self, budget: str, **used: float) -> None:
        """``budget`` names it in a sentence; ``used`` is what was used of it."""
        with self._turn:
            if budget in self._said:
                return
            self._said.add(budget)
        self._ctx.emit(EventKind.BUDGET_WARNING, "agent", self._step, self._attempt, budget=budget, **used)
        self._ctx.say(f"Step {self._step} has come to {SHARE:.0%} of {budget}.")


@contextmanager
def timed(ctx: RunContext, work: Work, step: Step, nearing: Nearing) -> Iterator[None]:
    """Warn of the wall time of the attempt, of the step and of the run, while the body runs."""
    timers = [threading.Timer(due, nearing.warn, (budget,), used) for budget, due, used in _due(ctx, work, step)]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()


def _due(ctx: RunContext, work: Work, step: Step) -> Iterator[tuple[str, float, dict[str, float]]]:
    """Budget, after how many seconds of this attempt to warn, seconds used by then."""
    attempt, whole = step.capabilities.limits.wall_seconds, step.budget.wall_seconds
    found = [("the attempt", attempt, 0), ("the step", whole, work["mine"]["spent_seconds"])]
    run = ctx.settings.budget_seconds
    found += [] if run is None else [("the run", run, work["spent_seconds"])]
    for name, total, spent in found:
        due = max(0.0, SHARE * total - spent)
        yield f"the {total} s of {name}", due, {"wall_seconds": spent + due}
