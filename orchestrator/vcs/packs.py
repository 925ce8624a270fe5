"""Git's object formats, as far as they are written here: identities, trees and the pack that carries new objects.

Formats: gitformat-pack(5), version 2, no deltas. git itself reads each pack
back (``unpack-objects --strict``), so ids, names and links are checked by it too.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from operator import itemgetter, lt
from typing import NamedTuple

from orchestrator.errors import RepositoryError
from orchestrator.models.ids import GitOid
from orchestrator.vcs.names import MODES, uncarriable

TREE_MODE = "40000"
_ROWS = {size: re.compile(rb"[^ \0]* [^\0]*\0.{%d}" % size, re.DOTALL) for size in (20, 32)}
_KEY, _ROW = itemgetter(0), itemgetter(1)
_NAME = itemgetter(0)
_KINDS = {"commit": 1, "tree": 2, "blob": 3}


class NewObject(NamedTuple):
    kind: str
    data: bytes


class Row(NamedTuple):
    """One row of one tree object; ``mode`` is ``40000`` for a subtree."""

    name: str
    mode: str
    oid: GitOid


def object_id(object_format: str, kind: str, data: bytes) -> GitOid:
    """The id that git gives to these bytes."""
    digest = hashlib.new(object_format, usedforsecurity=False)
    digest.update(f"{kind} {len(data)}\0".encode())
    digest.update(data)
    return GitOid(digest.hexdigest())


def read_tree(data: bytes, id_bytes: int) -> tuple[Row, ...]:
    """The rows of a tree object.

    Raises ``RepositoryError`` REPO010 for a name and REPO011 for a mode that
    cannot be carried in and out unchanged.
    """
    found: list[bytes] = _ROWS[id_bytes].findall(data)
    keyed = list(map(_keyed, found))
    keys = list(map(_KEY, keyed))
    if not all(map(lt, keys, islice(keys, 1, None))):
        raise RepositoryError("REPO011", "A tree of the repository is not in git's own order.", "run `git fsck`")
    rows: tuple[Row, ...] = tuple(map(_ROW, keyed))
    if sum(map(len, found)) != len(data) or len(set(map(_NAME, rows))) != len(rows):
        raise RepositoryError("REPO011", "A tree of the repository has a name twice or is cut.", "run `git fsck`")
    return rows


@lru_cache(maxsize=65536)
def _keyed(found: bytes) -> tuple[bytes, Row]:
    """A row, and what git sorts it by. Most rows of a folder come again in the next commit's."""
    head, _, oid = found.partition(b"\0")
    mode, _, name = head.partition(b" ")
    reason = uncarriable(name)
    if reason is not None:
        message = f"The repository holds a name that {reason}: {name!r}."
        raise RepositoryError("REPO010", message, "rename it and commit that first")
    text = mode.decode("ascii", "replace")
    if text != TREE_MODE and text not in MODES:
        message = f"The repository holds {name.decode()} with mode {text}, which git no longer writes."
        raise RepositoryError("REPO011", message, "add that file again and commit")
    return name + (b"/" if text == TREE_MODE else b""), Row(name.decode(), text, GitOid(oid.hex()))


def write_tree(rows: Iterable[Row]) -> bytes:
    """The tree object of these rows, in git's order (a subtree sorts as if its name ended in ``/``)."""
    ordered = sorted(rows, key=lambda row: row.name.encode() + (b"/" if row.mode == TREE_MODE else b""))
    return b"".join(f"{row.mode} {row.name}\0".encode() + bytes.fromhex(row.oid) for row in ordered)


def write_pack(object_format: str, objects: Sequence[NewObject]) -> bytes:
    """A pack of whole objects."""
    parts = [b"PACK" + struct.pack(">II", 2, len(objects))]
    for new in objects:
        parts += [_entry_header(_KINDS[new.kind], len(new.data)), zlib.compress(new.data, 1)]
    body = b"".join(parts)
    return body + hashlib.new(object_format, body, usedforsecurity=False).digest()


def _entry_header(kind: int, size: int) -> bytes:
    byte, size = (kind << 4) | (size & 15), size >> 4
    header = bytearray()
    while size:
        header.append(byte | 0x80)
        byte, size = size & 0x7F, size >> 7
    header.append(byte)
    return bytes(header)


def links(commit: NewObject) -> tuple[GitOid, ...]:
    """The tree of a commit object, then its parents."""
    head = commit.data.split(b"\n\n", 1)[0].decode(errors="replace").split("\n")
    named = [line.split(" ", 1) for line in head if line.startswith(("tree ", "parent "))]
    return tuple(GitOid(oid) for _, oid in named)
