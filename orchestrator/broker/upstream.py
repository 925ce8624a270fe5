"""Requests to upstreams over pinned addresses: HTTP/1.1, verified TLS with the name that was granted.

httptools parses answers in C, strictly. Bodies come in the pieces in which the upstream sent them, joined
only where several lay ready. Idle connections are kept a few seconds for the next request to the same origin.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Self

import httptools

from orchestrator.broker.refusal import Refusal

CONNECT_SECONDS = 15.0
SILENCE_SECONDS = 600.0
_IDLE_SECONDS = 4.0
_FINAL = 200
"""Answers below are interim."""
_READ_BYTES = 256 * 1024
_MAX_HEAD_BYTES = 256 * 1024

Resolve = Callable[[str, int], Awaitable[str]]


class Cut(Exception):
    """The upstream ended or broke off within an answer; ``code`` and words say how."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code, self.words = code, words


@dataclass(frozen=True, slots=True)
class Origin:
    """Where requests go; ``private`` as in :class:`~orchestrator.models.endpoint.Endpoint`."""

    host: str
    port: int
    tls: bool = True
    private: bool = False

    @property
    def authority(self) -> str:
        """As in a Host header."""
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.tls else 80) else f"{name}:{self.port}"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request. ``headers`` are without Host and content-length, which are written by this module."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""
    host: str = ""
    """In place of the origin's own name, for the test that shows why there is no such thing."""

    def with_headers(self, more: Iterable[tuple[str, str]]) -> Outgoing:
        """The same with further headers."""
        return replace(self, headers=(*self.headers, *more))

    def serialised(self, origin: Origin) -> bytes:
        """As it goes over the wire. Raises :class:`Refusal` (``BRK010``) for a line break in a header."""
        lines = [f"{self.method} {self.target} HTTP/1.1", f"Host: {self.host or origin.authority}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body or self.method not in {"GET", "HEAD", "DELETE"}:
            lines.append(f"content-length: {len(self.body)}")
        if any(c in line for line in lines for c in "\r\n\0"):
            raise Refusal("BRK010", 400, "a header has a line break in it")
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + self.body


class _Reading:
    """What the parser calls."""

    def __init__(self) -> None:
        self.headers: list[tuple[str, str]] = []
        self.pieces: list[bytes] = []
        self.headed = self.complete = self.extra = self.lasts = False
        self.head_bytes = self.status = 0
        self.parser = httptools.HttpResponseParser(self)

    def on_message_begin(self) -> None:
        """A second answer to one request is nobody's."""
        self.extra |= self.complete

    def on_header(self, name: bytes, value: bytes) -> None:
        self.head_bytes += len(name) + len(value)
        self.headers.append((name.decode("latin-1").lower(), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()
        self.headed = self.status >= _FINAL
        if not self.headed:
            self.headers.clear()

    def on_body(self, body: bytes) -> None:
        self.pieces.append(body)

    def on_message_complete(self) -> None:
        # the parser forgets it with the message
        self.lasts = self.parser.should_keep_alive()
        self.complete |= self.headed


class Answer:
    """A response whose head has come. Use as a context: leaving it gives the connection back or closes it."""

    def __init__(
        self, pool: Upstreams, origin: Origin, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        self._pool, self._origin = pool, origin
        self._reader, self._writer = streams
        self._seen = _Reading()
        self._parser = self._seen.parser
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.notes: list[tuple[str, str]] = []
        self._loop = asyncio.get_running_loop()
        self._waiting_since = 0.0
        self._silent = False
        self._watch = self._loop.call_later(SILENCE_SECONDS, self._look)

    async def head(self, *, bodiless: bool) -> Self:
        """Read up to the end of the head, past interim answers."""
        try:
            while not self._seen.headed:
                await self._more()
        except Cut as cut:
            raise Refusal(cut.code, 504 if cut.code == "BRK044" else 502, f"the upstream {cut.words}") from None
        self.status, self.headers = self._seen.status, self._seen.headers
        self._seen.complete |= bodiless
        return self

    def get(self, name: str) -> str:
        """A header's value, '' without one."""
        return next((value for key, value in self.headers if key == name), "")

    async def piece(self) -> bytes:
        """What of the body is ready, at least a byte; ``b""`` at its end.

        Raises :class:`Cut`: ``BRK043`` ended early, ``BRK042`` not HTTP, ``BRK044`` silent too long.
        """
        while not self._seen.pieces:
            if self._seen.complete:
                return b""
            await self._more()
        ready = self._seen.pieces
        data = ready[0] if len(ready) == 1 else b"".join(ready)
        ready.clear()
        return data

    async def whole(self, cap: int) -> bytes:
        """The body at once. Raises :class:`Cut` as :meth:`piece`, and for one above ``cap`` bytes."""
        data = bytearray()
        while piece := await self.piece():
            data += piece
            if len(data) > cap:
                raise Cut("BRK046", f"answered more than {cap} bytes")
        return bytes(data)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._watch.cancel()
        seen = self._seen
        reusable = seen.complete and seen.lasts and not seen.extra and not seen.pieces
        if reusable and not self._reader.at_eof():
            self._pool.keep(self._origin, (self._reader, self._writer))
        else:
            self._writer.close()

    def _look(self) -> None:
        """A timer for each answer, not for each read: reads are many."""
        since = self._waiting_since or self._loop.time()
        left = since + SILENCE_SECONDS - self._loop.time()
        if left <= 0:
            self._silent = True
            self._writer.transport.abort()
        else:
            self._watch = self._loop.call_later(left, self._look)

    def _silence(self) -> Cut | None:
        return Cut("BRK044", f"was silent for {SILENCE_SECONDS:g} s") if self._silent else None

    async def _more(self) -> None:
        self._waiting_since = self._loop.time()
        try:
            data = await self._reader.read(_READ_BYTES)
        except OSError as error:
            raise self._silence() or Cut("BRK043", f"broke the connection ({type(error).__name__})") from None
        finally:
            self._waiting_since = 0.0
        try:
            if not data:
                self._ended()
                return
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            raise Cut("BRK042", f"does not speak HTTP: {error}") from None
        if self._seen.head_bytes > _MAX_HEAD_BYTES:
            raise Cut("BRK042", "sent a head that is too large")

    def _ended(self) -> None:
        """Only an answer without a length may end with its connection (RFC 9112, 6.3)."""
        silence = self._silence()
        if silence is not None:
            raise silence
        names = {name for name, _ in self._seen.headers}
        if not self._seen.headed or names & {"content-length", "transfer-encoding"}:
            raise Cut("BRK043", "ended the connection within its answer")
        self._seen.complete = True


class Upstreams:
    """Connections of one lease. ``resolve`` gives the pinned address of a name, or refuses.

    The authorities are read with the first upstream that speaks TLS: it takes a tenth of a second.
    """

    def __init__(self, trust: str = "") -> None:
        self._trust = trust
        self._tls: ssl.SSLContext | None = None
        self._idle: dict[Origin, list[tuple[float, tuple[asyncio.StreamReader, asyncio.StreamWriter]]]] = {}

    async def request(self, origin: Origin, resolve: Resolve, outgoing: Outgoing) -> Answer:
        """Send it and wait for the answer's head. Raises :class:`Refusal` (``BRK041`` not reachable, and others)."""
        streams = self._reused(origin) or await self._connect(origin, resolve)
        answer = Answer(self, origin, streams)
        try:
            streams[1].write(outgoing.serialised(origin))
            await streams[1].drain()
            return await answer.head(bodiless=outgoing.method == "HEAD")
        except OSError as error:
            streams[1].close()
            raise Refusal("BRK041", 502, f"{origin.host} broke the connection ({type(error).__name__})") from None
        except BaseException:
            streams[1].close()
            raise

    def keep(self, origin: Origin, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        """For the next request within a few seconds."""
        self._idle.setdefault(origin, []).append((time.monotonic(), streams))

    def close(self) -> None:
        """Drop idle connections."""
        for kept in self._idle.values():
            for _, (_, writer) in kept:
                writer.close()
        self._idle.clear()

    def _reused(self, origin: Origin) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        kept = self._idle.get(origin, [])
        while kept:
            since, streams = kept.pop()
            if time.monotonic() - since < _IDLE_SECONDS and not streams[0].at_eof() and not streams[1].is_closing():
                return streams
            streams[1].close()
        return None

    async def _connect(self, origin: Origin, resolve: Resolve) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = await resolve(origin.host, origin.port)
        if origin.tls and self._tls is None:
            self._tls = tls_context(self._trust)
        tls = {"ssl": self._tls, "server_hostname": origin.host} if origin.tls else {}
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await asyncio.open_connection(address, origin.port, limit=_READ_BYTES, **tls)  # type: ignore[arg-type]
        except ssl.SSLError as error:
            words = f"{origin.host} has no certificate that is trusted here ({error.reason})"
            raise Refusal("BRK041", 502, words) from None
        except (OSError, TimeoutError) as error:
            raise Refusal("BRK041", 502, f"{origin.host} cannot be reached ({type(error).__name__})") from None


def tls_context(trust: str = "") -> ssl.SSLContext:
    """The system's authorities and those of one more PEM file; TLS 1.2 or newer, names checked."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if trust:
        context.load_verify_locations(cadata=trust)
    return context
