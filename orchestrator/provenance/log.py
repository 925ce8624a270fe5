"""An append-only log per writer (D10), as files of that writer's evidence branch.

``log/<NNNN>/<NNNNNN>.intoto.jsonl`` is one appended batch (a bundle of DSSE lines), a thousand to a directory;
``head.json`` is a DSSE line over {count, chain, previous, time, writer}. The chain is
h_n = SHA-256(h_{n-1} || SHA-256(bundle_n)), from 32 zero bytes.

Given the head, a bundle that is missing, added, altered, replaced or moved is found. NOT detected: a tail that was cut
together with its head, for which an older genuine head was put back, by anybody who has not seen the newer one (a
:class:`~orchestrator.provenance.trust.TrustStore` remembers what was seen); two histories that the writer shows to two
people who never compare; whatever the writer's own key signs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from pydantic import Field, ValidationError

from orchestrator.models.base import Digest, Instant, Noun, sha256
from orchestrator.ports import Signer
from orchestrator.provenance import dsse, strict

LOG_TYPE: Final = "application/vnd.handrail.log+json"
HEAD: Final = "head.json"
BRANCH: Final = "refs/heads/handrail-evidence/"
PREFIX_DIGITS: Final = 16

_START: Final = "0" * 64
_PER_FOLDER: Final = 1000


class Head(Noun):
    """``chain`` is hex; ``previous`` the digest of the head line before."""

    format: Literal["handrail.log/1"] = "handrail.log/1"
    writer: str
    count: int = Field(ge=1)
    chain: str
    previous: Digest | None
    time: Instant


@dataclass(frozen=True, slots=True)
class LogState:
    """A log that holds together. ``chain[n]`` is the chain hash after n bundles; ``lines`` are all lines in order."""

    writer: str
    head: Digest
    chain: tuple[str, ...]
    lines: tuple[bytes, ...]

    @property
    def count(self) -> int:
        """How many bundles."""
        return len(self.chain) - 1


def branch(keyid: str) -> str:
    """The full ref name of a writer's evidence branch."""
    return BRANCH + keyid[:PREFIX_DIGITS]


def bundle_path(number: int) -> str:
    """Where bundle ``number`` (from 1) lies."""
    return f"log/{(number - 1) // _PER_FOLDER:04}/{number:06}.intoto.jsonl"


def _next(chain: str, bundle: bytes) -> str:
    return hashlib.sha256(bytes.fromhex(chain) + hashlib.sha256(bundle).digest()).hexdigest()


def append(present: Mapping[str, bytes], batch: Sequence[bytes], signer: Signer, when: datetime) -> dict[str, bytes]:
    """Path → bytes to add to the branch. Of ``present`` only ``head.json`` is read, when there is one.

    Raises ``EvidenceInvalid`` when that head is not this signer's (a log is
    never continued from a head that somebody else wrote), ``ValueError`` for an
    empty batch or something that is not a line.
    """
    if not batch or any(line.count(b"\n") != 1 or not line.endswith(b"\n") for line in batch):
        raise ValueError("a batch is one line or more, each ending in its only newline")
    old = present.get(HEAD)
    before = _read_head(old, {signer.keyid: signer.public_key}) if old is not None else None
    bundle = b"".join(batch)
    head = Head(
        writer=signer.keyid,
        count=before.count + 1 if before else 1,
        chain=_next(before.chain if before else _START, bundle),
        previous=sha256(old) if old is not None else None,
        time=when,
    )
    return {bundle_path(head.count): bundle, HEAD: dsse.seal(head.to_bytes(), [signer], LOG_TYPE)}


def _read_head(line: bytes, keys: Mapping[str, str]) -> Head:
    opened = dsse.open_line(line, keys, LOG_TYPE)
    value = strict.parse_canonical(opened.payload, "a log head")
    try:
        head = Head.model_validate(value)
    except ValidationError:
        raise strict.invalid("EVID030", "a log head does not have its shape") from None
    if head.to_bytes() != opened.payload or opened.keyids != (head.writer,) or opened.unknown:
        raise strict.invalid("EVID030", "a log head is not by the one writer that it names")
    return head


def check(files: Mapping[str, bytes], keys: Mapping[str, str], prefix: str) -> LogState:
    """A whole branch, by the writer whose key id starts with ``prefix``.

    Raises ``EvidenceInvalid`` EVID030-033 and those of the head's envelope.
    The lines of the bundles are not opened here.
    """
    if HEAD not in files:
        raise strict.invalid("EVID030", f"the log of writer {prefix} has no {HEAD}")
    head = _read_head(files[HEAD], keys)
    if not head.writer.startswith(prefix):
        raise strict.invalid("EVID030", f"the log of writer {prefix} carries the head of another writer")
    chain, lines = [_START], list[bytes]()
    for bundle in _bundles(files, head):
        chain.append(_next(chain[-1], bundle))
        lines.extend(dsse.lines_of(bundle))
    if chain[-1] != head.chain:
        raise strict.invalid("EVID033", f"a bundle of writer {prefix} was altered, replaced or moved")
    return LogState(head.writer, sha256(files[HEAD]), tuple(chain), tuple(lines))


def _bundles(files: Mapping[str, bytes], head: Head) -> list[bytes]:
    paths = [bundle_path(n) for n in range(1, min(head.count, len(files)) + 1)]
    missing = next((path for path in paths if path not in files), None)
    if missing is not None:
        raise strict.invalid("EVID031", f"{missing} of writer {head.writer[:16]} is missing")
    strange = sorted(files.keys() - {HEAD, *paths})
    if strange:
        raise strict.invalid("EVID032", f"{strange[0][:200]} is not part of the log of writer {head.writer[:16]}")
    return [files[path] for path in paths]
