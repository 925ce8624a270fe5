"""Model requests through a lease: relayed, signed outside, counted."""

import json

import broker_support as support
import pytest

from orchestrator.models.endpoint import WireProtocol
from orchestrator.models.traffic import TrafficKind


@pytest.fixture
def desk(monkeypatch):
    with support.desk(monkeypatch) as made:
        yield made


def test_a_streamed_answer_passes_through_and_is_counted(desk):
    def respond(_, connection):
        support.events(connection, support.anthropic_events(5), named=True)

    with support.Upstream(respond) as upstream, desk.lease(support.endpoint(upstream.port)) as lease:
        answer = support.message(lease, stream=True)
        traffic = lease.close()
    assert answer.status == 200
    assert answer.complete
    assert b"t4" in answer.body
    sent = upstream.requests[0]
    assert sent.first == "POST /v1/messages HTTP/1.1"
    assert sent.headers["x-api-key"] == support.KEY
    assert lease.token not in str(sent.headers)
    assert (traffic.usage.input_tokens, traffic.usage.output_tokens, traffic.usage.requests) == (7, 5, 1)
    assert traffic.usage.cost_usd == pytest.approx((7 * 3 + 5 * 15) / 1e6)
    assert traffic.usage.settled
    assert not traffic.usage.estimated
    assert traffic.models == ("m-1-real",)
    (exchange,) = traffic.exchanges
    assert (exchange.kind, exchange.status, exchange.endpoint) == (TrafficKind.MODEL, 200, "up")
    assert desk.seen == [exchange]
    assert desk.budgets.spent() == (12, pytest.approx(96e-6))


CASES = [
    (
        WireProtocol.RESPONSES,
        "/openai/v1/responses",
        {"model": "m-1", "input": "hi", "max_output_tokens": 50},
        {
            "model": "real",
            "usage": {"input_tokens": 9, "input_tokens_details": {"cached_tokens": 4}, "output_tokens": 3},
        },
        "/v1/responses",
        "authorization",
        "Bearer " + support.KEY,
    ),
    (
        WireProtocol.CHAT,
        "/openai/chat/completions",
        {"model": "m-1", "messages": []},
        {
            "model": "real",
            "usage": {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": 4}, "completion_tokens": 3},
        },
        "/v1/chat/completions",
        "authorization",
        "Bearer " + support.KEY,
    ),
    (
        WireProtocol.GEMINI,
        "/gemini/v1beta/models/m-1:generateContent?key=TOKEN",
        {"contents": []},
        {
            "modelVersion": "real",
            "usageMetadata": {"promptTokenCount": 9, "cachedContentTokenCount": 4, "candidatesTokenCount": 3},
        },
        "/v1beta/models/m-1:generateContent",
        "x-goog-api-key",
        support.KEY,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0].value)
@pytest.mark.parametrize("streamed", [False, True])
def test_each_protocol_is_relayed_and_its_usage_read(desk, case, streamed):
    protocol, path, body, told, target, header, value = case

    def answer(_, connection):
        if not streamed:
            support.respond(connection, json.dumps(told, indent=2).encode())
            return
        last = {"type": "response.completed", "response": told} if protocol is WireProtocol.RESPONSES else told
        support.events(connection, [{"n": 1}, {"n": 2, "usage": None}, last])

    with support.Upstream(answer) as upstream, desk.lease(support.endpoint(upstream.port, protocol)) as lease:
        where = path.replace("TOKEN", lease.token)
        done = support.ask(lease, where, body, **({"token": ""} if "TOKEN" in path else {}))
        traffic = lease.close()
    assert done.status == 200, done.body
    assert upstream.requests[0].target == target
    assert upstream.requests[0].headers[header] == value
    usage = traffic.usage
    assert (usage.input_tokens, usage.cached_tokens, usage.output_tokens) == (9, 4, 3)
    assert traffic.models == ("real",)
