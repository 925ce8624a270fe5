"""An upstream that answers as it is told, a client that sends what it is told, and a lease between them."""

import contextlib
import datetime as dt
import itertools
import json
import socket
import ssl
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from orchestrator.broker.lease import ProcessBroker
from orchestrator.broker.setup import RELAY, SOCKET
from orchestrator.models.endpoint import Credential, Endpoint, Price, SecretSource, WireProtocol
from orchestrator.models.ids import RunId, sha256
from orchestrator.ports import BrokerGrant
from orchestrator.store.budgets import StoredBudgets
from orchestrator.store.index import SqliteIndex

KEY = "sk-canary-0123456789abcdef"
RUN = RunId("20260101-aaaaaa")
PRICE = Price(input_usd=3.0, output_usd=15.0)


def site(folder, *hosts):
    """The file of a server's certificate for these names, and a TLS context with it that notes the names asked."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test site")])
    now = dt.datetime.now(dt.UTC)
    names = x509.SubjectAlternativeName(map(x509.DNSName, hosts))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(secret)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    context.names = []
    context.sni_callback = lambda _, name, __: context.names.append(name)
    return folder / "cert.pem", context


class Upstream:
    """A server of this machine, on its loopback unless told otherwise.

    ``answer(request, connection)`` writes the raw answer; requests are kept.
    """

    def __init__(self, answer, wrap=None, address="127.0.0.1", port=0):
        self.requests, self._answer, self._wrap = [], answer, wrap
        self._server = socket.create_server((address, port))
        self.port = self._server.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # wakes the thread that waits in accept
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._server.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._wrap:
                connection = stack.enter_context(self._wrap(connection))
            with connection.makefile("rb") as stream:
                while request := read_message(stream):
                    self.requests.append(request)
                    self._answer(request, connection)


class Message:
    """A request or an answer. ``headers`` has lower-case names, the last of each."""

    def __init__(self, first, headers, body, *, complete=True):
        self.first, self.headers, self.body, self.complete = first, headers, body, complete

    @property
    def status(self):
        return int(self.first.split(" ")[1])

    @property
    def target(self):
        return self.first.split(" ")[1]

    def json(self):
        return json.loads(self.body)


def read_message(stream, *, bodiless=False):
    """``None`` at the end of the stream."""
    first = stream.readline()
    if not first:
        return None
    headers = {}
    while (line := stream.readline()) not in {b"\r\n", b""}:
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    complete, body = True, b""
    if bodiless:
        pass
    elif headers.get("transfer-encoding") == "chunked":
        complete = False
        while size := stream.readline():
            length = int(size, 16)
            piece = stream.read(length)
            stream.readline()
            body += piece
            if length == 0:
                complete = True
                break
    elif "content-length" in headers:
        body = stream.read(int(headers["content-length"]))
        complete = len(body) == int(headers["content-length"])
    elif first.startswith(b"HTTP/"):
        body = stream.read()
    return Message(first.decode("latin-1").strip(), headers, body, complete=complete)


def respond(connection, body, status=200, headers=(), content_type="application/json"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} X", f"content-type: {content_type}", f"content-length: {len(body)}", *headers]
    connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def events(connection, documents, *, end=True, named=False):
    """Server-sent events, each in a chunk and a write of its own."""
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for document in documents:
        name = f"event: {document['type']}\n" if named else ""
        data = (name + f"data: {json.dumps(document)}\n\n").encode()
        connection.sendall(b"%x\r\n%s\r\n" % (len(data), data))
    if end:
        connection.sendall(b"0\r\n\r\n")


def anthropic_events(tokens=3, *, usage=True):
    yield {"type": "message_start", "message": {"model": "m-1-real", "usage": {"input_tokens": 7, "output_tokens": 1}}}
    for number in range(tokens):
        yield {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": f"t{number}"}}
    if usage:
        yield {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": tokens}}
    yield {"type": "message_stop"}


def endpoint(port, protocol=WireProtocol.ANTHROPIC, **changes):
    source = SecretSource(kind="environment", value=("HANDRAIL_TEST_KEY",))
    chosen = {
        "name": "up",
        "protocol": protocol,
        "base_url": f"http://127.0.0.1:{port}",
        "models": ("m-1",),
        "credential": Credential(kind="api-key", source=source),
        "private": True,
        "prices": {"m-1": PRICE},
        **changes,
    }
    return Endpoint(**chosen)


class Desk:
    """A broker with a real store."""

    def __init__(self, folder, **settings):
        self.index = SqliteIndex(Path(folder) / "runs.db")
        self.blobs = {}
        self.seen = []
        self.budgets = StoredBudgets(
            self.index, RUN, settings.pop("run_tokens", 1_000_000), settings.pop("run_usd", None)
        )
        self.broker = ProcessBroker(self._put, **settings)
        self._keys = itertools.count(1)

    def _put(self, data):
        self.blobs[sha256(data)] = data
        return sha256(data)

    def lease(self, *endpoints, tell=None, **grant):
        chosen = {"key": f"{RUN}/S01/{next(self._keys)}", "run": RUN, "models": ("*",), "tokens": 100_000, **grant}
        return self.broker.open(BrokerGrant(endpoints=endpoints, **chosen), self.budgets, tell or self.seen.append)


@contextmanager
def desk(monkeypatch=None, **settings):
    with tempfile.TemporaryDirectory() as folder:
        made = Desk(folder, **settings)
        if monkeypatch:
            monkeypatch.setenv("HANDRAIL_TEST_KEY", KEY)
        try:
            yield made
        finally:
            made.index.close()


def connect(lease):
    """To the lease's socket, as the relay does."""
    stream = socket.socket(socket.AF_UNIX)
    stream.settimeout(8)
    stream.connect(f"{lease.mount}/{SOCKET}")
    return stream


def raw(lease, data):
    """Send exact bytes; all that comes back until the end."""
    with connect(lease) as stream:
        with contextlib.suppress(BrokenPipeError):  # refused before it was sent: the answer already waits
            stream.sendall(data)
        back = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := stream.recv(65536):
                back += piece
        return back


def request_bytes(lease, path, body=None, *, headers=(), method="POST", token=None):
    body = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {RELAY}",
        f"x-api-key: {lease.token if token is None else token}",
        f"content-length: {len(body)}",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def ask(lease, path, body=None, **more):
    """One request on a connection of its own."""
    with connect(lease) as stream:
        stream.sendall(request_bytes(lease, path, body, **more))
        with stream.makefile("rb") as reader:
            return read_message(reader)


MESSAGE = {"model": "m-1", "max_tokens": 100, "messages": [{"role": "user", "content": "hello"}]}


def message(lease, **changes):
    return ask(lease, "/anthropic/v1/messages", {**MESSAGE, **changes})
