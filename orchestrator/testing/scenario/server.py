"""The server: plain HTTP/1.1 on loopback or a unix socket, four wire protocols, faults on demand.

It is no model and knows nothing: each answer stands in the scenario. Not checked: keys and the versions of
protocols. Requests are remembered (the newest ``MAX_REMEMBERED``), so that a test can say what an agent sent.
"""

from __future__ import annotations

import json
import os
import socket
import socketserver
import sys
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from itertools import count
from pathlib import Path
from typing import Any, Self, cast

from orchestrator.models.endpoint import WireProtocol
from orchestrator.testing.scenario.anthropic import Anthropic
from orchestrator.testing.scenario.chat import Chat
from orchestrator.testing.scenario.exchange import Answer, Asked, Counter, Wire
from orchestrator.testing.scenario.gemini import Gemini
from orchestrator.testing.scenario.responses import Responses
from orchestrator.testing.scenario.script import Fault, FaultKind, Scenario
from orchestrator.testing.scenario.tools import answer

WIRES: Mapping[WireProtocol, Wire] = {
    WireProtocol.ANTHROPIC: Anthropic(),
    WireProtocol.RESPONSES: Responses(),
    WireProtocol.CHAT: Chat(),
    WireProtocol.GEMINI: Gemini(),
}
MAX_BODY_BYTES = 64 << 20
MAX_REMEMBERED = 1000
_NO_SCENARIO = "The scenario has no conversation for this request."


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it came. ``status`` is what it got."""

    protocol: WireProtocol
    path: str
    body: bytes
    asked: Asked
    status: int


class ScenarioServer:
    """Answers until its context ends. ``url`` is the base for every protocol (``''`` on a unix socket)."""

    def __init__(self, scenario: Scenario, unix_socket: Path | None = None) -> None:
        self._scenario, self._counter = scenario, Counter()
        self._seen: deque[Seen] = deque(maxlen=MAX_REMEMBERED)
        self._lock, self.closing = threading.Lock(), threading.Event()
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = _Unix(str(unix_socket), handler) if unix_socket else _Tcp(("127.0.0.1", 0), handler)
        self.url = "" if unix_socket else f"http://127.0.0.1:{cast('tuple[str, int]', self._server.server_address)[1]}"

    @property
    def seen(self) -> tuple[Seen, ...]:
        """All requests so far, oldest first."""
        with self._lock:
            return tuple(self._seen)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def decide(self, protocol: WireProtocol, path: str, body: bytes) -> tuple[int, Asked, Answer, Fault | None]:
        """Status, what was asked, what is answered, and what goes wrong with it."""
        asked = WIRES[protocol].read(path, _mapping(body))
        status, said, fault = self._answer(asked)
        with self._lock:
            self._seen.append(Seen(protocol, path, body, asked, status))
        return status, asked, said, fault

    def _answer(self, asked: Asked) -> tuple[int, Answer, Fault | None]:
        found = self._scenario.conversation(asked.text)
        if found is None:
            return 400, Answer(_NO_SCENARIO), None
        number, conversation = found
        turn = conversation.turn(asked.answers)
        try:
            said = answer(asked, turn, f"{number}_{asked.answers}")
        except LookupError as error:
            return 400, Answer(str(error)), None
        with self._lock:
            before = self._counter.next((number, asked.answers, bool(asked.tools)))
        fault = turn.fault if turn.fault and before < turn.fault.times else None
        statuses = {FaultKind.TOO_MANY_REQUESTS: 429, FaultKind.SERVER_ERROR: 500}
        return (statuses.get(fault.kind, 200) if fault else 200), said, fault


@contextmanager
def serve(scenario: Scenario, unix_socket: Path | None = None) -> Iterator[ScenarioServer]:
    """A server for as long as the context lasts."""
    with ScenarioServer(scenario, unix_socket) as server:
        yield server


def protocol_of(path: str) -> WireProtocol | None:
    """By the last part of a request's path."""
    plain = path.partition("?")[0]
    if plain.endswith("/messages"):
        return WireProtocol.ANTHROPIC
    if plain.endswith("/responses"):
        return WireProtocol.RESPONSES
    if plain.endswith("/chat/completions"):
        return WireProtocol.CHAT
    return WireProtocol.GEMINI if plain.endswith(("enerateContent",)) else None


def _mapping(body: bytes) -> Mapping[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", value) if isinstance(value, dict) else {}


class _Tcp(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  the library's signature
        """A client that goes away in the middle of an answer is no fault of the server; all else is told."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Unix(_Tcp, socketserver.UnixStreamServer):
    def server_bind(self) -> None:
        """The user inside a container is another one."""
        super().server_bind()
        os.chmod(str(self.server_address), 0o666)  # noqa: PTH101, S103  the folder around it is the owner's


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    owner: ScenarioServer
    protocol_version = "HTTP/1.1"
    server_version = "scenario-server"

    def address_string(self) -> str:
        return "client"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's signature
        """Say nothing: a test reads :attr:`ScenarioServer.seen`."""

    def do_GET(self) -> None:
        """Lists of models and whatever else an agent looks for before it asks."""
        self._json(200, {"object": "list", "data": []})

    def do_HEAD(self) -> None:
        """Claude Code knocks so."""
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self) -> None:
        """A request to a model."""
        length = int(self.headers.get("Content-Length") or 0)
        chunked = "chunked" in (self.headers.get("Transfer-Encoding") or "").lower()
        body = self._chunks() if chunked else self.rfile.read(min(length, MAX_BODY_BYTES))
        protocol = protocol_of(self.path)
        if protocol is None:
            self._json(404, {"error": {"message": "no such path"}})
            return
        status, asked, said, fault = self.owner.decide(protocol, self.path.partition("?")[0], body)
        wire = WIRES[protocol]
        if status != 200:  # noqa: PLR2004  HTTP's own
            words = said.text if fault is None else fault.kind.value
            self._json(status, wire.error(status, words), {"Retry-After": "0"} if fault else {})
        elif asked.stream:
            self._stream(wire, asked, said, fault)
        else:
            self._whole(wire, asked, said, fault)

    def _chunks(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            body += self.rfile.read(min(size, MAX_BODY_BYTES))
            self.rfile.readline(64)
        self.rfile.readline(64)
        return body

    def _json(self, status: int, value: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> None:
        self._bytes(status, json.dumps(value).encode(), headers)

    def _bytes(self, status: int, data: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def _whole(self, wire: Wire, asked: Asked, said: Answer, fault: Fault | None) -> None:
        data = json.dumps(wire.whole(asked, said)).encode()
        if fault is not None and fault.kind is FaultKind.SLOW_TOKENS:
            pieces = sum(1 for _ in wire.stream(asked, said))
            if self.owner.closing.wait(fault.seconds * pieces):
                return
        broken = {FaultKind.CUT_STREAM, FaultKind.MALFORMED_JSON, FaultKind.ENDLESS_OUTPUT}
        self._bytes(200, data[: len(data) // 2] if fault is not None and fault.kind in broken else data)

    def _stream(self, wire: Wire, asked: Asked, said: Answer, fault: Fault | None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            for piece in self._pieces(wire, asked, said, fault):
                self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
                self.wfile.flush()
            if fault is None or fault.kind is not FaultKind.CUT_STREAM:
                self.wfile.write(b"0\r\n\r\n")
        except OSError:
            self.close_connection = True
            return
        if fault is not None and fault.kind is FaultKind.CUT_STREAM:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _pieces(self, wire: Wire, asked: Asked, said: Answer, fault: Fault | None) -> Iterator[bytes]:
        events = list(wire.stream(asked, said))
        kind = fault.kind if fault is not None else None
        if kind is FaultKind.CUT_STREAM:
            yield from events[: max(1, len(events) // 2)]
        elif kind is FaultKind.MALFORMED_JSON:
            yield events[0]
            yield b'data: {"type": "broken", \n\n'
            yield from events[1:]
        elif kind is FaultKind.ENDLESS_OUTPUT:
            yield events[0]
            for number in count():
                if self.owner.closing.is_set():
                    return
                yield wire.filler(asked, f"{number} ")
        else:
            for piece in events:
                if fault is not None and self.owner.closing.wait(fault.seconds):
                    return
                yield piece
