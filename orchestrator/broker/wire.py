"""HTTP/1.1 as the sandbox speaks it, read strictly (RFC 9112): whatever two readers could take differently is refused.

The socket's other side is hostile. Heads are bounded in bytes, count and time; names and values are plain
ASCII; a message has one framing. What is read is written anew for the upstream, so nothing is passed on raw.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

import h11

from orchestrator.broker.refusal import Refusal

MAX_HEAD_BYTES = 64 * 1024
MAX_HEADERS = 100
MAX_BODY_BYTES = 32 * 1024 * 1024
HEAD_SECONDS = 15.0
BODY_SECONDS = 60.0
_READ_BYTES = 256 * 1024
_METHOD = re.compile(rb"[A-Z]{3,10}")
_TARGET = re.compile(rb"[\x21-\x7e]{1,16384}")
_NAME = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")
_LENGTH = re.compile(rb"[0-9]{1,15}")
_SINGLE = (b"host", b"content-length", b"transfer-encoding", b"content-type", b"authorization", b"proxy-authorization")


@dataclass(frozen=True, slots=True)
class Head:
    """A request's line and headers; names are lower-case, in the order in which they came."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    bytes: int

    def get(self, name: str) -> str:
        """The value of a header, '' without one."""
        return next((value for key, value in self.headers if key == name), "")


def malformed(what: str) -> Refusal:
    """A request that no reader should have to guess about."""
    return Refusal("BRK010", 400, f"the request is malformed: {what}")


async def read_head(reader: asyncio.StreamReader, seconds: float = HEAD_SECONDS) -> bytes:
    """Up to and with the empty line; ``b''`` when the client left without a word."""
    began = False
    try:
        async with asyncio.timeout(seconds):
            first = await reader.readexactly(1)
            began = True
            head = first + await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as ended:
        if began or ended.partial:
            raise malformed("it ends within its head") from None
        return b""
    except asyncio.LimitOverrunError:
        raise _too_large() from None
    except TimeoutError:
        if began:
            raise Refusal("BRK013", 408, f"the request's head did not come within {seconds:g} s") from None
        return b""
    if len(head) > MAX_HEAD_BYTES:
        raise _too_large()
    return head


def _too_large() -> Refusal:
    return Refusal("BRK011", 431, f"the request's head is larger than {MAX_HEAD_BYTES} bytes")


def parse_head(raw: bytes, *, strict: bool = True) -> Head:
    """Raises :class:`Refusal`. ``strict`` off takes ambiguous framing, for the test that shows why it is refused."""
    first, *lines = raw[:-4].split(b"\r\n")
    words = first.split(b" ")
    if len(words) != 3 or words[2] not in {b"HTTP/1.1", b"HTTP/1.0"}:  # noqa: PLR2004  method, target, version
        raise malformed("its first line is not METHOD TARGET HTTP/1.1")
    if not _METHOD.fullmatch(words[0]) or not _TARGET.fullmatch(words[1]):
        raise malformed("its method or target has characters that do not belong there")
    if len(lines) > MAX_HEADERS:
        raise Refusal("BRK011", 431, f"the request has more than {MAX_HEADERS} headers")
    headers = tuple(_header(line) for line in lines)
    if strict:
        _check_framing(words[2], headers)
    told = tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in headers)
    return Head(words[0].decode("ascii"), words[1].decode("ascii"), told, len(raw))


def _header(line: bytes) -> tuple[bytes, bytes]:
    name, colon, value = line.partition(b":")
    if not colon or not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise malformed("a header is not NAME: VALUE in plain characters")
    return name.lower(), value.strip(b" \t")


def _check_framing(version: bytes, headers: tuple[tuple[bytes, bytes], ...]) -> None:
    names = [name for name, _ in headers]
    if any(names.count(name) > 1 for name in _SINGLE):
        raise Refusal("BRK014", 400, "a header that may come once came twice")
    values = dict(headers)
    coding, length = values.get(b"transfer-encoding"), values.get(b"content-length")
    if coding is not None and (coding.lower() != b"chunked" or length is not None or version != b"HTTP/1.1"):
        raise Refusal("BRK014", 400, "the request's length is said in two ways, or in one that is not known")
    if length is not None and not _LENGTH.fullmatch(length):
        raise Refusal("BRK014", 400, "content-length is not a number")
    if version == b"HTTP/1.1" and b"host" not in values:
        raise malformed("it has no Host")


class Incoming:
    """One request on a connection, and the answer to it. h11 keeps the books of the protocol."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, raw: bytes, head: Head) -> None:
        self._reader, self._writer = reader, writer
        self.head = head
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        self.started = False
        self._pending = b""
        try:
            self._h11.receive_data(raw)
            self._h11.next_event()
        except h11.RemoteProtocolError as error:
            raise malformed(str(error)) from None

    async def body(self, cap: int = MAX_BODY_BYTES) -> bytes:
        """The whole body. Raises :class:`Refusal`: ``BRK012`` too large, ``BRK013`` too slow, ``BRK010`` cut."""
        if self._h11.they_are_waiting_for_100_continue:
            self._write(self._h11.send(h11.InformationalResponse(status_code=100, headers=[])))
        whole = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                while True:
                    event = self._h11.next_event()
                    if event is h11.NEED_DATA:
                        self._h11.receive_data(await self._reader.read(_READ_BYTES))
                    elif isinstance(event, h11.Data):
                        whole += event.data
                        if len(whole) > cap:
                            raise Refusal("BRK012", 413, f"the request's body is larger than {cap >> 20} MiB")
                    else:
                        return bytes(whole)
        except TimeoutError:
            raise Refusal("BRK013", 408, f"the request's body did not come within {BODY_SECONDS:g} s") from None
        except h11.RemoteProtocolError as error:
            raise malformed(str(error)) from None

    def start(self, status: int, headers: list[tuple[str, str]]) -> None:
        """The answer's head. Without content-length the body is chunked, or in HTTP/1.0 ends with the connection.

        Raises :class:`Refusal` (``BRK042``) for a head that cannot be written.
        """
        try:
            head = self._h11.send(h11.Response(status_code=status, headers=headers))
        except h11.LocalProtocolError as error:
            raise Refusal("BRK042", 502, f"the upstream's head cannot be passed on: {error}") from None
        self.started = True
        # with the first piece when that lies ready, else by itself as soon as the loop turns
        self._pending = head or b""
        asyncio.get_running_loop().call_soon(self._write, b"")

    async def send(self, data: bytes) -> None:
        """A piece of the body, at once."""
        self._write(self._h11.send(h11.Data(data=data)))
        await self._writer.drain()

    async def end(self) -> bool:
        """The answer is complete; whether another request may follow on this connection."""
        self._write(self._h11.send(h11.EndOfMessage()))
        await self._writer.drain()
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE and not self._h11.trailing_data[0]

    def break_off(self) -> None:
        """The answer ends before it is whole. Its head leaves, so that the agent sees a cut and not silence."""
        self._write(b"")

    async def answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> bool:
        """A whole answer."""
        self.start(status, [*headers, ("content-length", str(len(body)))])
        if self.head.method != "HEAD":
            await self.send(body)
        return await self.end()

    def _write(self, data: bytes | None) -> None:
        whole = self._pending + (data or b"")
        self._pending = b""
        if whole and not self._writer.is_closing():
            self._writer.write(whole)
