"""What a sandbox's programs speak with the host: exact reads from stdin, frames to stdout.

Once a key is agreed on, every frame ends with a tag and every command begins
with one. Some kernels let a process of the same user open PID 1's pipes; what
it writes there has no tag, because PID 1's memory stays out of its reach.
"""

from __future__ import annotations

import os
import struct

CHUNK = 65536
FRAME = struct.Struct(">cI")
TAG_BYTES = 16
COUNTER = struct.Struct(">Q")


class Refused(Exception):
    """What was asked cannot be done; the words go to the host."""


def hasher(**options):  # noqa: ANN003, ANN201  either module's hash object
    """A hash whose module loads fast."""
    try:
        from _blake2 import blake2b  # noqa: PLC0415  hashlib would load OpenSSL, which costs more than a small tree
    except ImportError:
        from hashlib import blake2b  # noqa: PLC0415
    return blake2b(**options)


class Tags:
    """Of one direction: keyed BLAKE2b over a counter and the data."""

    def __init__(self, key: bytes, direction: bytes) -> None:
        self.key, self.direction, self.count = key, direction, 0

    def next(self, data: bytes) -> bytes:
        tag = hasher(key=self.key, person=self.direction, digest_size=TAG_BYTES)
        tag.update(COUNTER.pack(self.count))
        tag.update(data)
        self.count += 1
        return tag.digest()


TAGS: list[Tags] = []
"""The tags of what goes to the host, once a key is agreed on."""


def send(kind: bytes, payload: bytes = b"") -> None:
    """One frame to the host."""
    whole = FRAME.pack(kind, len(payload)) + payload
    data = memoryview(whole + TAGS[0].next(whole) if TAGS else whole)
    while data:
        data = data[os.write(1, data) :]


class Input:
    """Exact reads from the host. Its end means that the owner died: so does this process, and with it the sandbox."""

    def __init__(self) -> None:
        self.file = os.fdopen(0, "rb", buffering=CHUNK, closefd=False)
        self.tags: Tags | None = None

    def command(self) -> bytes:
        """The next command's kind. One that the host did not send ends everything."""
        kind = self.exactly(1)
        if self.tags is not None and self.exactly(TAG_BYTES) != self.tags.next(kind):
            os._exit(73)
        return kind

    def agree(self) -> None:
        """Take the key, once, before any command of the agent's has run."""
        key = self.exactly(32)
        if self.tags is not None:
            os._exit(73)
        self.tags = Tags(key, b"in")
        TAGS.append(Tags(key, b"out"))

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
