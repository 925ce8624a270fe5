"""What an attack on the broker is tried on: a real lease, in front of a canary of this host's loopback."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, Self

from orchestrator.broker.certificates import Authority
from orchestrator.broker.lease import ProcessBroker, ProcessLease
from orchestrator.broker.setup import CA_FILE, SOCKET, Protection
from orchestrator.models.capabilities import Egress
from orchestrator.models.endpoint import Credential, CredentialKind, Endpoint, SecretSource, SourceKind, WireProtocol
from orchestrator.models.ids import RunId, sha256
from orchestrator.ports import BrokerGrant

HOST, OTHER = "docs.example", "other.example"
CANARY_KEY = "canary-key-0123456789"
SECONDS = 20.0
OPEN_KIB = 8


class Carrier(Protocol):
    """How an attacker's bytes get to the broker: by a socket of this host, or from inside a sandbox."""

    def exchange(self, data: bytes, /) -> bytes:
        """Send exact bytes; what comes back up to the end of sending."""
        ...

    def through(self, tunnel: bytes, request: bytes, /) -> bytes:
        """Send a request with TLS through a tunnel to the granted host; ``b""`` when there is no tunnel."""
        ...


@dataclass(frozen=True, slots=True)
class Near:
    """Implements :class:`Carrier` with the lease's socket, from this host."""

    lease: ProcessLease

    def exchange(self, data: bytes) -> bytes:
        with _connect(self.lease) as stream:
            stream.sendall(data)
            with contextlib.suppress(OSError):
                stream.shutdown(socket.SHUT_WR)
            return _all(stream)

    def through(self, tunnel: bytes, request: bytes) -> bytes:
        with _connect(self.lease) as stream:
            stream.sendall(tunnel)
            if not _head(stream).startswith(b"HTTP/1.1 200"):
                return b""
            context = ssl.create_default_context(cafile=Path(self.lease.mount) / CA_FILE)
            with contextlib.suppress(OSError), context.wrap_socket(stream, server_hostname=HOST) as inner:
                inner.sendall(request)
                return inner.recv(65536)
        return b""


@dataclass(slots=True)
class Target:
    """What an attacker inside has: a way to the broker and the token. ``canary`` is what must not be reached."""

    carrier: Carrier
    token: str
    canary: Canary

    def exchange(self, data: bytes) -> bytes:
        """As :meth:`Carrier.exchange`."""
        return self.carrier.exchange(data)

    def through(self, request: bytes) -> bytes:
        """As :meth:`Carrier.through`, to the granted host."""
        return self.carrier.through(self.tunnel(f"{HOST}:{self.canary.tls_port}"), request)

    def tunnel(self, authority: str) -> bytes:
        """A ``CONNECT`` with the lease's token."""
        login = base64.b64encode(f"handrail:{self.token}".encode()).decode()
        lines = (f"CONNECT {authority} HTTP/1.1", f"Host: {authority}", f"Proxy-Authorization: Basic {login}", "", "")
        return "\r\n".join(lines).encode()


@contextmanager
def scene(weakened: frozenset[Protection]) -> Iterator[tuple[Target, ProcessLease]]:
    """A lease with one granted path of one granted host and one model, both answered by a canary."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        authority = Authority(folder)
        (folder / "canary.pem").write_bytes(authority.pem())
        (folder / "key").touch(mode=0o600)
        (folder / "key").write_text(CANARY_KEY)
        tls = authority.server_context(HOST, lambda _: True)
        broker = ProcessBroker(
            sha256,
            hosts={HOST: ("127.0.0.1",), OTHER: ("127.0.0.1",)},
            trust=folder / "canary.pem",
            weakened=weakened,
        )
        with Canary(tls) as canary, broker.open(_grant(folder, canary), _Unlimited(), lambda _: None) as lease:
            yield Target(Near(lease), lease.token, canary), lease


def _grant(folder: Path, canary: Canary) -> BrokerGrant:
    source = SecretSource(kind=SourceKind.FILE, value=(str(folder / "key"),))
    endpoint = Endpoint(
        name="canary",
        protocol=WireProtocol.ANTHROPIC,
        base_url=f"http://127.0.0.1:{canary.port}",
        models=("m",),
        credential=Credential(kind=CredentialKind.API_KEY, source=source),
        private=True,
    )
    rule = Egress(host=HOST, port=canary.tls_port, paths=("/open",), max_kib=OPEN_KIB)
    return BrokerGrant(
        key="attack",
        run=RunId("attack"),
        endpoints=(endpoint,),
        models=("canary/m",),
        egress=(rule,),
        egress_kib=OPEN_KIB,
        tokens=10_000,
    )


def _connect(lease: ProcessLease) -> socket.socket:
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(SECONDS)
    stream.connect(f"{lease.mount}/{SOCKET}")
    return stream


class _Unlimited:
    """No run stands behind an attack."""

    def reserve(self, key: str, tokens: int, cost_usd: float) -> bool:
        return bool(key) and tokens >= 0 and cost_usd >= 0

    def settle(self, key: str, tokens: int, cost_usd: float) -> None:
        del key, tokens, cost_usd

    def past(self, share: float, key: str, tokens: int, cost_usd: float) -> str:
        del share, key, tokens, cost_usd
        return ""


@dataclass(slots=True)
class Canary:
    """Two ports of the loopback, one with TLS, that keep what they are asked and send it back."""

    tls: ssl.SSLContext
    requests: list[bytes] = field(default_factory=list[bytes])
    _servers: list[socket.socket] = field(default_factory=list[socket.socket])

    @property
    def port(self) -> int:
        return int(self._servers[0].getsockname()[1])

    @property
    def tls_port(self) -> int:
        return int(self._servers[1].getsockname()[1])

    def __enter__(self) -> Self:
        for secured in (False, True):
            server = socket.create_server(("127.0.0.1", 0))
            self._servers.append(server)
            threading.Thread(target=self._serve, args=(server, secured), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in self._servers:
            with contextlib.suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            server.close()

    def _serve(self, server: socket.socket, secured: bool) -> None:  # noqa: FBT001  a thread takes no keywords simply
        while True:
            try:
                stream, _ = server.accept()
            except OSError:
                return
            with stream, contextlib.suppress(OSError):
                stream.settimeout(SECONDS)
                if secured:
                    with self.tls.wrap_socket(stream, server_side=True) as inner:
                        self._answer(inner)
                else:
                    self._answer(stream)

    def _answer(self, stream: socket.socket) -> None:
        head = _head(stream)
        if not head:
            return
        self.requests.append(head)
        body = json.dumps({"echo": head.decode("latin-1")}).encode()
        stream.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


def _head(stream: socket.socket) -> bytes:
    data = b""
    while not data.endswith(b"\r\n\r\n") and (byte := stream.recv(1)):
        data += byte
    return data


def _all(stream: socket.socket) -> bytes:
    data = b""
    with contextlib.suppress(OSError):
        while piece := stream.recv(65536):
            data += piece
            if data.startswith(b"HTTP/1.1 200 Connection"):
                break
    return data
