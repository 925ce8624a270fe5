"""A connection from the sandbox: who it is, what it asks, and the refusal when there is one."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hmac

from orchestrator.broker.context import Context
from orchestrator.broker.ledger import Entry
from orchestrator.broker.refusal import Refusal
from orchestrator.broker.relaying import relay
from orchestrator.broker.routes import protocol_of
from orchestrator.broker.setup import RELAY, Protection
from orchestrator.broker.wire import Head, Incoming, parse_head, read_head

MAX_CONNECTIONS = 64


class Server:
    """Serves the socket. Answers nothing without the lease's token."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._open: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
        try:
            if len(self._open) > MAX_CONNECTIONS:
                await self._refuse_raw(writer, Refusal("BRK015", 503, "too many connections at once"), Entry())
            else:
                while await self._one(reader, writer):
                    pass
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            if task is not None:
                self._open.discard(task)
            writer.close()

    def close(self) -> None:
        """End every connection."""
        for task in tuple(self._open):
            task.cancel()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        entry, incoming = Entry(), None
        try:
            raw = await read_head(reader)
            if not raw:
                return False
            head = parse_head(raw, strict=self._context.setup.holds(Protection.FRAMING))
            entry.method, entry.path = head.method, head.target.partition("?")[0]
            incoming = Incoming(reader, writer, raw, head)
            self._check_token(head)
            return await self._served(incoming, entry)
        except Refusal as refusal:
            entry.status = refusal.status
            entry.note(refusal.code, refusal.message)
            return await self._refuse(writer, incoming, refusal)
        except OSError:
            entry.note("BRK045", "the sandbox left before the answer was complete")
            raise
        finally:
            if entry.method or entry.code:
                self._context.ledger.record(entry)

    async def _served(self, incoming: Incoming, entry: Entry) -> bool:
        head = incoming.head
        if head.target.startswith("/"):
            if head.get("host") != RELAY and self._context.setup.holds(Protection.HOSTS):
                raise Refusal("BRK036", 421, "the Host header is not the relay's", f"http://{RELAY}/")
            return await relay(self._context, incoming, entry)
        raise Refusal("BRK031", 403, "no host is granted to this step")

    def _check_token(self, head: Head) -> None:
        if self._context.setup.holds(Protection.TOKEN):
            given = [token for token in _tokens(head) if token]
            expected = self._context.setup.token
            if not any(hmac.compare_digest(token.encode(), expected.encode()) for token in given):
                raise Refusal("BRK016", 401, "the token of this step's lease is missing or wrong")

    async def _refuse(self, writer: asyncio.StreamWriter, incoming: Incoming | None, refusal: Refusal) -> bool:
        """Tell why, and hang up: what is left unread of the request is nobody's."""
        if incoming is not None and incoming.started:
            return False
        target = incoming.head.target if incoming is not None else ""
        body = refusal.body(protocol_of(target))
        lines = [f"HTTP/1.1 {refusal.status} Refused", f"content-length: {len(body)}", "connection: close"]
        lines += [f"{name}: {value}" for name, value in refusal.headers()]
        with contextlib.suppress(OSError):
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()
        return False

    async def _refuse_raw(self, writer: asyncio.StreamWriter, refusal: Refusal, entry: Entry) -> None:
        entry.status = refusal.status
        entry.note(refusal.code, refusal.message)
        self._context.ledger.record(entry)
        await self._refuse(writer, None, refusal)


def _tokens(head: Head) -> list[str]:
    """Wherever clients put a key: four headers, and Gemini's query."""
    query = head.target.partition("?")[2]
    return [
        head.get("x-api-key"),
        head.get("x-goog-api-key"),
        head.get("authorization").removeprefix("Bearer "),
        *(pair.removeprefix("key=") for pair in query.split("&") if pair.startswith("key=")),
        _basic(head.get("proxy-authorization")),
    ]


def _basic(value: str) -> str:
    """The password of ``Basic …``."""
    try:
        told = base64.b64decode(value.removeprefix("Basic "), validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return told.partition(":")[2]
