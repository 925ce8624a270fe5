"""Granted hosts through ``CONNECT``: TLS ends here, so that method, path and bytes are judged, and begins anew outside.

A tunnel is judged by its name first; then the client's server name, each request's Host, method and path.
The upstream's name, address and certificate are the broker's business alone: a client cannot front.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import ssl
from dataclasses import dataclass, replace

from orchestrator.broker.addresses import parse_authority
from orchestrator.broker.cassette import Reply
from orchestrator.broker.context import Context
from orchestrator.broker.ledger import Entry
from orchestrator.broker.refusal import Refusal
from orchestrator.broker.setup import Protection
from orchestrator.broker.upstream import Cut, Origin, Outgoing
from orchestrator.broker.wire import Head, Incoming, malformed, parse_head, read_head
from orchestrator.models.ids import Digest, sha256
from orchestrator.models.traffic import TrafficKind
from orchestrator.policy.egress import allowance_kib, reaches

HANDSHAKE_SECONDS = 15.0
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "alt-svc",
        "host",
        "content-length",
        "expect",
    }
)
_PATH = re.compile(r"/([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(r"([A-Za-z0-9._~!$&'()*+,;=:@/?\[\]|{}^-]|%[0-9A-Fa-f]{2})*")
_ENCODED = re.compile(
    r"%(?:25)*(?:2[ef]|5c|00|3b)"  # a dot, a slash, a backslash, NUL, a semicolon; encoded once or more often
    r"|%c[01]|%e0%[89]|%f0%8"  # too long forms of ASCII, which careless decoders take for it
    r"|%ef%bc%(?:8[ef]|bc)",  # full-width forms that some servers fold to them
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Tunnel:
    """A granted host, by name."""

    host: str
    port: int

    @property
    def origin(self) -> Origin:
        return Origin(self.host, self.port)


def judged_path(path: str) -> str:
    """The path that rules are asked about.

    One that a server could read as another (dots, also with parameters as in ``..;x``, ``//``, an encoded slash, dot,
    backslash or semicolon, also encoded twice or too long) is judged as ``/``:
    only a grant of the whole host covers it. Raises :class:`Refusal` for one that is no path.
    """
    if not _PATH.fullmatch(path):
        raise malformed("its path has characters that do not belong there")
    names = {part.partition(";")[0] for part in path.split("/")}
    odd = "//" in path or _ENCODED.search(path) is not None or not {".", ".."}.isdisjoint(names)
    return "/" if odd else path


async def open_tunnel(context: Context, head: Head, entry: Entry) -> Tunnel:
    """Judge a ``CONNECT``. Raises :class:`Refusal` (``BRK030``, ``BRK031``, ``BRK010``)."""
    if context.setup.holds(Protection.HOSTS):
        host, port = parse_authority(head.target)
        if head.get("host") not in {"", head.target, host}:
            raise Refusal("BRK036", 421, "the Host header names another host than the tunnel")
    else:
        host, _, number = head.target.partition(":")
        host, port = host.partition("%00")[0], int(number)
    entry.host, entry.port = host, port
    if head.get("content-length") not in {"", "0"} or head.get("transfer-encoding"):
        raise malformed("a tunnel is asked for with a body")
    if not reaches(context.setup.egress, host, port) and context.setup.holds(Protection.GRANTS):
        raise Refusal("BRK031", 403, f"{host}:{port} is not granted to this step", "one of the granted hosts")
    return Tunnel(host, port)


async def serve_tunnel(
    context: Context, tunnel: Tunnel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """TLS with the sandbox, then its requests one by one. Each is one line in the record."""
    named: list[str | None] = []

    def accepts(name: str | None) -> bool:
        named.append(name)
        return name == tunnel.host or not context.setup.holds(Protection.SERVER_NAME)

    tls = context.certificates().server_context(tunnel.host, accepts)
    writer.write(_ESTABLISHED)
    try:
        await writer.start_tls(tls, ssl_handshake_timeout=HANDSHAKE_SECONDS)
    except (ssl.SSLError, ConnectionError, TimeoutError, OSError) as error:
        entry = Entry(method="CONNECT", host=tunnel.host, port=tunnel.port)
        if named and not accepts(named[0]):
            entry.note("BRK036", f"TLS asked for the name {named[0]!r} in a tunnel to {tunnel.host}")
        else:
            entry.note("BRK038", f"no TLS with the sandbox ({type(error).__name__}): it must trust the lease's CA")
        context.ledger.record(entry)
        return
    while await _one(context, tunnel, reader, writer):
        pass


async def _one(context: Context, tunnel: Tunnel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    entry, incoming = Entry(host=tunnel.host, port=tunnel.port), None
    try:
        raw = await read_head(reader)
        if not raw:
            return False
        head = parse_head(raw, strict=context.setup.holds(Protection.FRAMING))
        entry.method, entry.path = head.method, head.target.partition("?")[0]
        incoming = Incoming(reader, writer, raw, head)
        return await _request(context, tunnel, incoming, entry)
    except Refusal as refusal:
        entry.note(refusal.code, refusal.message)
        if incoming is None or not incoming.started:
            entry.status = refusal.status
            writer.write(refusal.raw(None))
            await writer.drain()
        return False
    except OSError:
        entry.note("BRK045", "the sandbox left before the answer was complete")
        return False
    except Exception as error:  # noqa: BLE001  a fault of ours ends this request alone, and is seen
        entry.note("BRK049", f"the broker failed on this request ({type(error).__name__})")
        return False
    finally:
        if entry.method or entry.code:
            context.ledger.record(entry)


def _judge(context: Context, tunnel: Tunnel, head: Head) -> int:
    """How many bytes may still go to and fro with this host. Raises :class:`Refusal`."""
    path, mark, query = head.target.partition("?")
    if not path.startswith("/") or (mark and not _QUERY.fullmatch(query)):
        raise malformed("its target is not a path")
    names = {tunnel.host, f"{tunnel.host}:{tunnel.port}"}
    if head.get("host") not in names and context.setup.holds(Protection.SERVER_NAME):
        raise Refusal("BRK036", 421, f"the Host header names another host than {tunnel.host}")
    allowed = allowance_kib(context.setup.egress, tunnel.host, tunnel.port, head.method, judged_path(path))
    if allowed is None:
        if context.setup.holds(Protection.GRANTS):
            words = f"{head.method} {path} on {tunnel.host} is not granted to this step"
            raise Refusal("BRK032", 403, words, "a granted method and path")
        allowed = 1 << 20
    return context.left(tunnel.host, allowed)


async def _request(context: Context, tunnel: Tunnel, incoming: Incoming, entry: Entry) -> bool:
    head = incoming.head
    left = _judge(context, tunnel, head)
    length = int(head.get("content-length") or 0)
    if head.bytes + length > left:
        raise Refusal("BRK033", 403, f"the bytes granted for {tunnel.host} are used up", "raise max_kib or egress_kib")
    body = await incoming.body()
    entry.bytes_out, entry.request = head.bytes + len(body), sha256(body) if body else None
    if entry.bytes_out > left:
        raise Refusal("BRK033", 403, f"the bytes granted for {tunnel.host} are used up", "raise max_kib or egress_kib")
    secret = [] if context.setup.replay else await _secret_headers(context, tunnel, head.target.partition("?")[0])
    outgoing = _outgoing(head, body, secret)
    if not context.setup.holds(Protection.SERVER_NAME):
        outgoing = replace(outgoing, host=head.get("host"))

    entry.kind = TrafficKind.EGRESS
    context.spend(tunnel.host, entry.bytes_out)
    answer = await context.sender.request(tunnel.origin, context.resolver(), outgoing)
    async with answer:
        return await _Passage(context, tunnel, entry, left).run(answer, incoming)


def _outgoing(head: Head, body: bytes, secret: list[tuple[str, str]]) -> Outgoing:
    """What the sandbox sent without what is between it and the broker, and with the secret instead of its own."""
    connection = {name.strip().lower() for name in head.get("connection").split(",")}
    replaced = {name for name, _ in secret} | ({"accept-encoding"} if secret else set[str]())
    kept = [(n, v) for n, v in head.headers if n not in _HOP and n not in connection and n not in replaced]
    return Outgoing(head.method, head.target, (*kept, *secret), body)


async def _secret_headers(context: Context, tunnel: Tunnel, path: str) -> list[tuple[str, str]]:
    """Of the granted secrets for this host and path. An answer must then come unpacked, so that it can be masked."""
    found: list[tuple[str, str]] = []
    for secret in context.setup.secrets:
        if secret.host == tunnel.host and context.covers(secret.paths, judged_path(path)):
            value = await context.vault.read(secret.source)
            context.masker.learn(value)
            found.append((secret.header.lower(), secret.prefix + value))
    return [*found, ("accept-encoding", "identity")] if found else []


class _Passage:
    """One answer on its way in: counted, masked, digested; ended when its bytes are used up."""

    def __init__(self, context: Context, tunnel: Tunnel, entry: Entry, left: int) -> None:
        self._context, self._tunnel, self._entry, self._left = context, tunnel, entry, left
        self._masked, self._digest = context.masker.stream(), hashlib.sha256()
        self._size = 0

    async def run(self, answer: Reply, incoming: Incoming) -> bool:
        """Whether the connection may go on."""
        entry = self._entry
        entry.status = answer.status
        for code, words in answer.notes:
            entry.note(code, words)
        self._size = sum(len(n) + len(v) + 4 for n, v in answer.headers)
        headers = [(n, v) for n, v in answer.headers if n not in _HOP or n == "content-length"]
        try:
            incoming.start(answer.status, [(n, self._context.masker.text(v)) for n, v in headers])
            while piece := await answer.piece():
                self._afford(len(piece))
                await self._send(incoming, self._masked.feed(piece))
            await self._send(incoming, self._masked.end())
            return await incoming.end()
        except Cut as cut:
            entry.note(cut.code, f"the upstream {cut.words}")
            incoming.break_off()
            return False
        finally:
            if self._masked.masked:
                entry.note("BRK047", "the answer held a secret, which was masked")
            self._context.spend(self._tunnel.host, self._size)
            entry.bytes_in, entry.response = self._size, Digest("sha256:" + self._digest.hexdigest())

    def _afford(self, more: int) -> None:
        self._size += more
        if self._entry.bytes_out + self._size > self._left:
            raise Cut("BRK033", f"passed the bytes granted for {self._tunnel.host}")

    async def _send(self, incoming: Incoming, data: bytes) -> None:
        if data:
            self._digest.update(data)
            await incoming.send(data)
