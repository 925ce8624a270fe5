"""Framed messages over an engine's attached stdin and stdout. Everything that is read is hostile.

The engine multiplexes with an 8-byte header (stream, three zeros, length u32);
inside stdout the supervisor's frames are ``<kind c> <length u32>`` and payload.
Frames, what is kept of stderr, and every wait are bounded.
"""

from __future__ import annotations

import contextlib
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
        while True:
            if len(self._out) >= FRAME.size:
                kind, length = FRAME.unpack_from(self._out)
                if length > MAX_FRAME_BYTES:
                    raise self._broken(f"announced a frame of {length} bytes")
                end = FRAME.size + length
                if len(self._out) >= end:
                    payload = bytes(self._out[FRAME.size : end])
                    del self._out[:end]
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
