"""A run's trace at a receiver that speaks OTLP over HTTP: spans, metrics, and nothing that anybody said."""

from __future__ import annotations

import gzip
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from orchestrator.app.observe.exporting import send
from orchestrator.app.project import Project, open_project
from orchestrator.errors import UsageError
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import RunId, StepId
from orchestrator.models.run import Run

RUN, D = RunId("20261130-abcdef"), "sha256:" + "7" * 64
START = datetime(2026, 11, 30, 9, tzinfo=UTC)
CANARY = "hunter2-canary"


class Receiver(ThreadingHTTPServer):
    """Keeps what came, by path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.came: dict[str, list[bytes]] = {}
        self.answer = 200

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["content-length"]))
        data = gzip.decompress(data) if self.headers.get("content-encoding") == "gzip" else data
        self.server.came.setdefault(self.path, []).append(data)
        self.send_response(self.server.answer)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing to the terminal."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Project]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    subprocess.run(["git", "init", "-q", str(tmp_path / "r")], check=True)
    texts = {"repository": "r", "spec_path": "p", "workflow": "prd-to-code", "target_ref": "t", "run_ref": "f"}
    digests = dict.fromkeys(("spec", "spec_source", "workflow_digest", "settings"), D)
    when = {"created_at": START, "updated_at": START, "agent": "codex", "status": "done"}
    with open_project(tmp_path / "r") as opened:
        opened.index.add_run(Run.model_validate({"id": RUN, "base_commit": "0" * 40, **texts, **digests, **when}))
        for seconds, kind, step, data in happened():
            at = START + timedelta(seconds=seconds)
            node = "agent" if kind.startswith("agent-") or kind == "exchange" else "gate"
            fields = {"step": StepId(step) if step else None, "attempt": int(bool(step)), "node": node, "data": data}
            opened.index.emit(Event(at=at, run=RUN, kind=EventKind(kind), **fields))
        yield opened


def happened() -> list[tuple[float, str, str, dict[str, Any]]]:
    return [
        (0, "planned", "", {"plan": D, "steps": 1}),
        (1, "agent-prompt", "S01", {"prompt": D, "template": "step.v2"}),
        (4, "exchange", "S01", {"traffic": "model", "model": "m-1", "tokens": 120, "duration_ms": 2000, "status": 200}),
        (5, "agent-command", "S01", {"argv": ["/usr/bin/curl", CANARY], "exit_code": 0}),
        (6, "exchange", "S01", {"traffic": "refused", "method": "GET", "host": "evil.example", "code": "BRK020"}),
        (7, "proposed", "S01", {"proposal": D}),
        (9, "gated", "S01", {"result": "PASSED", "reports": [D]}),
        (10, "step-refused", "S01", {"feedback": D}),
        (11, "ended", "", {"exit": 3}),
    ]


def spans_of(receiver: Receiver) -> dict[str, Any]:
    (data,) = receiver.came["/v1/traces"]
    (resource,) = ExportTraceServiceRequest.FromString(data).resource_spans
    assert {a.key: a.value.string_value for a in resource.resource.attributes}["service.name"] == "handrail"
    return {span.name: span for span in resource.scope_spans[0].spans}


def test_a_receiver_gets_the_run_as_a_tree_of_spans(project: Project, receiver: Receiver) -> None:
    assert send(project, RUN, receiver.address) == 5
    found = spans_of(receiver)
    assert set(found) == {"run", "step S01", "invoke_agent codex", "chat m-1", "GET evil.example"}
    up = {"step S01": "run", "invoke_agent codex": "step S01", "chat m-1": "invoke_agent codex"}
    for child, parent in up.items():
        assert found[child].parent_span_id == found[parent].span_id
        assert found[parent].start_time_unix_nano <= found[child].start_time_unix_nano
        assert found[child].end_time_unix_nano <= found[parent].end_time_unix_nano
    asked = found["chat m-1"]
    assert asked.end_time_unix_nano - asked.start_time_unix_nano == 2_000_000_000
    told = {a.key: a.value for a in asked.attributes}
    assert told["gen_ai.operation.name"].string_value == "chat"
    assert told["handrail.tokens"].int_value == 120
    assert [found[n].status.code for n in ("run", "step S01", "GET evil.example", "chat m-1")] == [2, 2, 2, 0]
    run = {a.key: a.value.string_value for a in found["run"].attributes}
    assert (run["handrail.run"], run["handrail.spec"]) == (RUN, D)
    marks = {e.name: {a.key: a.value.string_value for a in e.attributes} for e in found["invoke_agent codex"].events}
    assert marks["agent-command"]["process.executable.name"] == "curl"
    gated = next(e for e in found["step S01"].events if e.name == "gated")
    assert {a.key for a in gated.attributes} >= {"handrail.result"}


def test_sent_again_it_is_the_same_trace(project: Project, receiver: Receiver) -> None:
    send(project, RUN, receiver.address)
    first = receiver.came.pop("/v1/traces")
    send(project, RUN, receiver.address + "/")
    assert receiver.came["/v1/traces"] == first


def test_metrics_tell_models_gates_and_ends(project: Project, receiver: Receiver) -> None:
    send(project, RUN, receiver.address)
    (data,) = receiver.came["/v1/metrics"]
    (resource,) = ExportMetricsServiceRequest.FromString(data).resource_metrics
    found = {m.name: m for m in resource.scope_metrics[0].metrics}
    assert found["gen_ai.client.operation.duration"].histogram.data_points[0].sum == 2.0
    assert found["handrail.tokens"].sum.data_points[0].as_int == 120
    assert {"handrail.gates", "handrail.refused_requests", "handrail.step_ends"} <= set(found)


def test_what_an_agent_said_leaves_with_nothing(project: Project, receiver: Receiver) -> None:
    send(project, RUN, receiver.address)
    assert CANARY.encode() not in b"".join(one for many in receiver.came.values() for one in many)


@pytest.mark.parametrize("address", ["", "127.0.0.1:4318", "file:///etc/passwd", "http://"])
def test_what_is_no_address_is_refused(project: Project, address: str) -> None:
    with pytest.raises(UsageError) as refused:
        send(project, RUN, address)
    assert refused.value.code == "OTEL002"


def test_a_receiver_that_refuses_is_told(project: Project, receiver: Receiver) -> None:
    receiver.answer = 400
    with pytest.raises(UsageError) as refused:
        send(project, RUN, receiver.address)
    assert refused.value.code == "OTEL003"
