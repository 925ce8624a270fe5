"""A connection from the sandbox: who it is, what it asks, and the refusal when there is one."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import hmac
from dataclasses import replace

from orchestrator.broker.context import Context
from orchestrator.broker.egress import Tunnel, open_tunnel, serve_tunnel
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
        """One request; whether another may follow."""
        entry, incoming = Entry(), None
        tunnel: Tunnel | None = None
        try:
            raw = await read_head(reader)
            if not raw:
                return False
            head = parse_head(raw, strict=self._context.setup.holds(Protection.FRAMING))
            entry.method, entry.path = head.method, head.target.partition("?")[0]
            self._check_token(head)
            if head.method == "CONNECT":
                tunnel = await open_tunnel(self._context, head, entry)
            else:
                incoming = Incoming(reader, writer, raw, self._own(head))
                return await relay(self._context, incoming, entry)
        except Refusal as refusal:
            entry.status = refusal.status
            entry.note(refusal.code, refusal.message)
            return await self._refuse(writer, incoming, refusal)
        except OSError:
            entry.note("BRK045", "the sandbox left before the answer was complete")
            return False
        except Exception as error:  # noqa: BLE001  a fault of ours ends this request alone, and is seen
            entry.note("BRK049", f"the broker failed on this request ({type(error).__name__})")
            return False
        finally:
            if tunnel is None and (entry.method or entry.code):
                self._context.ledger.record(entry)
        if tunnel is not None:
            await serve_tunnel(self._context, tunnel, reader, writer)
        return False

    def _own(self, head: Head) -> Head:
        """A request to the broker itself; programs with proxy settings send theirs in absolute form."""
        if head.target.startswith(f"http://{RELAY}/"):
            head = replace(head, target=head.target.removeprefix(f"http://{RELAY}"))
        elif not head.target.startswith("/"):
            words = "plain http is not relayed" if head.target.startswith("http:") else "the target is no path"
            raise Refusal("BRK037", 403, words, "https through this proxy, to a granted host")
        if head.get("host") != RELAY and self._context.setup.holds(Protection.HOSTS):
            raise Refusal("BRK036", 421, "the Host header is not the relay's", f"http://{RELAY}/")
        return head

    def _check_token(self, head: Head) -> None:
        if self._context.setup.holds(Protection.TOKEN):
            given = [token for token in _tokens(head) if token]
            expected = self._context.setup.token
            if not any(hmac.compare_digest(token.encode(), expected.encode()) for token in given):
                status = 401 if head.target.startswith("/") else 407
                raise Refusal("BRK016", status, "the token of this step's lease is missing or wrong")

    async def _refuse(self, writer: asyncio.StreamWriter, incoming: Incoming | None, refusal: Refusal) -> bool:
        """Tell why, and hang up: what is left unread of the request is nobody's."""
        if incoming is not None and incoming.started:
            return False
        target = incoming.head.target if incoming is not None else ""
        with contextlib.suppress(OSError):
            writer.write(refusal.raw(protocol_of(target)))
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
