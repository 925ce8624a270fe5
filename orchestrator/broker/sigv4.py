"""AWS Signature Version 4 for one request, as published by AWS ("Create a signed AWS API request").

Not covered: chunked payload signing, presigned URLs, SigV4A, and S3's own rule for paths.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Keys:
    """An access key; ``session_token`` is '' for a long-lived one."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """``stamp`` is ``YYYYMMDDTHHMMSSZ`` in UTC."""

    region: str
    service: str
    stamp: str

    @property
    def text(self) -> str:
        return f"{self.stamp[:8]}/{self.region}/{self.service}/aws4_request"


def authorization(
    keys: Keys, scope: Scope, line: tuple[str, str], headers: Sequence[tuple[str, str]], payload: bytes
) -> str:
    """The Authorization header's value. ``line`` is method and target as sent; exactly ``headers`` are signed."""
    method, target = line
    path, _, query = target.partition("?")
    ordered = sorted((name.lower(), " ".join(value.split())) for name, value in headers)
    names = ";".join(name for name, _ in ordered)
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in parse_qsl(query, keep_blank_values=True))
    canonical = "\n".join(
        (
            method,
            quote(path, safe="/-_.~"),
            "&".join(f"{k}={v}" for k, v in pairs),
            *(f"{name}:{value}" for name, value in ordered),
            "",
            names,
            hashlib.sha256(payload).hexdigest(),
        )
    )
    signed = "\n".join((ALGORITHM, scope.stamp, scope.text, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(_signing_key(keys, scope), signed.encode(), hashlib.sha256).hexdigest()
    return f"{ALGORITHM} Credential={keys.access_key_id}/{scope.text}, SignedHeaders={names}, Signature={signature}"


def _signing_key(keys: Keys, scope: Scope) -> bytes:
    key = f"AWS4{keys.secret_access_key}".encode()
    for part in scope.text.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
