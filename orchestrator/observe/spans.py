"""The events of a run as spans: run, step, attempt, and each request to a model or a host. Pure.

Names and attributes follow OpenTelemetry's semantic conventions for generative AI, :data:`SEMCONV`, which are still in
development there. Words of people, agents and repositories are in no span: of a command its program's name, of a
request its host, of every noun its digest, by which it is found in the evidence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final, cast

from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.found import Result
from orchestrator.models.traffic import TrafficKind

SEMCONV: Final = "1.37.0"
DURATION: Final = "gen_ai.client.operation.duration"
"""Of a request to a model, in seconds."""
_MAX_NAME: Final = 128
_DIGESTS: Final = (
    "plan",
    "prompt",
    "proposal",
    "report",
    "commit",
    "feedback",
    "output",
    "traffic",
    "denials",
    "paths",
)
_ENDS: Final = frozenset(kind for kind in EventKind if kind.startswith("step-"))

Value = str | int | float | bool


class Kind(StrEnum):
    """Of which kind a span is: work of ours, or a request to somebody else."""

    INTERNAL = "internal"
    CLIENT = "client"


@dataclass(slots=True)
class Mark:
    """Something that happened at one moment of a span."""

    name: str
    at: datetime
    attributes: dict[str, Value]


@dataclass(slots=True)
class Span:
    """``parent`` is the place of another in the same sequence, -1 for the root. ``failed`` is why it did, or ''."""

    name: str
    kind: Kind
    start: datetime
    end: datetime
    parent: int
    attributes: dict[str, Value] = field(default_factory=dict[str, Value])
    marks: list[Mark] = field(default_factory=list[Mark])
    failed: str = ""


def spans(events: Sequence[Event], about: Mapping[str, Value]) -> tuple[Span, ...]:
    """Each parent comes before its children. ``about`` are attributes of the run. Empty without events."""
    if not events:
        return ()
    made = _Made(Span("run", Kind.INTERNAL, events[0].at, events[-1].at, -1, dict(about)))
    for event in events:
        made.take(event)
    return tuple(made.spans)


class _Made:
    def __init__(self, root: Span) -> None:
        self.spans = [root]
        self._steps: dict[str, int] = {}
        self._attempts: dict[tuple[str, int], int] = {}

    def take(self, event: Event) -> None:
        """Open, end or mark the span that an event is about."""
        if event.kind is EventKind.AGENT_PROMPT and event.step:
            self._begin(event)
        here = self._place(event)
        span = self.spans[here]
        span.end = max(span.end, event.at)
        if event.kind is EventKind.EXCHANGE:
            self.spans.append(_request(event, here))
            return
        span.marks.append(Mark(event.kind.value, event.at, dict(_shown(event))))
        if event.kind in _ENDS and event.step:
            self.spans[self._steps[event.step]].attributes["handrail.step.status"] = event.kind.removeprefix("step-")
        span.failed = span.failed or _failure(event)

    def _begin(self, event: Event) -> None:
        step = self._step(event)
        name = f"invoke_agent {self.spans[0].attributes.get('gen_ai.agent.name', '')}".strip()
        told: dict[str, Value] = {"gen_ai.operation.name": "invoke_agent", "handrail.attempt": event.attempt}
        told |= {k: v for k, v in self.spans[0].attributes.items() if k == "gen_ai.agent.name"}
        self.spans.append(Span(name, Kind.INTERNAL, event.at, event.at, step, told))
        self._attempts[str(event.step), event.attempt] = len(self.spans) - 1

    def _step(self, event: Event) -> int:
        step = str(event.step)
        if step not in self._steps:
            self.spans.append(Span(f"step {step}", Kind.INTERNAL, event.at, event.at, 0, {"handrail.step": step}))
            self._steps[step] = len(self.spans) - 1
        return self._steps[step]

    def _place(self, event: Event) -> int:
        """The innermost span: an attempt for what an agent did, its step for what was judged, else the run."""
        if not event.step:
            return 0
        step = self._step(event)
        self.spans[step].end = max(self.spans[step].end, event.at)
        during = event.node == "agent" and event.kind not in _ENDS
        return self._attempts.get((str(event.step), event.attempt), step) if during else step


def _request(event: Event, parent: int) -> Span:
    data = event.data
    start = event.at - timedelta(milliseconds=int(data.get("duration_ms", 0)))
    asked = data["traffic"] == TrafficKind.MODEL
    model, host = str(data.get("model", ""))[:_MAX_NAME], str(data.get("host", ""))[:_MAX_NAME]
    told: dict[str, Value] = {"handrail.traffic": str(data["traffic"])}
    told |= {"gen_ai.operation.name": "chat", "gen_ai.response.model": model} if asked else {}
    told |= {"server.address": host} if host else {}
    told |= {"http.request.method": str(data["method"])[:16]} if data.get("method") else {}
    told |= {"http.response.status_code": int(data["status"])} if data.get("status") else {}
    told |= {f"handrail.{n}": data[n] for n in ("tokens", "bytes_out", "bytes_in", "code", "endpoint") if data.get(n)}
    told |= {"handrail.cost_usd": float(data["cost_usd"])} if data.get("cost_usd") is not None else {}
    told |= {f"handrail.{n}": str(data[n]) for n in ("request", "response") if data.get(n)}
    name = f"chat {model}".strip() if asked else f"{data.get('method', 'CONNECT') or 'CONNECT'} {host}".strip()
    failed = str(data.get("code") or "refused") if data["traffic"] == TrafficKind.REFUSED else ""
    return Span(name, Kind.CLIENT, start, event.at, parent, told, failed=failed)


def _shown(event: Event) -> Iterator[tuple[str, Value]]:
    """What of an event's data is a digest, a count or a word of ours."""
    data = event.data
    yield from ((f"handrail.{name}", str(data[name])) for name in _DIGESTS if data.get(name))
    for name in ("result", "before", "outcome", "channel", "budget", "template", "protection"):
        if isinstance(data.get(name), str):
            yield f"handrail.{name}", data[name]
    for name in ("exit_code", "exit", "count", "steps", "requests", "tokens"):
        if isinstance(data.get(name), int):
            yield f"handrail.{name}", data[name]
    argv = data.get("argv")
    if isinstance(argv, list | tuple) and argv:
        yield "process.executable.name", PurePosixPath(str(cast("Sequence[object]", argv)[0])).name[:_MAX_NAME]
    if event.node:
        yield "handrail.node", event.node


def _failure(event: Event) -> str:
    if event.kind in {EventKind.VIOLATION, EventKind.GRANT_EXCEEDED}:
        return str(event.data["code"])
    if event.kind is EventKind.ENDED:
        return f"exit {event.data['exit']}" if event.data["exit"] else ""
    bad = {EventKind.AGENT_FAILED, EventKind.STEP_REFUSED, EventKind.STEP_REJECTED, EventKind.STEP_LIMIT}
    return event.kind.value if event.kind in bad else ""


@dataclass(frozen=True, slots=True)
class Count:
    """One number of a metric, with what it is told apart by."""

    metric: str
    value: float
    attributes: Mapping[str, Value]


def counts(events: Sequence[Event]) -> Iterator[Count]:
    """Numbers for metrics: of tokens, seconds and money by model, of gates by result, of denials, of ends of steps."""
    for event in events:
        data = event.data
        if event.kind is EventKind.EXCHANGE and data["traffic"] == TrafficKind.MODEL:
            by: dict[str, Value] = {"gen_ai.operation.name": "chat"}
            by["gen_ai.response.model"] = str(data.get("model", ""))[:_MAX_NAME]
            yield Count(DURATION, int(data.get("duration_ms", 0)) / 1000, by)
            yield Count("handrail.tokens", int(data.get("tokens", 0)), by)
            yield Count("handrail.cost_usd", float(data.get("cost_usd") or 0.0), by)
        elif event.kind is EventKind.EXCHANGE and data["traffic"] == TrafficKind.REFUSED:
            yield Count("handrail.refused_requests", 1, {"handrail.code": str(data.get("code", ""))})
        elif event.kind is EventKind.GATED:
            yield Count("handrail.gates", 1, {"handrail.result": Result(data["result"]).value})
        elif event.kind is EventKind.SANDBOX_DENIED:
            yield Count("handrail.denials", int(data["count"]), {})
        elif event.kind is EventKind.GRANT_EXCEEDED:
            yield Count("handrail.violations", 1, {"handrail.code": str(data["code"])})
        elif event.kind in _ENDS:
            yield Count("handrail.step_ends", 1, {"handrail.step.status": event.kind.removeprefix("step-")})
