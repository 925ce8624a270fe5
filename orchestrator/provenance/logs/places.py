"""Where in the evidence branches a commit, a tree or a plan is spoken of: an index beside the evidence, in one file.

For each batch of a log, by the id of its git blob, it has the ids and digests that the subjects of its statements name.
It says where to look and nothing else: what is found there is opened with its signature like any statement. It is made
in one pass, and again read only where a branch has files that it does not know.

It is this user's own file (0600, with a digest over itself); one that is not, or does not hold together, is made again.
NOT protected: against whoever can write as this user, who could leave a statement out of it. ``verify`` never reads it.
"""

from __future__ import annotations

import binascii
import hashlib
import re
import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.base import Noun
from orchestrator.models.ids import GitOid
from orchestrator.provenance import dsse
from orchestrator.provenance.logs.evidence import Source
from orchestrator.provenance.signing import files

RUN: Final = b"run"
"""Stands for every decision on a whole run: what it lists is not in its subject."""

_HEX: Final = re.compile(rb"[0-9a-f]{40,64}")
_START: Final = len(b'{"payload":"')
_SUBJECT: Final = b'"subject":['
_OF_RUN: Final = b'"name":"run"'
_CAP_BYTES: Final = 1024 * 1024 * 1024
_WORD_BYTES: Final = 12
_ROW: Final = struct.Struct(f">{_WORD_BYTES}sI")


class _Head(Noun):
    format: Literal["handrail.places/1"] = "handrail.places/1"
    tips: dict[str, GitOid]
    blobs: tuple[GitOid, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """``rows`` are sorted pairs of the beginning of a word's SHA-256 and the number of a blob."""

    source: Source
    head: _Head
    rows: bytes

    def lines(self, wanted: Iterable[bytes]) -> list[bytes]:
        """Every line whose subject names one of these words, once."""
        words = set(wanted)
        blobs = dict.fromkeys(n for word in words for n in self._numbers(_short(word)))
        data = self.source.blobs([self.head.blobs[n] for n in blobs])
        return list(dict.fromkeys(line for d in data for line in dsse.lines_of(d) if words & subjects(line)))

    def _numbers(self, word: bytes) -> Iterator[int]:
        keys = _Keys(self.rows)
        at = bisect_left(keys, word)
        while at < len(keys) and keys[at] == word:
            yield _ROW.unpack_from(self.rows, at * _ROW.size)[1]
            at += 1


class _Keys:
    """The words of the rows as a sequence, without taking them out."""

    def __init__(self, rows: bytes) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows) // _ROW.size

    def __getitem__(self, at: int) -> bytes:
        return self._rows[at * _ROW.size : at * _ROW.size + _WORD_BYTES]


def subjects(line: bytes) -> set[bytes]:
    """The ids and digests that the subject of a line's statement names; nothing is believed of it yet."""
    try:
        payload = binascii.a2b_base64(line[_START : line.find(b'"', _START)])
    except binascii.Error:
        return set()
    _, _, subject = payload.rpartition(_SUBJECT)
    return {*_HEX.findall(subject), *([RUN] if _OF_RUN in subject else [])}


def _short(word: bytes) -> bytes:
    return hashlib.sha256(word).digest()[:_WORD_BYTES]


def places(source: Source, path: Path | None = None) -> Places:
    """Of all evidence branches as they are now; from and to the file, when one is named."""
    tips = dict(source.evidence_tips())
    old = _load(source, path) if path else None
    if old is not None and old.head.tips == tips:
        return old
    new = _made(source, tips, old)
    if path is not None:
        _save(path, new)
    return new


def _made(source: Source, tips: Mapping[str, GitOid], old: Places | None) -> Places:
    here = [oid for ref in tips for path, oid in source.evidence_files(ref).items() if path.startswith("log/")]
    blobs = tuple(dict.fromkeys(here))
    number = {oid: n for n, oid in enumerate(blobs)}
    rows = set(_kept(old, number) if old else ())
    known = set(old.head.blobs) if old else set[GitOid]()
    fresh = [oid for oid in blobs if oid not in known]
    for oid, data in zip(fresh, source.blobs(fresh), strict=True):
        rows |= {_ROW.pack(_short(w), number[oid]) for line in dsse.lines_of(data) for w in subjects(line)}
    return Places(source, _Head(tips=dict(tips), blobs=blobs), b"".join(sorted(rows)))


def _kept(old: Places, number: Mapping[GitOid, int]) -> Iterator[bytes]:
    renumbered = [number.get(oid) for oid in old.head.blobs]
    for at in range(0, len(old.rows), _ROW.size):
        row: tuple[bytes, int] = _ROW.unpack_from(old.rows, at)
        if (now := renumbered[row[1]]) is not None:
            yield _ROW.pack(row[0], now)


def _load(source: Source, path: Path) -> Places | None:
    try:
        data = files.read_private(path, "TRUST", _CAP_BYTES)
        digest, _, rest = data.partition(b"\n")
        head, _, rows = rest.partition(b"\n")
        if hashlib.sha256(rest).hexdigest().encode() != digest or len(rows) % _ROW.size:
            return None
        found = _Head.model_validate_json(head)
    except (UsageError, EvidenceInvalid, ValidationError):
        return None
    return Places(source, found, rows) if _highest(rows) < len(found.blobs) else None


def _highest(rows: bytes) -> int:
    """The highest number that a row has; -1 without any."""
    words = array("I", rows)
    if sys.byteorder == "little":
        words.byteswap()
    return max(words[_ROW.size // words.itemsize - 1 :: _ROW.size // words.itemsize], default=-1)


def _save(path: Path, found: Places) -> None:
    rest = found.head.to_bytes() + b"\n" + found.rows
    files.replace(path, hashlib.sha256(rest).hexdigest().encode() + b"\n" + rest, "TRUST")
