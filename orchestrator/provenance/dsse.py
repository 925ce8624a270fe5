"""DSSE v1.0.2 envelopes as lines (D21).

A line is canonical JSON (sorted keys, no white space) with signatures sorted by key id, and one newline. So a payload,
its type and a set of signatures have exactly one form, and any changed byte is found. A key's id is the SHA-256 of the
raw public key.

The openssl and in-toto routes see the signature over payload and type only. They do not see a repeated JSON key,
another base64 form, added members, a missing line, or which role a key holds.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple, cast

from orchestrator.models.attestation import PAYLOAD_TYPE, Signature
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.ports import Signer
from orchestrator.provenance import strict
from orchestrator.provenance.signing.keys import keyid_of, pae, verifies

MAX_SIGNATURES: Final = 64
_ENVELOPE: Final = frozenset({"payload", "payloadType", "signatures"})
_SIGNATURE: Final = frozenset({"keyid", "sig"})
_HEAD: Final = b'{"payload":"'
_ID, _ID_DIGITS = rb"([0-9a-f]{64})", 64
_SIG, _SIGNATURE_DIGITS = rb"([A-Za-z0-9+/]{85}[AQgw]==)", 88
"""64 bytes in their one base64 form: of the last digit only two bits count."""


class Opened(NamedTuple):
    """A line that holds. ``keyids`` verified; ``unknown`` are ids of signatures by keys that nobody named."""

    payload: bytes
    keyids: tuple[str, ...]
    unknown: tuple[str, ...]
    digest: Digest
    """SHA-256 over the line's bytes, its newline included."""


class Unverified(NamedTuple):
    """An envelope's parts before anybody looked at a signature."""

    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]


def seal(payload: bytes, signers: Sequence[Signer], payload_type: str = PAYLOAD_TYPE) -> bytes:
    """One line with a signature by each signer. Raises ``ValueError`` for no signer or one key twice."""
    signatures = sorted((s.sign(payload, payload_type) for s in signers), key=lambda s: s.keyid)
    if not signatures or len({s.keyid for s in signatures}) != len(signatures):
        raise ValueError("an envelope needs one signature or more, each by another key")
    return line_of(payload, payload_type, signatures)


def line_of(payload: bytes, payload_type: str, signatures: Sequence[Signature]) -> bytes:
    """A payload under signatures that were made before."""
    encoded = base64.b64encode(payload).decode()
    listed = [s.model_dump() for s in sorted(signatures, key=lambda s: s.keyid)]
    return canonical({"payload": encoded, "payloadType": payload_type, "signatures": listed}) + b"\n"


def unpack(line: bytes, payload_type: str = PAYLOAD_TYPE) -> Unverified:
    """Parse strictly, verify nothing. Raises ``EvidenceInvalid`` EVID001-007 and EVID010."""
    return _quick(line, payload_type) or _slow(line, payload_type)


def _quick(line: bytes, payload_type: str) -> Unverified | None:
    """A line of the usual form, by one signer, for which no JSON need be read; ``None`` for any other.

    Its end is matched byte for byte, and what lies before is one canonical base64 text: so what is accepted is exactly
    what :func:`seal` writes.
    """
    tail, size = _tail(payload_type)
    found = tail.fullmatch(line, max(len(line) - size, 0)) if len(line) <= strict.MAX_BYTES else None
    if found is None or not line.startswith(_HEAD):
        return None
    payload = _unbase64(line[len(_HEAD) : -size])
    return None if payload is None else Unverified(payload, ((found[1].decode(), binascii.a2b_base64(found[2])),))


@lru_cache(maxsize=16)
def _tail(payload_type: str) -> tuple[re.Pattern[bytes], int]:
    """How such a line ends, and in how many bytes."""
    before, between, after = (
        b'","payloadType":"%b","signatures":[{"keyid":"' % payload_type.encode(),
        b'","sig":"',
        b'"}]}\n',
    )
    size = len(before) + _ID_DIGITS + len(between) + _SIGNATURE_DIGITS + len(after)
    return re.compile(re.escape(before) + _ID + re.escape(between) + _SIG + re.escape(after)), size


def _unbase64(encoded: bytes) -> bytes | None:
    """The bytes of a canonical text. Strict decoding leaves one freedom: the unused bits of the last characters."""
    try:
        raw = binascii.a2b_base64(encoded, strict_mode=True)
    except binascii.Error:
        return None
    last = raw[-(len(raw) % 3 or 3) :]
    whole = len(encoded) == (len(raw) + 2) // 3 * 4
    return raw if whole and encoded.endswith(binascii.b2a_base64(last, newline=False)) else None


def _slow(line: bytes, payload_type: str) -> Unverified:
    if not line.endswith(b"\n"):
        raise strict.invalid("EVID006", "an envelope does not end with its newline")
    value = strict.exact(strict.parse(line[:-1], "an envelope"), _ENVELOPE, "an envelope")
    payload = strict.unbase64(value["payload"], "a payload")
    kind = strict.text(value["payloadType"], "a payload type")
    signatures = tuple(_signature(s) for s in _members(value["signatures"]))
    if not strict.is_canonical(value, line[:-1]):
        raise strict.invalid("EVID006", "an envelope is not in the one serialisation that we write")
    if kind != payload_type:
        raise strict.invalid("EVID007", f"a payload has type {kind[:100]!r}, not {payload_type}")
    ids = [keyid for keyid, _ in signatures]
    if ids != sorted(set(ids)):
        raise strict.invalid("EVID010", "an envelope's signatures are repeated or not sorted by key")
    return Unverified(payload, signatures)


def _members(value: object) -> list[object]:
    members = cast("list[object]", value) if isinstance(value, list) else []
    if not 1 <= len(members) <= MAX_SIGNATURES:
        raise strict.invalid("EVID004", f"an envelope has no list of 1 to {MAX_SIGNATURES} signatures")
    return members


def _signature(value: object) -> tuple[str, bytes]:
    fields = strict.exact(value, _SIGNATURE, "a signature")
    return strict.text(fields["keyid"], "a key id"), strict.unbase64(fields["sig"], "a signature")


def lines_of(data: bytes) -> list[bytes]:
    """The lines of a bundle with their newlines; a last one without newline stays, to be refused."""
    return io.BytesIO(data).readlines()


def open_line(line: bytes, keys: Mapping[str, str], payload_type: str = PAYLOAD_TYPE) -> Opened:
    """Parse and verify one line against ``keys`` (key id → raw public key in hex).

    Every signature by a known key must verify (EVID008) and there must be one
    (EVID009); the others are named in :attr:`Opened.unknown`. NOT checked:
    which role a key holds, and what the payload says.
    """
    found = unpack(line, payload_type)
    known = [signature for signature in found.signatures if signature[0] in keys]
    if not known:
        raise strict.invalid(
            "EVID009", "an envelope carries no signature by a known key", "add the signer to the policy, or ignore it"
        )
    message = pae(found.payload, payload_type)
    for keyid, signature in known:
        _verify(keyid, keys[keyid], signature, message)
    unknown = tuple([k for k, _ in found.signatures if k not in keys])
    return Opened(found.payload, tuple([k for k, _ in known]), unknown, sha256(line))


def _verify(keyid: str, public_key: str, signature: bytes, message: bytes) -> None:
    if not (_is_id(keyid, public_key) and verifies(public_key, signature, message)):
        raise strict.invalid("EVID008", f"the signature by key {keyid[:16]} does not verify")


@lru_cache(maxsize=256)
def _is_id(keyid: str, public_key: str) -> bool:
    try:
        return keyid_of(public_key) == keyid
    except ValueError:
        return False
