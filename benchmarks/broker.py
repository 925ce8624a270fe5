"""Streamed tokens through the broker against directly, and the latency that it adds.

    python benchmarks/broker.py [ROUNDS]

One upstream program writes events of one token each, every event in a write of its own; one client program reads
and counts them. Both run as processes of their own, the same for both sides; a side is a path: directly over TCP,
over the broker's unix socket, or over the relay (as inside a sandbox) and the broker. Rounds alternate the sides. The
`paced` figures have the upstream give 17,000 tokens a second in all, the `full` ones as fast as it can. Latency is of
a small request with a small answer, one at a time on a fresh connection.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measuring import report

from orchestrator.broker.lease import ProcessBroker, ProcessLease
from orchestrator.broker.setup import RELAY
from orchestrator.models.endpoint import Endpoint, WireProtocol
from orchestrator.models.ids import RunId, sha256
from orchestrator.ports import BrokerGrant

PROGRAMS = Path(__file__).resolve().parents[1] / "sandboxes/images/base/opt/handrail"
TOKENS, PACE, ASKS = 34_000, 17_000, 200
GOALS = {
    "paced 1 stream, ratio": (">=", 0.95),
    "paced 8 streams, ratio": (">=", 0.95),
    "full 1 stream (tokens/s)": (">=", 17_000.0),
    "full 8 streams (tokens/s)": (">=", 17_000.0),
    "added latency p50 (ms)": ("<=", 1.0),
}

UPSTREAM = r"""
import json, socket, sys, threading, time
server = socket.create_server(("127.0.0.1", 0), backlog=64)
print(server.getsockname()[1], flush=True)
delta = b'"choices":[{"index":0,"delta":{"content":" token"},"finish_reason":null}]'
event = b'data: {"id":"c-1","object":"chat.completion.chunk","model":"m-1",' + delta + b'}\n\n'
piece = b"%x\r\n%s\r\n" % (len(event), event)
last = b'data: {"choices":[],"model":"m-1","usage":{"prompt_tokens":5,"completion_tokens":5}}\n\n'
end = b"%x\r\n%s\r\n0\r\n\r\n" % (len(last), last)
head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
def serve(c):
    c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    f = c.makefile("rb")
    while f.readline():
        length = 0
        while (line := f.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        asked = json.loads(f.read(length))
        tokens, pace = asked["n"], asked["pace"]
        if not tokens:
            c.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
            continue
        c.sendall(head)
        began = time.perf_counter()
        for number in range(tokens):
            if pace and number % 20 == 0:
                ahead = began + number / pace - time.perf_counter()
                if ahead > 0:
                    time.sleep(ahead)
            c.sendall(piece)
        c.sendall(end)
while True:
    threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()
"""

CLIENT = r"""
import httptools, json, selectors, socket, sys, time
where, path, token, streams, tokens, pace, asks = sys.argv[1:8]
def connect():
    if where.startswith("/"):
        s = socket.socket(socket.AF_UNIX); s.connect(where)
    else:
        host, port = where.split(":"); s = socket.create_connection((host, int(port)))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return s
def ask(s, n, pace):
    body = json.dumps({"model": "m-1", "stream": True, "max_tokens": 10, "messages": [], "n": n, "pace": pace}).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:4180\r\nx-api-key: {token}\r\n"
    s.sendall(head.encode() + f"content-length: {len(body)}\r\n\r\n".encode() + body)
if int(asks):
    times = []
    for _ in range(int(asks)):
        began = time.perf_counter()
        s = connect(); ask(s, 0, 0)
        got = b""
        while b"{}" not in got:
            got += s.recv(65536)
        times.append(time.perf_counter() - began)
        s.close()
    print(json.dumps(times)); sys.exit()
class Count:
    def __init__(self, stream):
        self.stream, self.rest, self.tokens, self.done = stream, b"", 0, False
        self.parser = httptools.HttpResponseParser(self)
    def on_body(self, body):
        whole = self.rest + body
        self.tokens += whole.count(b" token")
        self.rest = whole[-5:]
    def on_message_complete(self):
        self.done = True
each = int(tokens) // int(streams)
selector, counted = selectors.DefaultSelector(), []
began = time.perf_counter()
for _ in range(int(streams)):
    s = connect(); ask(s, each, float(pace) / int(streams))
    counted.append(Count(s))
    selector.register(s, selectors.EVENT_READ, counted[-1])
while not all(count.done for count in counted):
    for key, _ in selector.select():
        key.data.parser.feed_data(key.fileobj.recv(262144))
        if key.data.done:
            selector.unregister(key.fileobj)
seconds = time.perf_counter() - began
assert all(count.tokens == each for count in counted), [count.tokens for count in counted]
print(json.dumps([each * int(streams), seconds]))
"""

RELAY_PROGRAM = r"""
import sys
sys.path.insert(0, sys.argv[1])
import relay
relay.SOCKET, relay.PORT = sys.argv[2], 0
listener = relay.listen()
print(listener.getsockname()[1], flush=True)
relay.serve(listener)
"""


class Unlimited:
    """A budget without end, in memory: what the store costs is not measured here."""

    def reserve(self, key: str, tokens: int, cost_usd: float) -> bool:
        return bool(key) and tokens >= 0 and cost_usd >= 0

    def settle(self, key: str, tokens: int, cost_usd: float) -> None:
        del key, tokens, cost_usd


@contextmanager
def program(source: str, *words: str) -> Iterator[str]:
    """A Python program of ours; the first line that it prints."""
    with subprocess.Popen([sys.executable, "-c", source, *words], stdout=subprocess.PIPE, text=True) as made:
        try:
            yield made.stdout.readline().strip() if made.stdout else ""
        finally:
            made.kill()


def client(where: str, path: str, token: str, *numbers: float) -> list[float]:
    argv = [sys.executable, "-c", CLIENT, where, path, token, *map(str, numbers)]
    answer: list[float] = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True).stdout)
    return answer


@contextmanager
def sides(lease: ProcessLease, upstream: str) -> Iterator[dict[str, tuple[str, str, str]]]:
    unix = f"{lease.mount}/broker.sock"
    with program(RELAY_PROGRAM, str(PROGRAMS), unix) as port:
        through = f"{lease.urls[WireProtocol.CHAT].removeprefix(f'http://{RELAY}')}/v1/chat/completions"
        yield {
            "direct": (f"127.0.0.1:{upstream}", "/v1/chat/completions", "none"),
            "broker": (unix, through, lease.token),
            "relay": (f"127.0.0.1:{port}", through, lease.token),
        }


def main(rounds: int) -> None:
    rates: dict[tuple[str, str, int], list[float]] = {}
    latency: dict[str, list[float]] = {}
    with program(UPSTREAM) as upstream, tempfile.TemporaryDirectory():
        endpoint = Endpoint(
            name="up",
            protocol=WireProtocol.CHAT,
            base_url=f"http://127.0.0.1:{upstream}",
            models=("m-1",),
            private=True,
        )
        grant = BrokerGrant(key="b", run=RunId("b"), endpoints=(endpoint,), models=("*",), tokens=1 << 40)
        with ProcessBroker(sha256).open(grant, Unlimited(), lambda _: None) as lease, sides(lease, upstream) as paths:
            for turn in range(rounds + 1):
                for streams in (1, 8):
                    for kind, pace in (("paced", PACE), ("full", 0)):
                        for side, path in paths.items():
                            tokens, seconds = client(*path, streams, TOKENS, pace, 0)
                            if turn:
                                rates.setdefault((side, kind, streams), []).append(tokens / seconds)
                for side, path in paths.items():
                    times = client(*path, 1, 0, 0, ASKS)
                    latency.setdefault(side, []).extend(times if turn else [])
    figures = figures_of(rates, latency)
    report("broker", figures, GOALS)


def figures_of(rates: dict[tuple[str, str, int], list[float]], latency: dict[str, list[float]]) -> dict[str, float]:
    figures: dict[str, float] = {}
    for kind in ("paced", "full"):
        for streams in (1, 8):
            name = f"{kind} {streams} stream{'s' if streams > 1 else ''}"
            direct, broker, relay = (statistics.median(rates[s, kind, streams]) for s in ("direct", "broker", "relay"))
            figures |= {f"{name}, direct (tokens/s)": direct, f"{name} (tokens/s)": broker}
            figures |= {f"{name}, with the relay (tokens/s)": relay, f"{name}, ratio": broker / direct}
            figures[f"{name}, ratio with the relay"] = relay / direct
    direct, broker, relay = (statistics.median(latency[s]) * 1000 for s in ("direct", "broker", "relay"))
    figures |= {"latency p50, direct (ms)": direct, "added latency p50 (ms)": broker - direct}
    figures["added latency p50 with the relay (ms)"] = relay - direct
    return figures


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
