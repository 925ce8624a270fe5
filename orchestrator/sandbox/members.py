"""The stream in which files travel, both ways: fixed headers, no archive format whose corners an attacker knows better.

A member is ``<kind c> <path_bytes u16> <mode u32> <size u64>`` (big-endian),
then path and content. There are no hard links, sparse files, extensions or
owners to interpret. Paths are UTF-8 with surrogate escapes.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence

from orchestrator.errors import AgentFailed, UsageError
from orchestrator.models.ids import GitOid
from orchestrator.policy.paths import fold
from orchestrator.ports import ChangeOut, OutMember
from orchestrator.sandbox.layout import Place

HEADER = struct.Struct(">cHIQ")
END = HEADER.pack(b"Z", 0, 0, 0)
MAX_PATH_BYTES = 1024
_FILE_MODES = {0o644: "100644", 0o755: "100755"}


def encode(places: Sequence[Place], read: Callable[[Sequence[GitOid]], Iterator[bytes]]) -> Iterator[bytes]:
    """The members of some places, with their contents, and the end mark."""
    contents = read([p.oid for p in places if p.kind != "D"])
    for place in places:
        path = place.path.encode("utf-8", "surrogateescape")
        data = b"" if place.kind == "D" else next(contents)
        if len(path) > MAX_PATH_BYTES:
            raise UsageError(
                "SBX023", f"a path of {len(path)} bytes is longer than {MAX_PATH_BYTES}: {place.path[:80]}…"
            )
        yield HEADER.pack(place.kind.encode(), len(path), place.mode, len(data)) + path
        if data:
            yield data
    yield END


class Receiver:
    """Reads the hostile stream of what came out, in pieces of any size, within caps.

    ``present_at_start`` are the paths that were copied in. What is refused
    counts as unchanged, never as deleted.
    """

    def __init__(self, present_at_start: frozenset[str], *, max_bytes: int, max_members: int) -> None:
        self._base = present_at_start
        self._bytes_left, self._members_left = max_bytes, max_members
        self._buffer = bytearray()
        self._present: set[str] = set()
        self._changed: dict[str, OutMember] = {}
        self._refused: set[str] = set()
        self.ended = False

    def feed(self, data: bytes) -> None:
        """Raises ``AgentFailed``: ``AGT040`` too many bytes, ``AGT041`` too many members, ``AGT043`` malformed."""
        if self.ended:
            raise _malformed("it goes on after its end")
        self._buffer += data
        taken = 0
        while not self.ended and len(self._buffer) - taken >= HEADER.size:
            kind, path_bytes, mode, size = HEADER.unpack_from(self._buffer, taken)
            self._check(path_bytes, size)
            start = taken + HEADER.size
            if len(self._buffer) < start + path_bytes + size:
                break
            path = bytes(self._buffer[start : start + path_bytes])
            taken = start + path_bytes + size
            self._member(kind, path, mode, bytes(self._buffer[start + path_bytes : taken]))
        del self._buffer[:taken]

    def result(self) -> ChangeOut:
        """What was read. Raises ``AgentFailed`` (``AGT043``) when the stream had not ended."""
        if not self.ended or self._buffer:
            raise _malformed("it ends in the middle")
        present = frozenset(self._present | (self._refused & self._base))
        return ChangeOut(present, tuple(self._changed[p] for p in sorted(self._changed)), tuple(sorted(self._refused)))

    def _check(self, path_bytes: int, size: int) -> None:
        if path_bytes > MAX_PATH_BYTES:
            raise refusal("path")
        if size > self._bytes_left:
            raise refusal("bytes")

    def _member(self, kind: bytes, raw: bytes, mode: int, data: bytes) -> None:
        if kind == b"Z":
            self.ended = True
            return
        self._members_left -= 1
        self._bytes_left -= len(data)
        if self._members_left < 0:
            raise refusal("members")
        path = raw.decode("utf-8", "surrogateescape")
        if path in self._present or path in self._refused:
            raise _malformed(f"{path!r} appears twice")
        if kind == b"R" or not self._acceptable(path):
            self._refused.add(path)
            return
        self._present.add(path)
        if kind != b"P":
            self._changed[path] = OutMember(path, _git_mode(kind, mode), data)

    def _acceptable(self, path: str) -> bool:
        if path in self._base:
            return True
        parts = path.split("/")
        plain = not {"", ".", ".."} & set(parts) and all(fold(p) != ".git" for p in parts)
        return plain and "\0" not in path and path.isprintable() and path.encode("utf-8", "replace").decode() == path


def _git_mode(kind: bytes, mode: int) -> str:
    if kind == b"L":
        return "120000"
    if kind != b"F" or mode not in _FILE_MODES:
        raise _malformed(f"kind {kind!r} with mode {mode:o}")
    return _FILE_MODES[mode]


def _malformed(why: str) -> AgentFailed:
    return AgentFailed("AGT043", f"what came out of the sandbox is malformed: {why}", "look at the step's transcript")


_CAPS = {
    "bytes": ("AGT040", "more content than disk_mib allows, sparse files counted whole"),
    "members": ("AGT041", "more files than inodes allows"),
    "path": ("AGT042", f"a path of more than {MAX_PATH_BYTES} bytes"),
}


def refusal(cap: str) -> AgentFailed:
    """The error for one of the caps ``bytes``, ``members``, ``path``; anything else is malformed."""
    if cap not in _CAPS:
        return _malformed(f"the supervisor says {cap[:80]!r}")
    code, words = _CAPS[cap]
    return AgentFailed(code, f"the agent left {words}", "raise that limit in the step, or have it make less")
