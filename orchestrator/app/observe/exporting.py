"""A run sent to a collector of traces, as OTLP over HTTP. Nothing is sent unless somebody asks for it by address.

The spans are made from the stored events, whenever: a run costs no more for it, and a trace can be sent again. Ids
follow from the run's, so that one that is sent twice is one. A key that the collector asks for comes from the
exporter's own variable, ``OTEL_EXPORTER_OTLP_HEADERS``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from orchestrator import __version__
from orchestrator.app.project import Project
from orchestrator.errors import UsageError
from orchestrator.models.ids import RunId
from orchestrator.observe import spans as observed

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

_SCOPE: Final = "handrail"
_SECONDS: Final = 10
_SCHEMA: Final = f"https://opentelemetry.io/schemas/{observed.SEMCONV}"


def send(project: Project, run: RunId, address: str) -> int:
    """How many spans were sent. ``address`` is the collector's, to which ``/v1/traces`` and ``/v1/metrics`` are added.

    Raises ``UsageError``: RUN001, OTEL001 without the extra, OTEL002 for an address that is none, OTEL003 when the
    collector did not take it.
    """
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UsageError("OTEL002", f"{address!r} is no address of a collector.", "http://127.0.0.1:4318")
    found = project.index.run(run)
    events = [event for _, event in project.index.events(run)]
    about: dict[str, observed.Value] = {"handrail.run": found.id, "handrail.workflow": found.workflow}
    about |= {"handrail.spec": found.spec, "handrail.status": found.status.value}
    about |= {"gen_ai.agent.name": found.agent} if found.agent else {}
    made = observed.spans(events, about)
    try:
        sent = _send(address.rstrip("/"), run, made, list(observed.counts(events)))
    except ImportError as missing:
        raise UsageError("OTEL001", f"{missing.name} is not installed.", "pip install 'handrail[otel]'") from None
    if not sent:
        raise UsageError("OTEL003", f"{parts.hostname} did not take it within {_SECONDS} s.", "is a collector there?")
    return len(made)


def _send(
    address: str,
    run: RunId,
    made: Sequence[observed.Span],
    counts: Sequence[observed.Count],
) -> bool:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace.export import SpanExportResult

    resource = Resource({"service.name": _SCOPE, "service.version": __version__}, _SCHEMA)
    exporter = OTLPSpanExporter(f"{address}/v1/traces", timeout=_SECONDS)
    try:
        taken = exporter.export(_spans(resource, run, made)) is SpanExportResult.SUCCESS
    finally:
        exporter.shutdown()  # type: ignore[no-untyped-call]
    return taken and _metrics(address, resource, counts)


def _spans(resource: Resource, run: RunId, made: Sequence[observed.Span]) -> list[Any]:
    from opentelemetry.sdk.trace import Event, ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

    trace = int.from_bytes(hashlib.sha256(run.encode()).digest()[:16])
    contexts = [
        SpanContext(trace, _id(run, n), is_remote=False, trace_flags=TraceFlags(TraceFlags.SAMPLED))
        for n in range(len(made))
    ]
    scope = InstrumentationScope(_SCOPE, __version__, _SCHEMA)
    return [
        ReadableSpan(
            span.name,
            context,
            contexts[span.parent] if span.parent >= 0 else None,
            resource,
            span.attributes,
            [Event(mark.name, mark.attributes, _nanoseconds(mark.at)) for mark in span.marks],
            kind=SpanKind.CLIENT if span.kind is observed.Kind.CLIENT else SpanKind.INTERNAL,
            status=Status(StatusCode.ERROR, span.failed) if span.failed else Status(StatusCode.UNSET),
            start_time=_nanoseconds(span.start),
            end_time=_nanoseconds(span.end),
            instrumentation_scope=scope,
        )
        for span, context in zip(made, contexts, strict=True)
    ]


def _id(run: str, number: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{run}/{number}".encode()).digest()[:8]) or 1


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000


def _metrics(address: str, resource: Resource, counts: Sequence[observed.Count]) -> bool:
    from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult

    if not counts:
        return True
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource, shutdown_on_exit=False)
    meter = provider.get_meter(_SCOPE, __version__, _SCHEMA)
    duration = meter.create_histogram(observed.DURATION, "s")
    sums = {c.metric: meter.create_counter(c.metric) for c in counts if c.metric != observed.DURATION}
    for count in counts:
        if count.metric == observed.DURATION:
            duration.record(count.value, dict(count.attributes))
        else:
            sums[count.metric].add(count.value, dict(count.attributes))
    data = reader.get_metrics_data()
    provider.shutdown()
    exporter: Any = OTLPMetricExporter(f"{address}/v1/metrics", timeout=_SECONDS)
    try:
        return data is not None and exporter.export(data) is MetricExportResult.SUCCESS
    finally:
        exporter.shutdown()
