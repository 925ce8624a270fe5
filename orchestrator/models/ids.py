"""Names and digests. Nothing here loads pydantic: a command that only lists needs no model."""

from __future__ import annotations

import hashlib
import json
from typing import NewType

Digest = NewType("Digest", str)
"""``sha256:`` and 64 lower-case hex digits."""

GitOid = NewType("GitOid", str)
"""A git object id in hex, SHA-1 (40) or SHA-256 (64) as the repository has it."""

RunId = NewType("RunId", str)
"""``YYYYMMDD-xxxxxx``: the day in UTC and six random base-32 characters."""

StepId = NewType("StepId", str)
"""``S01`` … within one plan."""

RequirementId = NewType("RequirementId", str)
"""``namespace/REQ-003``, unique within a project."""


def sha256(data: bytes) -> Digest:
    """The digest of exact bytes."""
    return Digest("sha256:" + hashlib.sha256(data).hexdigest())


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(value: object) -> bytes:
    """JSON with sorted keys, no white space, UTF-8. Not RFC 8785: floats keep Python's form."""
    return _ENCODER.encode(value).encode()
