"""``evidence.intoto.jsonl``: all envelopes of a repository in one file that can be carried anywhere.

An in-toto bundle does not protect itself: lines can be left out unseen. So the first line is an index of ours, signed,
with the SHA-256 of every line that follows, in order. Tools that do not know its payload type skip it, and then do not
see a missing line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final, Literal

from pydantic import ValidationError

from orchestrator.models.base import Instant, Noun
from orchestrator.models.ids import Digest, sha256
from orchestrator.ports import Signer
from orchestrator.provenance import dsse, strict

INDEX_TYPE: Final = "application/vnd.handrail.index+json"


class Index(Noun):
    """``lines`` are digests over the bytes of each line, newline included."""

    format: Literal["handrail.index/1"] = "handrail.index/1"
    lines: tuple[Digest, ...]
    time: Instant


def export_bundle(lines: Iterable[bytes], signer: Signer, when: datetime) -> bytes:
    """The bundle's bytes; a line that comes twice is written once."""
    unique = tuple(dict.fromkeys(lines))
    index = Index(lines=tuple(sha256(line) for line in unique), time=when)
    return b"".join((dsse.seal(index.to_bytes(), [signer], INDEX_TYPE), *unique))


def read_bundle(data: bytes, keys: Mapping[str, str]) -> tuple[bytes, ...]:
    """The lines behind the index.

    Raises ``EvidenceInvalid`` EVID036 when they are not exactly those that the
    index names, and those of the index's envelope. The lines are not opened.
    """
    first, *lines = dsse.lines_of(data) or [b""]
    opened = dsse.open_line(first, keys, INDEX_TYPE)
    try:
        index = Index.model_validate(strict.parse_canonical(opened.payload, "a bundle's index"))
    except ValidationError:
        raise strict.invalid("EVID036", "a bundle's index does not have its shape") from None
    if index.lines != tuple(sha256(line) for line in lines):
        raise strict.invalid("EVID036", "a bundle's lines are not exactly those that its signed index names")
    return tuple(lines)
