"""The way out of one attempt: the step's grant as the broker reads it, and what went through."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from orchestrator.engine.context import RunContext
from orchestrator.engine.nearing import SHARE, Nearing, timed
from orchestrator.engine.observing import Observer
from orchestrator.engine.state import StepState, Work
from orchestrator.engine.workers import Worker
from orchestrator.errors import LimitReached, UsageError
from orchestrator.models.change import Proposal
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.plan import Step
from orchestrator.models.traffic import Exchange, Traffic
from orchestrator.policy import egress
from orchestrator.ports import BrokerGrant, Lease


@dataclass(slots=True)
class Way:
    """``lease`` is ``None`` for a step that may send nothing. ``traffic`` is complete once the way is closed.

    ``observer`` is told of each request.
    """

    observer: Observer
    lease: Lease | None = None
    traffic: Traffic | None = None


@contextmanager
def way_out(ctx: RunContext, step: Step, work: Work, worker: Worker, way: Way) -> Iterator[None]:
    """Open the lease of an attempt into ``way`` and settle it at the end, however that comes; warn of budgets.

    Raises ``LimitReached`` (AGT022) when tokens or money of the step are used up
    before or (AGT023) during the attempt, ``UsageError`` (AGT024) for a model that is not configured or granted.
    """
    mine, nearing = work["mine"], Nearing(ctx, step.id, work["mine"]["attempt"])
    grant = _grant(ctx, step, mine, worker)
    with timed(ctx, work, step, nearing):
        if grant is None:
            yield
        else:
            way.observer.leased(endpoint.name for endpoint in grant.endpoints)
            watch = _Watch(ctx, step, mine, grant.key, nearing, way.observer)
            with _leased(ctx, step, grant, watch, way):
                yield


@contextmanager
def _leased(ctx: RunContext, step: Step, grant: BrokerGrant, watch: _Watch, way: Way) -> Iterator[None]:
    with ctx.broker().open(grant, ctx.budgets, watch) as lease:
        way.lease = lease
        try:
            yield
        finally:
            way.traffic = lease.close()
        if lease.exhausted:
            raise LimitReached("AGT023", f"Step {step.id}: {lease.exhausted}", "raise the limit, or split the step")


def _grant(ctx: RunContext, step: Step, mine: StepState, worker: Worker) -> BrokerGrant | None:
    held = step.capabilities
    if not worker.agent.protocols and not held.egress:
        return None
    endpoints = tuple(e for e in ctx.connections.endpoints if e.name == worker.model.partition("/")[0])
    if worker.agent.protocols:
        _ensure_model(step, worker, known=bool(endpoints))
    tokens, cost = _left(step, mine)
    return BrokerGrant(
        key=f"{ctx.run.id}:{step.id}:{mine['attempt']}",
        run=ctx.run.id,
        endpoints=endpoints,
        models=(worker.model,) if endpoints else (),
        egress=held.egress,
        secrets=tuple(s for s in ctx.connections.secrets if s.name in held.secrets),
        hosts=ctx.connections.hosts if held.egress else (),
        data=held.data,
        egress_kib=held.limits.egress_kib,
        tokens=tokens,
        cost_usd=cost,
        record=ctx.settings.record,
        replay=_cassette(ctx, step, mine),
    )


def _cassette(ctx: RunContext, step: Step, mine: StepState) -> bytes | None:
    """The recording of the same attempt of the run that is replayed. Raises ``UsageError`` (AGT025) without one."""
    if ctx.settings.replay is None:
        return None
    known = ctx.index.effect(f"agent:{ctx.settings.replay}:{step.id}:{mine['attempt']}")
    traffic = ctx.load(Proposal, known).traffic if known else None
    cassette = ctx.load(Traffic, traffic).cassette if traffic else None
    if cassette is None:
        text = f"Run {ctx.settings.replay} has no recording of attempt {mine['attempt']} of step {step.id}."
        raise UsageError("AGT025", text, "replay a run that was made with --record and got as far")
    return ctx.blobs.get(cassette)


def _ensure_model(step: Step, worker: Worker, *, known: bool) -> None:
    hint = "handrail run SPEC --model ENDPOINT/MODEL, with the endpoint in models.yaml"
    if not known:
        named = worker.model or "no model"
        raise UsageError("AGT024", f"{worker.agent.name} needs a model, and {named} is configured.", hint)
    if not egress.models_below([worker.model], step.capabilities.models):
        raise UsageError("AGT024", f"Step {step.id} is not granted the model {worker.model}.", hint)


def _left(step: Step, mine: StepState) -> tuple[int, float | None]:
    limits = step.capabilities.limits
    tokens = limits.tokens - mine["spent_tokens"]
    cost = None if limits.cost_usd is None else limits.cost_usd - mine["spent_usd"]
    if tokens <= 0 or (cost is not None and cost <= 0):
        text = f"Step {step.id} has used up its tokens or money over {mine['attempt'] - 1} attempts."
        raise LimitReached("AGT022", text, "split the requirement, or raise the ceiling's tokens or cost_usd")
    return tokens, cost


class _Watch:
    """Each exchange is an event of the run; at four fifths of a budget, so is a warning."""

    def __init__(  # noqa: PLR0917  one attempt's things
        self, ctx: RunContext, step: Step, mine: StepState, key: str, nearing: Nearing, observer: Observer
    ) -> None:
        self._ctx, self._step, self._mine, self._key, self._nearing = ctx, step, mine, key, nearing
        self._observer = observer
        self._tokens, self._usd = 0, 0.0
        self._turn = threading.Lock()

    def __call__(self, exchange: Exchange) -> None:
        data = exchange.model_dump(mode="json", exclude_defaults=True, exclude={"at", "path", "kind"})
        data["traffic"] = exchange.kind.value
        self._ctx.emit(EventKind.EXCHANGE, "agent", self._step.id, self._mine["attempt"], **data)
        self._observer.exchange(exchange)
        with self._turn:
            self._tokens += exchange.tokens
            self._usd += exchange.cost_usd or 0.0
            tokens, usd = self._tokens, self._usd
        self._warn(self._mine["spent_tokens"] + tokens, self._mine["spent_usd"] + usd)
        if whole := self._ctx.budgets.past(SHARE, self._key, tokens, usd):
            self._nearing.warn(whole, tokens=tokens, usd=usd)

    def _warn(self, tokens: int, usd: float) -> None:
        limits = self._step.capabilities.limits
        if tokens >= SHARE * limits.tokens:
            self._nearing.warn(f"the {limits.tokens} tokens of the step", tokens=tokens, usd=usd)
        if limits.cost_usd is not None and usd >= SHARE * limits.cost_usd:
            self._nearing.warn(f"the {limits.cost_usd:g} USD of the step", tokens=tokens, usd=usd)
