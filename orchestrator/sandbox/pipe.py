"""The attached stdin and stdout of a program that speaks in lines. What it says is hostile: lines are bounded."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Iterator
from typing import Protocol

MAX_LINE_BYTES = 4 * 1024 * 1024
_MUX = struct.Struct(">BxxxI")
_STDOUT = 1
_RECEIVE_BYTES = 256 * 1024


class _Closable(Protocol):
    def close(self) -> None: ...


class Pipe:
    """Over the engine's multiplexed stream. Stderr is read and dropped."""

    def __init__(self, connection: socket.socket, owner: _Closable) -> None:
        self._socket, self._owner = connection, owner
        self._socket.settimeout(None)
        self._turn = threading.Lock()

    def send(self, data: bytes) -> None:
        """Nothing when the program is gone."""
        with self._turn, contextlib.suppress(OSError):
            self._socket.sendall(data)

    def lines(self) -> Iterator[bytes]:
        """Each with its end, until the program ends. Raises ``ValueError`` for one that is too long."""
        held = bytearray()
        for piece in self._stdout():
            held += piece
            while (end := held.find(b"\n") + 1) > 0:
                yield bytes(held[:end])
                del held[:end]
            if len(held) > MAX_LINE_BYTES:
                raise ValueError("a line is too long")

    def close(self) -> None:
        """Hang up: the program sees its stdin end. From any thread."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._owner.close()

    def _stdout(self) -> Iterator[bytes]:
        while head := self._exactly(_MUX.size):
            stream, left = _MUX.unpack(head)
            while left:
                piece = self._receive(min(left, _RECEIVE_BYTES))
                if not piece:
                    return
                left -= len(piece)
                if stream == _STDOUT:
                    yield piece

    def _exactly(self, size: int) -> bytes:
        """'' when it ends before."""
        got = b""
        while len(got) < size:
            piece = self._receive(size - len(got))
            if not piece:
                return b""
            got += piece
        return got

    def _receive(self, size: int) -> bytes:
        try:
            return self._socket.recv(size)
        except OSError:
            return b""
