"""What a sandbox's programs speak with the host: exact reads from stdin, frames to stdout."""

from __future__ import annotations

import os
import struct

CHUNK = 65536
FRAME = struct.Struct(">cI")


class Refused(Exception):
    """What was asked cannot be done; the words go to the host."""


def send(kind: bytes, payload: bytes = b"") -> None:
    """One frame to the host."""
    data = memoryview(FRAME.pack(kind, len(payload)) + payload)
    while data:
        data = data[os.write(1, data) :]


class Input:
    """Exact reads from the host. Its end means that the owner died: so does this process, and with it the sandbox."""

    def __init__(self) -> None:
        self.file = os.fdopen(0, "rb", buffering=CHUNK, closefd=False)

    def exactly(self, count: int) -> bytes:
        data = self.file.read(count)
        if len(data) != count:
            os._exit(0)
        return data

    def pieces(self, count: int):  # noqa: ANN201  a generator of bytes
        while count:
            piece = self.exactly(min(count, CHUNK))
            count -= len(piece)
            yield piece
