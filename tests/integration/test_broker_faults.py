"""Hostile agents, broken upstreams, dead parents."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import broker_support as support
import pytest

from orchestrator.broker.setup import RELAY
from orchestrator.models.capabilities import DataClass
from orchestrator.models.endpoint import Credential, SecretSource, WireProtocol

ROOT = Path(__file__).resolve().parents[2]


def say(data):
    return lambda _, connection: connection.sendall(data)


def endless(_, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n")
    while True:
        connection.sendall(b'data: {"type":"content_block_delta","delta":{"text":"x"}}\n\n' * 50)


def cut(_, connection):
    support.events(connection, support.anthropic_events(4, usage=False), end=False)
    connection.shutdown(socket.SHUT_RDWR)


def slow(_, connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 30\r\n\r\n")
    for _ in range(3):
        connection.sendall(b"data: abc\n")
        time.sleep(0.3)


ANSWERS = {
    "busy": lambda _, c: support.respond(c, {"e": 1}, 429, ["retry-after: 7", "set-cookie: a=b"]),
    "error": lambda _, c: support.respond(c, b"oops", 500, content_type="text/plain"),
    "malformed": lambda _, c: support.respond(c, b'{"usage": {"input_tok', 200),
    "cut": cut,
    "endless": endless,
    "slow": slow,
    "garbage": say(b"SMTP ready\r\n\r\n"),
    "short": say(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc"),
    "split": say(b"HTTP/1.1 200 OK\r\nx: a\r\n b\r\ncontent-length: 0\r\n\r\n"),
    "both": say(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
    "early": say(b"HTTP/1.1 103 Early\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi"),
}


def answer(request, connection):
    ANSWERS[request.json()["messages"][0]["content"]](request, connection)
    if request.json()["messages"][0]["content"] in {"short", "garbage"}:
        connection.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def world():
    patch = pytest.MonkeyPatch()
    with support.desk(patch) as desk, support.Upstream(answer) as upstream:
        yield desk, upstream
    patch.undo()


@pytest.fixture(scope="module")
def lease(world):
    desk, upstream = world
    with desk.lease(support.endpoint(upstream.port), tokens=500_000) as made:
        yield made


def told(lease, kind):
    return support.message(lease, messages=[{"role": "user", "content": kind}], stream=True)


def last(world):
    """Lines come over a pipe, after the answer."""
    time.sleep(0.2)
    return world[0].seen[-1]


def test_an_upstreams_own_refusals_pass_through_and_cost_nothing(world, lease):
    busy = told(lease, "busy")
    assert (busy.status, busy.json(), busy.headers["retry-after"]) == (429, {"e": 1}, "7")
    assert "set-cookie" not in busy.headers
    failed = told(lease, "error")
    assert (failed.status, failed.body) == (500, b"oops")
    assert last(world).code == ""


def test_a_cut_stream_is_cut_for_the_agent_too_and_its_tokens_are_estimated(world, lease):
    done = told(lease, "cut")
    assert not done.complete
    assert b"t3" in done.body
    seen = last(world)
    assert seen.code == "BRK043"
    assert "estimated" in seen.reason


@pytest.mark.parametrize(("kind", "code"), [("garbage", "BRK042"), ("both", "BRK042"), ("split", "BRK042")])
def test_an_upstream_that_does_not_speak_http_is_an_error_in_words(world, lease, kind, code):
    done = told(lease, kind)
    assert done.status == 502
    assert code in done.json()["error"]["message"]
    assert last(world).code == code


def test_a_short_answer_a_malformed_one_and_an_early_hint(world, lease):
    assert not told(lease, "short").complete
    assert told(lease, "malformed").body == b'{"usage": {"input_tok'
    assert last(world).code == "BRK060"
    assert told(lease, "early").body == b"hi"


def test_slow_tokens_come_one_by_one(lease):
    arrived = []
    with support.connect(lease) as stream:
        body = {**support.MESSAGE, "messages": [{"role": "user", "content": "slow"}]}
        stream.sendall(support.request_bytes(lease, "/anthropic/v1/messages", body))
        while len(arrived) < 3:
            data = stream.recv(4096)
            assert data
            arrived += [time.monotonic()] * data.count(b"data: abc")
    assert arrived[2] - arrived[0] > 0.25, "they came all at once"


def test_an_endless_answer_ends_with_the_budget_and_the_run_is_told(world):
    desk, upstream = world
    with desk.lease(support.endpoint(upstream.port), tokens=5_000, cost_usd=5.0) as lease:
        done = told(lease, "endless")
        again = told(lease, "busy")
        traffic = lease.close()
        assert not done.complete
        assert "BRK023" in again.json()["error"]["message"]
        assert again.headers["x-should-retry"] == "false"
        assert lease.exhausted
    assert traffic.usage.estimated
    assert traffic.usage.output_tokens <= 20_000
    assert [e.code for e in traffic.exchanges] == ["BRK023", "BRK023"]


def test_a_client_that_leaves_ends_the_upstreams_work(world, lease):
    with support.connect(lease) as stream:
        body = {**support.MESSAGE, "messages": [{"role": "user", "content": "endless"}]}
        stream.sendall(support.request_bytes(lease, "/anthropic/v1/messages", body))
        stream.recv(1000)
    for _ in range(50):
        if world[0].seen[-1].code == "BRK045":
            break
        time.sleep(0.1)
    assert world[0].seen[-1].code == "BRK045"


MESSAGES = "POST /anthropic/v1/messages HTTP/1.1"
GIVEN = "x-api-key: %t"


def lines(*words, body="", host=RELAY):
    first, *more = words
    return "\r\n".join([first, f"Host: {host}", *more, "", body]).encode()


TWICE = '{"model":"m-1", "model":"other"}'
RAW = {
    "smuggled": (lines(MESSAGES, "Content-Length: 4", "Transfer-Encoding: chunked", body="0\r\n\r\n"), 400),
    "too short": (lines(MESSAGES, GIVEN, "Content-Length: 9", body="{}"), 400),
    "bad chunk": (lines(MESSAGES, GIVEN, "Transfer-Encoding: chunked", body="zz\r\n"), 400),
    "large head": (lines("GET / HTTP/1.1", "x: " + "y" * 70_000), 431),
    "no token": (lines("GET /anthropic/v1/models HTTP/1.1"), 401),
    "other host": (lines("GET /anthropic/v1/models HTTP/1.1", GIVEN, host="evil.example"), 421),
    "other origin": (lines("GET http://evil.example/anthropic/v1/models HTTP/1.1", GIVEN), 403),
    "files": (lines("GET /anthropic/v1/files HTTP/1.1", GIVEN), 404),
    "traversal": (lines("POST /anthropic/v1/messages/../files HTTP/1.1", GIVEN, "Content-Length: 0"), 404),
    "control plane": (lines("GET /containers/json HTTP/1.1", GIVEN), 404),
    "twice named": (lines(MESSAGES, GIVEN, f"Content-Length: {len(TWICE)}", body=TWICE), 400),
}


@pytest.mark.parametrize("name", RAW)
def test_a_hostile_request_is_refused_in_words_and_recorded(world, lease, name):
    data, status = RAW[name]
    before = world[1].connections
    with support.connect(lease) as stream:
        stream.sendall(data.replace(b"%t", lease.token.encode()))
        stream.shutdown(socket.SHUT_WR)
        with stream.makefile("rb") as reader:
            done = support.read_message(reader)
    assert done.status == status, done.body
    assert "BRK" in json.dumps(done.json())
    assert last(world).status == status
    assert last(world).code.startswith("BRK")
    assert lease.token not in last(world).model_dump_json()
    assert world[1].connections == before


def test_a_program_with_proxy_settings_reaches_its_model_too(lease):
    done = support.ask(lease, f"http://{RELAY}/anthropic/v1/models", method="GET")
    assert [row["id"] for row in done.json()["data"]] == ["m-1"]


def test_what_is_not_granted_is_refused_before_a_key_is_read(world):
    desk, upstream = world
    missing = Credential(kind="api-key", source=SecretSource(kind="file", value=("/nonexistent",)))
    endpoint = support.endpoint(upstream.port, credential=missing)
    with desk.lease(endpoint, models=("up/other",)) as lease:
        refused = support.message(lease)
        assert (refused.status, "BRK020" in refused.json()["error"]["message"]) == (403, True)
    with desk.lease(endpoint, data=DataClass.RESTRICTED) as lease:
        assert "BRK022" in support.message(lease).json()["error"]["message"]
    with desk.lease(endpoint.model_copy(update={"prices": {}}), cost_usd=1.0) as lease:
        assert "BRK021" in support.message(lease).json()["error"]["message"]
        assert lease.exhausted == ""
    with desk.lease(endpoint, tokens=0) as lease:
        assert "BRK023" in support.message(lease).json()["error"]["message"]
    with desk.lease(endpoint) as lease:
        unreadable = support.message(lease)
        assert (unreadable.status, "BRK040" in unreadable.json()["error"]["message"]) == (502, True)


def test_restricted_data_goes_to_a_local_endpoint(world):
    desk, upstream = world
    local = support.endpoint(upstream.port, name="near", local=True, credential=Credential(kind="none"))
    far = support.endpoint(upstream.port)
    with desk.lease(far, local, data=DataClass.RESTRICTED) as lease:
        assert told(lease, "busy").status == 429
        traffic = lease.close()
    assert traffic.exchanges[0].endpoint == "near"
    asked = len(upstream.requests)
    with desk.lease(far, data=DataClass.RESTRICTED) as lease:
        assert "BRK022" in told(lease, "busy").json()["error"]["message"]
    assert len(upstream.requests) == asked


def test_a_key_file_that_others_can_read_is_refused(world, tmp_path):
    desk, upstream = world
    place = tmp_path / "key"
    place.write_text(support.KEY + "\n")
    source = SecretSource(kind="file", value=(str(place),))
    endpoint = support.endpoint(upstream.port, credential=Credential(kind="api-key", source=source))
    with desk.lease(endpoint) as lease:
        place.chmod(0o644)
        assert "0600" in told(lease, "busy").json()["error"]["message"]
        place.chmod(0o600)
        assert told(lease, "busy").status == 429
    assert world[1].requests[-1].headers["x-api-key"] == support.KEY


def test_a_key_may_come_from_a_command(world):
    desk, upstream = world
    source = SecretSource(kind="command", value=(sys.executable, "-c", "import os; print(sorted(os.environ))"))
    endpoint = support.endpoint(upstream.port, credential=Credential(kind="api-key", source=source))
    with desk.lease(endpoint) as lease:
        assert told(lease, "busy").status == 429
    assert "HANDRAIL_TEST_KEY" not in world[1].requests[-1].headers["x-api-key"]


def test_the_token_of_another_lease_is_worth_nothing(world, lease):
    desk, upstream = world
    with desk.lease(support.endpoint(upstream.port)) as other:
        assert support.ask(lease, "/anthropic/v1/models", method="GET", token=other.token).status == 401


def test_the_key_is_nowhere_a_process_shows_it(lease):
    assert told(lease, "busy").status == 429
    shown = Path(f"/proc/{lease.pid}/cmdline").read_bytes()
    assert support.KEY.encode() not in shown
    assert lease.token.encode() not in shown
    for place in Path(lease.mount).parent.rglob("*"):
        if place.is_file():
            assert support.KEY.encode() not in place.read_bytes()


PARENT = """
import sys, time
sys.path[:0] = [{tests!r}, {root!r}]
import broker_support as support
with support.desk() as desk, desk.lease(support.endpoint(9)) as lease:
    print(lease.pid, lease.mount, flush=True)
    time.sleep(60)
"""


def test_the_broker_ends_with_its_parent_even_when_that_is_killed():
    program = PARENT.format(tests=str(ROOT / "tests/integration"), root=str(ROOT))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        pid, mount = parent.stdout.readline().split()
        assert Path(mount).exists()
        parent.kill()
    for _ in range(100):
        if not Path(mount).exists() and not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.05)
    pytest.fail("the broker or its folder is still there")


def test_a_broker_that_is_killed_leaves_its_reservation_as_spent(world):
    desk, upstream = world
    before = desk.budgets.spent()[0]
    with desk.lease(support.endpoint(upstream.port), tokens=50_000) as lease:
        assert told(lease, "malformed").status == 200
        os.kill(lease.pid, signal.SIGKILL)
        traffic = lease.close()
    assert not traffic.usage.settled
    assert desk.budgets.spent()[0] - before >= 50_000 // 16


def test_many_at_once_are_served_and_too_many_are_refused(lease):
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(told(lease, "busy").status)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [429] * 20
    held = [support.connect(lease) for _ in range(64)]
    try:
        time.sleep(0.3)
        assert support.raw(lease, b"").startswith(b"HTTP/1.1 503")
    finally:
        for stream in held:
            stream.close()


def test_the_run_ends_a_leases_spending(monkeypatch):
    with support.desk(monkeypatch, run_tokens=3000) as desk, support.Upstream(answer) as upstream:
        with desk.lease(support.endpoint(upstream.port), tokens=1_000_000) as lease:
            assert told(lease, "busy").status == 429
            refused = support.message(lease, max_tokens=4000)
            assert "BRK023" in refused.json()["error"]["message"]
            assert "run's budget" in lease.close().exchanges[-1].reason
        assert desk.budgets.spent() == (0, 0.0)
        assert WireProtocol.ANTHROPIC in lease.urls


def test_an_upstreams_connection_serves_the_next_request(monkeypatch):
    with support.desk(monkeypatch) as desk, support.Upstream(answer) as upstream:
        with desk.lease(support.endpoint(upstream.port)) as lease:
            assert [told(lease, "busy").status for _ in range(3)] == [429] * 3
        assert upstream.connections == 1
