"""Recordings: what is in them, what is not, and how they answer."""

import json
import socket

import broker_support as support
import pytest

from orchestrator.broker.setup import DriftPolicy
from orchestrator.errors import SandboxUnavailable


def body(text):
    return {"messages": [{"role": "user", "content": text}], "stream": True}


def answer(request, connection):
    text = request.json()["messages"][0]["content"]
    if text == "cut":
        support.events(connection, support.anthropic_events(2), end=False)
        connection.shutdown(socket.SHUT_RDWR)
    elif text == "bad":
        support.respond(connection, b'{"broken', 200)
    elif text == "leak":
        support.respond(connection, {"echo": request.headers["x-api-key"]}, 400)
    elif text == "busy":
        support.respond(connection, {"error": "slow down"}, 429, ["retry-after: 3"])
    else:
        support.events(connection, [{"type": "text", "text": text}, *support.anthropic_events(3)])


TEXTS = ("one", "cut", "bad", "leak", "busy", "two é")


@pytest.fixture
def recorded(monkeypatch):
    """A cassette of TEXTS, and the answers of that time."""
    with support.desk(monkeypatch) as desk, support.Upstream(answer) as upstream:
        with desk.lease(support.endpoint(upstream.port), record=True) as lease:
            answers = [support.message(lease, **body(text)) for text in TEXTS]
            token, traffic = lease.token, lease.close()
        yield desk, desk.blobs[traffic.cassette], answers, token


def test_a_recording_answers_the_same_offline_and_without_a_key(recorded, monkeypatch):
    desk, cassette, answers, _ = recorded
    monkeypatch.delenv("HANDRAIL_TEST_KEY")
    with desk.lease(support.endpoint(9), replay=cassette) as lease:
        again = [support.message(lease, **body(text)) for text in TEXTS]
        traffic = lease.close()
    for old, new in zip(answers, again, strict=True):
        assert (new.status, new.body, new.complete) == (old.status, old.body, old.complete)
    assert again[1].complete is False
    assert again[4].headers["retry-after"] == "3"
    assert not any(e.code in {"BRK050", "BRK052", "BRK053"} for e in traffic.exchanges)


def test_no_secret_is_in_a_recording(recorded):
    _, cassette, answers, token = recorded
    for secret in (support.KEY, token):
        assert secret.encode() not in cassette
    assert answers[3].json() == {"echo": "*" * len(support.KEY)}


def test_a_recording_is_lines_of_a_named_schema(recorded):
    head, *lines = [json.loads(line) for line in recorded[1].splitlines()]
    assert head == {"schema": "handrail.cassette/1"}
    assert [(line["n"], line["status"], line["end"]) for line in lines] == [
        (1, 200, "complete"),
        (2, 200, "cut"),
        (3, 200, "complete"),
        (4, 400, "complete"),
        (5, 429, "complete"),
        (6, 200, "complete"),
    ]
    assert len(lines[0]["pieces"]) >= 1


def test_drift_is_said_or_refused(recorded):
    desk, cassette, _, _ = recorded
    with desk.lease(support.endpoint(9), replay=cassette) as lease:
        other = support.message(lease, **body("something else"))
        reordered = support.message(lease, **body("two é"))
        traffic = lease.close()
    assert b"one" in other.body
    assert reordered.status == 200
    notes = [(e.code, e.reason) for e in traffic.exchanges]
    assert notes[0] == ("BRK052", "drift: request differs from recorded exchange 1 at $.messages[0].content")
    assert notes[1] == ("BRK052", "drift: exchange 6 was asked for out of its order")
    assert notes[2] == ("BRK053", "4 recorded exchanges were not asked for")
    with support.desk(drift=DriftPolicy.STRICT) as strict, strict.lease(support.endpoint(9), replay=cassette) as lease:
        assert "BRK051" in support.message(lease, **body("something else")).json()["error"]["message"]
        assert support.message(lease, **body("one")).status == 200


def test_a_recording_that_is_used_up_says_so(recorded):
    desk, cassette, _, _ = recorded
    with desk.lease(support.endpoint(9), replay=b"".join(cassette.splitlines(keepends=True)[:2])) as lease:
        assert support.message(lease, **body("one")).status == 200
        assert "BRK050" in support.message(lease, **body("one")).json()["error"]["message"]


@pytest.mark.parametrize(
    "data",
    [b"", b"{}\n", b'{"schema": "handrail.cassette/2"}\n', b'{"schema": "handrail.cassette/1"}\n{"n": 1}\n', b"\xff"],
)
def test_what_is_no_recording_is_refused_at_once(data):
    with support.desk() as desk, pytest.raises(SandboxUnavailable) as raised, desk.lease(replay=data):
        pass
    assert raised.value.code == "BRK003"
