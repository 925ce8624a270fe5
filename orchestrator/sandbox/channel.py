"""Framed messages over an engine's attached stdin and stdout. Everything that is read is hostile.

The engine multiplexes with an 8-byte header (stream, three zeros, length u32);
inside stdout the supervisor's frames are ``<kind c> <length u32>`` and payload.
Frames, what is kept of stderr, and every wait are bounded. Once a key is agreed
on, each command and each frame carries a tag (keyed BLAKE2b over a counter and
the data): some kernels let the agent open PID 1's pipes, and what it writes
there has none.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import secrets
import select
import socket
import struct
import time
from collections.abc import Iterable
from typing import Protocol

from orchestrator.errors import SandboxUnavailable

FRAME = struct.Struct(">cI")
MAX_FRAME_BYTES = 128 * 1024
_MUX = struct.Struct(">BxxxI")
_MAX_MUX_BYTES = 1024 * 1024
_STDOUT, _STDERR = 1, 2
_RECEIVE_BYTES = 256 * 1024
_SEND_BYTES = 256 * 1024
_STDERR_BYTES = 2048
_TAG_BYTES = 16
_COUNTER = struct.Struct(">Q")


class _Tags:
    """Of one direction, as the programs inside make them."""

    def __init__(self, key: bytes, direction: bytes) -> None:
        self._key, self._direction, self._count = key, direction, 0

    def next(self, data: bytes | bytearray) -> bytes:
        tag = hashlib.blake2b(_COUNTER.pack(self._count), key=self._key, person=self._direction, digest_size=_TAG_BYTES)
        tag.update(data)
        self._count += 1
        return tag.digest()


class _Closable(Protocol):
    def close(self) -> None: ...


class Channel:
    """One attached process. Methods take ``deadline`` on ``time.monotonic``'s clock.

    Raises ``SandboxUnavailable``: ``SBX006`` it ended, ``SBX007`` no answer in
    time, ``SBX008`` not our protocol. After any of them the channel is unusable.
    """

    def __init__(self, connection: socket.socket, owner: _Closable) -> None:
        self._socket, self._owner = connection, owner
        self._raw = bytearray()
        self._out = bytearray()
        self._errors = bytearray()
        self._stream, self._left = 0, 0
        self._ours: _Tags | None = None
        self._theirs: _Tags | None = None
        self._greeted = True

    def agree(self, deadline: float) -> None:
        """Tag everything from now on. Before any command of the agent's has run, so that the key is ours alone.

        Does not wait: the answer is the first thing that :meth:`receive` takes.
        """
        key = secrets.token_bytes(32)
        self.send([b"A", key], deadline)
        self._ours, self._theirs, self._greeted = _Tags(key, b"in"), _Tags(key, b"out"), False

    def greet(self, deadline: float) -> None:
        """Wait for the answer to :meth:`agree` now."""
        if not self._greeted:
            self._greeted = True
            if self.receive(deadline) != (b"K", b""):
                raise self._broken("did not agree on a key")

    def command(self, kind: bytes, pieces: Iterable[bytes], deadline: float) -> None:
        """Send a command and what belongs to it."""
        tag = self._ours.next(kind) if self._ours else b""
        self.send(itertools.chain([kind + tag], pieces), deadline)

    def send(self, pieces: Iterable[bytes], deadline: float) -> None:
        """Write all pieces, gathered into larger writes."""
        batch = bytearray()
        for piece in pieces:
            batch += piece
            if len(batch) >= _SEND_BYTES:
                self._send(batch, deadline)
                batch = bytearray()
        self._send(batch, deadline)

    def receive(self, deadline: float) -> tuple[bytes, bytes]:
        """The next frame: kind and payload."""
        self.greet(deadline)
        while True:
            if len(self._out) >= FRAME.size:
                kind, length = FRAME.unpack_from(self._out)
                if length > MAX_FRAME_BYTES:
                    raise self._broken(f"announced a frame of {length} bytes")
                end = FRAME.size + length
                whole = end + (_TAG_BYTES if self._theirs else 0)
                if len(self._out) >= whole:
                    payload = bytes(self._out[FRAME.size : end])
                    if self._theirs and self._theirs.next(self._out[:end]) != bytes(self._out[end:whole]):
                        raise self._broken("is not who wrote this answer")
                    del self._out[:whole]
                    return kind, payload
            self._more(deadline)

    def ready(self, seconds: float) -> bool:
        """Whether :meth:`receive` has something to look at, waiting that long for it. An end counts."""
        return bool(self._out) or bool(select.select([self._socket], [], [], seconds)[0])

    def is_quiet(self) -> bool:
        """Whether there is nothing to read, not even the end."""
        return not self._out and not self._raw and not select.select([self._socket], [], [], 0)[0]

    def close(self) -> None:
        """Hang up. The process sees its stdin end; a thread that waits here gets ``SandboxUnavailable``."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._owner.close()

    def _send(self, data: bytes | bytearray, deadline: float) -> None:
        try:
            self._socket.settimeout(self._remaining(deadline))
            self._socket.sendall(data)
        except TimeoutError:
            raise _late() from None
        except OSError as error:
            raise self._ended() from error

    def _more(self, deadline: float) -> None:
        try:
            self._socket.settimeout(self._remaining(deadline))
            data = self._socket.recv(_RECEIVE_BYTES)
        except TimeoutError:
            raise _late() from None
        except OSError as error:
            raise self._ended() from error
        if not data:
            raise self._ended()
        self._raw += data
        while self._raw and self._demultiplex():
            pass

    def _demultiplex(self) -> bool:
        if self._left == 0:
            if len(self._raw) < _MUX.size:
                return False
            self._stream, self._left = _MUX.unpack_from(self._raw)
            del self._raw[: _MUX.size]
            if self._stream not in {_STDOUT, _STDERR} or self._left > _MAX_MUX_BYTES:
                raise self._broken("sent an unknown stream")
        data = self._raw[: self._left]
        del self._raw[: self._left]
        self._left -= len(data)
        if self._stream == _STDOUT:
            self._out += data
        elif len(self._errors) < _STDERR_BYTES:
            self._errors += data[:_STDERR_BYTES]
        return True

    def _remaining(self, deadline: float) -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise _late()
        return left

    def _ended(self) -> SandboxUnavailable:
        words = self._errors.decode("utf-8", "replace").strip().splitlines()
        return SandboxUnavailable(
            "SBX006",
            "the sandbox ended before its work was done",
            "look for memory pressure on this machine, then `handrail sandbox selftest`",
            [line for line in words if line.isprintable()],
        )

    def _broken(self, what: str) -> SandboxUnavailable:
        return SandboxUnavailable("SBX008", f"the sandbox's supervisor {what}", "do not trust this image: rebuild it")


def _late() -> SandboxUnavailable:
    return SandboxUnavailable(
        "SBX007", "the sandbox did not answer in time", "try again; if it stays so, restart the container engine"
    )
