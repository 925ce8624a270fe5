"""The broker's process, one for each lease: a socket for the sandbox, a pipe to the parent, and its end with the pipe.

On stdin: a line with the :class:`~orchestrator.broker.setup.Setup`, then ``{"reserved": [n, bool]}`` and
``{"close": true}``. On stdout: ``ready``, ``exchange``, ``reserve``, ``exhausted``, ``closed`` or ``failed``.

In a container (``machine`` is set) it also asks for keys by ``{"ask": [n, what, of]}``, told ``{"answer": [n, bool,
words]}``, takes a recording to replay as the second line, and gives one that it made in pieces of ``cassette``.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import gc
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestrator.broker.budget import Purse
from orchestrator.broker.cassette import Recorder, Replayer, Sender, load
from orchestrator.broker.connection import Server
from orchestrator.broker.context import Context
from orchestrator.broker.ledger import Entry, Ledger
from orchestrator.broker.refusal import Refusal
from orchestrator.broker.secrets import Masker
from orchestrator.broker.setup import CA_FILE, CASSETTE, LOCK, REPLAY, SOCKET, SOCKET_FOLDER, Protection, Setup
from orchestrator.broker.upstream import Upstreams
from orchestrator.broker.vault import AskedVault, LocalVault
from orchestrator.models.traffic import TrafficKind

_LINE_BYTES = 64 * 1024 * 1024
_BACKLOG = 64
_PIECE = 256 * 1024
_LATER_SECONDS = 0.05
_HEAD_BUFFER = 256 * 1024


class Parent:
    """The pipes."""

    def __init__(self, reader: asyncio.StreamReader, out: asyncio.WriteTransport) -> None:
        self._reader, self._out = reader, out
        self._asked: dict[int, asyncio.Future[bool]] = {}
        self._questions: dict[int, asyncio.Future[tuple[bool, str]]] = {}
        self._count = 0
        self._later: list[Callable[[], dict[str, Any]]] = []

    async def line(self) -> dict[str, Any] | None:
        """The next message, ``None`` when the parent is gone."""
        raw = await self._reader.readline()
        return json.loads(raw) if raw.endswith(b"\n") else None

    def tell(self, message: dict[str, Any]) -> None:
        """Never waits: the pipe's transport keeps what does not fit."""
        lines = [*self._kept(), message]
        self._out.write(b"".join(json.dumps(line).encode() + b"\n" for line in lines))

    def tell_later(self, make: Callable[[], dict[str, Any]]) -> None:
        """Within ``_LATER_SECONDS``, with others: made and told at once it would cost the next request time."""
        if not self._later:
            asyncio.get_running_loop().call_later(_LATER_SECONDS, self._tell_kept)
        self._later.append(make)

    def _tell_kept(self) -> None:
        kept = self._kept()
        if kept:
            self._out.write(b"".join(json.dumps(line).encode() + b"\n" for line in kept))

    def _kept(self) -> list[dict[str, Any]]:
        makers, self._later = self._later, []
        return [make() for make in makers]

    async def reserve(self, tokens: int, cost_usd: float) -> bool:
        """Whether the parent could set the amount aside."""
        self._count += 1
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._asked[self._count] = answer
        self.tell({"reserve": [self._count, tokens, cost_usd]})
        return await answer

    async def ask(self, what: str, of: object) -> tuple[bool, str]:
        """A question to the custodian of keys."""
        self._count += 1
        answer: asyncio.Future[tuple[bool, str]] = asyncio.get_running_loop().create_future()
        self._questions[self._count] = answer
        self.tell({"ask": [self._count, what, of]})
        return await answer

    async def listen(self) -> bool:
        """Until it says close (``True``) or is gone."""
        while (message := await self.line()) is not None:
            if "reserved" in message:
                number, held = message["reserved"]
                _settle(self._asked.pop(number), bool(held))
            if "answer" in message:
                number, could, words = message["answer"]
                _settle(self._questions.pop(number), (bool(could), str(words)))
            if "close" in message:
                return True
        return False

    async def flush(self) -> None:
        """Wait until everything was taken."""
        self._out.set_write_buffer_limits(high=0)
        while self._out.get_write_buffer_size():  # noqa: ASYNC110  a transport tells nobody when it is empty
            await asyncio.sleep(0.001)


def _settle(answer: asyncio.Future[Any], value: object) -> None:
    """Whoever asked may have gone meanwhile."""
    if not answer.done():
        answer.set_result(value)


async def _pipes() -> Parent:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_LINE_BYTES)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(0, "rb", buffering=0))
    out, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(os.dup(1), "wb", buffering=0))
    return Parent(reader, out)


async def serve() -> None:
    """The whole life of a lease."""
    parent = await _pipes()
    told = await parent.line()
    if told is None:
        return
    setup = Setup.model_validate(told)
    directory = Path(setup.directory)
    if setup.machine and setup.replay:
        carried = await parent.line()
        (directory / REPLAY).write_text((carried or {}).get("recording", ""), encoding="utf-8")
    lock = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        await _lease(parent, setup, directory)
    finally:
        os.close(lock)


async def _lease(parent: Parent, setup: Setup, directory: Path) -> None:
    masker = Masker(answers=setup.holds(Protection.MASKING))
    masker.learn(setup.token)
    purse = Purse(setup.tokens, setup.cost_usd, parent.reserve, lambda why: parent.tell({"exhausted": why}))
    ledger = Ledger(parent.tell_later, masker.text)
    upstreams = Upstreams(setup.trust)
    sender: Sender = upstreams
    if setup.replay:
        sender = Replayer(load((directory / REPLAY).read_bytes()), setup.drift, masker)
    if setup.record:
        sender = Recorder(sender, directory / CASSETTE, masker)
    vault = AskedVault(parent.ask) if setup.machine else LocalVault()
    context = Context(setup, upstreams, sender, purse, ledger, masker, vault)
    if setup.egress:
        from orchestrator.broker.certificates import Authority  # noqa: PLC0415  slow to load, and often not needed

        context.authority = Authority(directory)
        (directory / SOCKET_FOLDER / CA_FILE).write_bytes(context.authority.pem())
        (directory / SOCKET_FOLDER / CA_FILE).chmod(0o644)
    server = Server(context)
    path = directory / SOCKET_FOLDER / SOCKET
    listening = await asyncio.start_unix_server(server.connected, path, limit=_HEAD_BUFFER, backlog=_BACKLOG)
    path.chmod(0o666)
    gc.freeze()  # what was loaded stays, and need not be looked at again
    parent.tell({"ready": True})
    asked = await parent.listen()
    listening.close()
    server.close()
    await asyncio.sleep(0)
    context.upstreams.close()
    if isinstance(sender, Replayer) and sender.left:
        entry = Entry(kind=TrafficKind.MODEL)
        entry.note("BRK053", f"{sender.left} recorded exchanges were not asked for")
        ledger.record(entry)
    if asked:
        if setup.machine and setup.record:
            _carry(parent, directory / CASSETTE)
        tokens, cost = purse.spent
        closed = {
            "usage": ledger.usage().model_dump(mode="json"),
            "models": ledger.models,
            "dropped": ledger.dropped,
            "spent": [tokens, cost],
            "exhausted": purse.exhausted,
        }
        parent.tell({"closed": closed})
        await parent.flush()
    else:
        shutil.rmtree(directory, ignore_errors=True)


def _carry(parent: Parent, cassette: Path) -> None:
    """A recording, in lines that no reader finds too long."""
    text = cassette.read_text(encoding="utf-8")
    for start in range(0, len(text), _PIECE):
        parent.tell({"cassette": text[start : start + _PIECE]})


def main() -> None:
    """Ends at once when the parent is gone; threads that still read a key do not keep it."""
    try:
        asyncio.run(serve())
    except Refusal as refusal:
        _fail(refusal.code, refusal.message)
    except Exception as error:  # noqa: BLE001  the parent is told whatever it was
        _fail("BRK001", f"{type(error).__name__}: {error}"[:500])
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(0)


def _fail(code: str, words: str) -> None:
    with contextlib.suppress(OSError):
        os.write(1, json.dumps({"failed": [code, words]}).encode() + b"\n")
