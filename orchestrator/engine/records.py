"""Before a process goes on: what it went by so far is still on record, as it was.

The checkpoint says which nodes have ended, by which decisions, and what was answered. Decisions, events and the run's
row lie beside it. Where one of them was dropped or exchanged the run stops, and the violation is one more event.

Not checked: a checkpoint and a record that were changed to agree, by somebody who can write both. A state key keeps the
first from being written. Of a run with a plan the merge reads everything again by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from orchestrator.engine.context import RunContext
from orchestrator.engine.nodes.people import answered
from orchestrator.engine.nodes.review import decision_set
from orchestrator.engine.state import RunState
from orchestrator.errors import EvidenceInvalid
from orchestrator.models.decision import EXPIRED, OUTDATED, decided_key
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.workflow import NodeKind

_HINT = "restore the state folder from a backup, or begin a new run"


def ensure_kept(ctx: RunContext, state: RunState, here: str) -> None:
    """Raises ``EvidenceInvalid``: EVID075 for decisions, EVID076 for events, EVID077 for another workflow.

    ``here`` is the node that has the turn, '' when the run has ended.
    """
    for code, text in _missing(ctx, state):
        ctx.emit(EventKind.VIOLATION, here, code=code, text=text)
        raise EvidenceInvalid(code, text, _HINT)


def ensure_open(ctx: RunContext, item: str) -> None:
    """Of an item whose decisions come to nothing yet. Raises ``EvidenceInvalid`` EVID075 when it is closed."""
    closed = ctx.index.outcome(item)
    if closed in {None, OUTDATED, EXPIRED} or decision_set(ctx, item)[1] is not None:  # it may be decided just now
        return
    text = f"Item {item} is closed as {closed}, and no decisions on record come to that."
    ctx.emit(EventKind.VIOLATION, ctx.index.item(item).node, code="EVID075", text=text)
    raise EvidenceInvalid("EVID075", text, _HINT)


def _missing(ctx: RunContext, state: RunState) -> Iterator[tuple[str, str]]:
    if state.get("workflow", "") != ctx.workflow.digest():
        yield "EVID077", f"Run {ctx.run.id} began with another workflow than its row names now."
    for node, item in state.get("items", {}).items():
        digest, verdict = decision_set(ctx, item)
        if verdict is None or digest != ctx.index.effect(decided_key(item)):
            yield "EVID075", f"{node} ended by decisions on {item} that are not on record as they were."
        elif ctx.workflow.nodes[node].kind is NodeKind.ASK:
            told = answered(ctx, item)
            for fact in ctx.workflow.nodes[node].asks:
                if state.get("facts", {}).get(fact) != told:
                    yield "EVID075", f"The answer to {fact!r} is another than was signed at {node}."
    yield from _untold(ctx, state)


def _untold(ctx: RunContext, state: RunState) -> Iterator[tuple[str, str]]:
    """Each visit of a node began with an event, which was written before the checkpoint that counts the visit."""
    told = Counter(e.node for _, e in ctx.index.events(ctx.run.id) if e.kind is EventKind.TRANSITION)
    for node, times in state.get("visits", {}).items():
        if told[node] < times:
            yield "EVID076", f"{node} has ended {times} times, and {told[node]} of them are on record."
