"""Whether an order to stop is about this run: asked while it works, and again before each node."""

from __future__ import annotations

from orchestrator.engine.context import RunContext
from orchestrator.errors import AwaitingPerson, Interrupted, LimitReached
from orchestrator.models.run import AgentChoice
from orchestrator.policy.halts import Working, stops, words


def refuse_stopped(ctx: RunContext) -> None:
    """Before a node. Raises ``Interrupted`` (RUN003) cancelled, ``AwaitingPerson`` (RUN012) paused, HALT001 halted."""
    asked = ctx.index.asked(ctx.run.id)
    if asked.cancel:
        raise Interrupted("RUN003", f"Run {ctx.run.id} was cancelled.")
    if asked.pause:
        raise AwaitingPerson("RUN012", f"Run {ctx.run.id} is paused.", f"handrail resume {ctx.run.id}")
    order = halted(ctx) if asked.halts else None
    if order is not None:
        raise order


def halted(ctx: RunContext) -> LimitReached | None:
    """HALT001, or ``None``. Roles are those of the policy at the run's base (D11)."""
    orders = ctx.orders()
    if not orders:
        return None
    work = _working(ctx)
    mine = [order for order in orders if stops(order, work)]
    if not mine:
        return None
    text = f"Run {ctx.run.id} is halted ({'; '.join(words(order) for order in mine)})."
    return LimitReached("HALT001", text, f"handrail halt --list; once it is lifted: handrail resume {ctx.run.id}")


def _working(ctx: RunContext) -> Working:
    """What this run may work with, its relief and its tester included."""
    settings = ctx.settings
    others = (c for c in (settings.escalate, settings.tester) if c)
    choices = (AgentChoice(agent=settings.agent, model=settings.model), *others)
    agents = {c.agent: ctx.workers(c).agent.version for c in choices}
    return Working(agents, settings.models(), ctx.run.workflow, ctx.signer.keyid)
