"""What a run refers to: the texts and git objects without which it could not go on elsewhere.

Followed are digests and ids that stand where a noun keeps one. Free text of agents, people and repositories is not
searched: a name in it must not send another run's texts along.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, cast

from orchestrator.errors import StoreError
from orchestrator.models.ids import Digest, GitOid, canonical
from orchestrator.ports import Blobs

_DIGEST = re.compile(r"(?:comment )?(sha256:[0-9a-f]{64})")
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_WORDS = frozenset({"summary", "denials", "text", "reason", "message", "why", "instruction", "statement", "title"})
_RAW = frozenset({"output", "transcript", "diff", "source_digest", "spec_source", "agent_input"})
"""Keys whose blobs are exact bytes of an agent, a person or a file: they travel and are not read."""


class Reach:
    """``blobs`` are digest → bytes, ``oids`` everything that looks like a git id."""

    def __init__(self, source: Blobs) -> None:
        self._source = source
        self.blobs: dict[Digest, bytes] = {}
        self.oids: set[GitOid] = set()

    def follow(self, value: object) -> None:
        """Take in whatever a JSON value refers to, and whatever that refers to."""
        ahead = [*_named(value, "")]
        while ahead:
            key, name = ahead.pop()
            if _OID.fullmatch(name):
                self.oids.add(GitOid(name))
            elif (data := self._take(Digest(name))) is not None and key not in _RAW:
                ahead += _named(_noun(data), "")

    def _take(self, digest: Digest) -> bytes | None:
        """The blob when it is here and new to us. A digest may also be of what is no blob."""
        if digest in self.blobs:
            return None
        try:
            self.blobs[digest] = self._source.get(digest)
        except StoreError as problem:
            if problem.code != "STORE002":
                raise
            return None
        return self.blobs[digest]


def _noun(data: bytes) -> object:
    """A noun as it is stored: a canonical JSON object. Anything else refers to nothing."""
    if not data.startswith(b"{"):
        return None
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if canonical(value) == data else None


def _named(value: Any, key: str) -> Iterator[tuple[str, str]]:  # noqa: ANN401  any JSON value
    ahead: list[tuple[str, Any]] = [(key, value)]
    while ahead:
        name, one = ahead.pop()
        if isinstance(one, dict):
            ahead += [(k, v) for k, v in cast("dict[str, object]", one).items() if k not in _WORDS]
        elif isinstance(one, list | tuple):
            ahead += [(name, v) for v in cast("list[object]", one)]
        elif isinstance(one, str) and (found := _DIGEST.fullmatch(one) or _OID.fullmatch(one)):
            yield name, found[1] if found.re is _DIGEST else one


def documents(texts: Iterable[str]) -> list[object]:
    """Rows that hold JSON, parsed."""
    return [json.loads(text) for text in texts]
