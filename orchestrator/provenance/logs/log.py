"""One append-only RFC 6962 Merkle log per writer (D10), as files of that writer's evidence branch.

A leaf is one DSSE line, its newline included. ``log/<NNNNN>/<NNNNNNNNN>.intoto.jsonl`` is one appended batch of lines,
named by the index of its first; ``checkpoint`` is the signed head (:mod:`.checkpoint`); ``frontier`` are the hashes
that the next append needs, in base64, which the checkpoint's root binds.

Given the checkpoint, a line that is missing, added, altered, replaced or moved is found. A tail that was cut together
with its checkpoint, for which an older genuine one was put back, is found by whoever has seen the newer one: this
user's :class:`~orchestrator.provenance.roots.trust.TrustStore`, or an anchor (``handrail evidence anchor``). NOT
detected: two histories that a writer shows to two people who never compare; whatever the writer's own key signs.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from orchestrator.ports import Signer
from orchestrator.provenance import dsse, strict
from orchestrator.provenance.logs.checkpoint import Checkpoint
from orchestrator.provenance.logs.merkle import Frontier

from . import checkpoint, merkle

HEAD: Final = "checkpoint"
FRONTIER: Final = "frontier"
BRANCH: Final = "refs/heads/handrail-evidence/"
PREFIX_DIGITS: Final = 16

_PER_FOLDER: Final = 10_000


@dataclass(frozen=True, slots=True)
class LogState:
    """A log that holds together. ``lines`` are those from leaf ``start`` on; ``before`` what is known of the rest."""

    head: Checkpoint
    lines: tuple[bytes, ...]
    frontier: Frontier
    start: int = 0
    before: Frontier = field(default_factory=Frontier)

    @property
    def writer(self) -> str:
        """The key id."""
        return self.head.writer

    @property
    def size(self) -> int:
        """How many lines."""
        return self.head.size

    def root_at(self, size: int) -> bytes | None:
        """The root when the log had ``size`` lines; ``None`` for a size that it never had or that was not read."""
        if not self.start <= size <= self.size:
            return None
        frontier = Frontier(self.before.size, list(self.before.roots))
        for line in self.lines[: size - self.start]:
            frontier.add(merkle.leaf_hash(line))
        return frontier.root()

    def leaves(self) -> list[bytes]:
        """Hashes of the lines."""
        return [merkle.leaf_hash(line) for line in self.lines]


def branch(keyid: str) -> str:
    """The full ref name of a writer's evidence branch."""
    return BRANCH + keyid[:PREFIX_DIGITS]


def bundle_path(first: int) -> str:
    """Where the batch lies whose first line is leaf ``first`` (from 0)."""
    return f"log/{first // _PER_FOLDER:05}/{first:09}.intoto.jsonl"


def append(present: Mapping[str, bytes], batch: Sequence[bytes], signer: Signer) -> dict[str, bytes]:
    """Path → bytes to add to the branch. Of ``present`` only the checkpoint and the frontier are read.

    Raises ``EvidenceInvalid`` when that head is not this signer's or the
    frontier is not the head's (a log is never continued from something that
    somebody else wrote), ``ValueError`` for an empty batch or something that is
    not a line.
    """
    if not batch or any(line.count(b"\n") != 1 or not line.endswith(b"\n") for line in batch):
        raise ValueError("a batch is one line or more, each ending in its only newline")
    frontier = _continued(present, signer) if present else Frontier()
    path = bundle_path(frontier.size)
    for line in batch:
        frontier.add(merkle.leaf_hash(line))
    head = checkpoint.sign(frontier.size, frontier.root(), signer)
    return {path: b"".join(batch), HEAD: head.note, FRONTIER: dump_frontier(frontier)}


def _continued(present: Mapping[str, bytes], signer: Signer) -> Frontier:
    head = checkpoint.read(present.get(HEAD, b""), signer.public_key)
    frontier = load_frontier(present.get(FRONTIER, b""), head.size)
    if frontier.root() != head.root:
        raise strict.invalid("EVID033", "the log's frontier is not the one that its checkpoint signs")
    return frontier


def dump_frontier(frontier: Frontier) -> bytes:
    """One base64 hash a line, largest subtree first."""
    return b"".join(base64.b64encode(h) + b"\n" for h in frontier.roots)


def load_frontier(data: bytes, size: int) -> Frontier:
    """Raises ``EvidenceInvalid`` EVID005, EVID033. NOT checked: that it is any log's."""
    text = data.decode(errors="replace")
    frontier = Frontier(size, [strict.unbase64(row, "a frontier's hash") for row in text.split("\n")[:-1]])
    if not frontier.whole() or dump_frontier(frontier) != data:
        raise strict.invalid("EVID033", "a log's frontier does not fit its size")
    return frontier


def check(files: Mapping[str, bytes], public_key: str, before: Frontier | None = None) -> LogState:
    """A whole branch, by the owner of ``public_key``; or what follows after ``before``, whose files are not asked for.

    Raises ``EvidenceInvalid`` EVID030-033 and EVID008. The lines are not opened here.
    """
    head = checkpoint.read(files.get(HEAD, b""), public_key)
    start = Frontier(before.size, list(before.roots)) if before else Frontier()
    frontier = Frontier(start.size, list(start.roots))
    lines: list[bytes] = []
    for data in _batches(files, frontier.size, head):
        for line in dsse.lines_of(data):
            frontier.add(merkle.leaf_hash(line))
            lines.append(line)
    if frontier.size != head.size or frontier.root() != head.root:
        raise strict.invalid("EVID033", f"a line of writer {head.writer[:16]} was altered, replaced, moved or cut off")
    if dump_frontier(frontier) != files.get(FRONTIER):
        raise strict.invalid("EVID033", f"the frontier of writer {head.writer[:16]} is not the one of its log")
    return LogState(head, tuple(lines), frontier, start.size, start)


def _batches(files: Mapping[str, bytes], first: int, head: Checkpoint) -> list[bytes]:
    out: list[bytes] = []
    paths: set[str] = set()
    while first < head.size:
        path = bundle_path(first)
        data = files.get(path)
        if data is None or not data.endswith(b"\n"):
            raise strict.invalid("EVID031", f"{path} of writer {head.writer[:16]} is missing or cut")
        paths.add(path)
        out.append(data)
        first += data.count(b"\n")
    strange = sorted(files.keys() - {HEAD, FRONTIER, *paths})
    if strange:
        raise strict.invalid("EVID032", f"{strange[0][:200]} is not part of the log of writer {head.writer[:16]}")
    return out
