"""ed25519 keys as OpenSSH writes them: public key lines, fingerprints, SSHSIG signatures for git.

Wire format: RFC 4251 section 5 and RFC 8709; signatures of files and git objects: OpenSSH's PROTOCOL.sshsig.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import struct
from collections.abc import Iterator
from typing import Final

from orchestrator.errors import UsageError
from orchestrator.ports import Signer
from orchestrator.provenance.signing.keys import verifies

TYPE: Final = b"ssh-ed25519"
_RAW_BYTES: Final = 32
_ARMOR_COLUMNS: Final = 70
_BEGIN: Final = "-----BEGIN SSH SIGNATURE-----"
_END: Final = "-----END SSH SIGNATURE-----"
_ARMORED: Final = re.compile(rf"{_BEGIN}\n((?:[A-Za-z0-9+/=]+\n)+){_END}\n")


def packed(data: bytes) -> bytes:
    """A string of the wire format: its length in 4 bytes, then itself."""
    return struct.pack(">I", len(data)) + data


def unpacked(data: bytes) -> Iterator[bytes]:
    """The strings that a blob is made of. Raises ``ValueError`` for one that is cut."""
    while data:
        if len(data) < struct.calcsize(">I"):
            raise ValueError("cut")
        (size,) = struct.unpack(">I", data[:4])
        if size > len(data) - 4:
            raise ValueError("cut")
        yield data[4 : 4 + size]
        data = data[4 + size :]


def blob_of(public_key: str) -> bytes:
    """A key (raw, in hex) in the wire format."""
    return packed(TYPE) + packed(bytes.fromhex(public_key))


def key_of(blob: bytes) -> str | None:
    """The key in hex, when the blob is an ed25519 key."""
    try:
        parts = list(unpacked(blob))
    except ValueError:
        return None
    return parts[1].hex() if len(parts) == 2 and parts[0] == TYPE and len(parts[1]) == _RAW_BYTES else None  # noqa: PLR2004  kind and key


def fingerprint(public_key: str) -> str:
    """``SHA256:…`` as ``ssh-keygen -l`` prints it."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob_of(public_key)).digest()).decode().rstrip("=")


def line_of(public_key: str, comment: str = "") -> str:
    """A line for ``authorized_keys`` and ``allowed_signers``."""
    return f"{TYPE.decode()} {base64.b64encode(blob_of(public_key)).decode()} {comment}".rstrip()


def parse_line(text: str) -> tuple[str, str]:
    """Key in hex and comment of a ``.pub`` line. Raises ``UsageError`` KEY012 for another kind of key."""
    kind, _, rest = text.strip().partition(" ")
    encoded, _, comment = rest.partition(" ")
    try:
        key = key_of(base64.b64decode(encoded, validate=True)) if kind.encode() == TYPE else None
    except (binascii.Error, ValueError):
        key = None
    if key is None:
        raise UsageError("KEY012", "This is no ssh-ed25519 public key.", "ssh-keygen -t ed25519")
    return key, comment.strip()


def git_signature(message: bytes, signer: Signer) -> str:
    """An armored SSHSIG in the namespace ``git``, which ``git verify-tag`` and ``git verify-commit`` check."""
    raw = signer.sign_message(_signed(message))
    head = _MAGIC + packed(blob_of(signer.public_key))
    encoded = base64.b64encode(head + _INNER + packed(packed(TYPE) + packed(raw))).decode()
    rows = [encoded[n : n + _ARMOR_COLUMNS] for n in range(0, len(encoded), _ARMOR_COLUMNS)]
    return "\n".join([_BEGIN, *rows, _END, ""])


_MAGIC: Final = b"SSHSIG" + struct.pack(">I", 1)
_INNER: Final = packed(b"git") + packed(b"") + packed(b"sha512")


def _signed(message: bytes) -> bytes:
    return b"SSHSIG" + _INNER + packed(hashlib.sha512(message).digest())


def git_signer(signed: bytes) -> tuple[bytes, str] | None:
    """The message before an SSHSIG as :func:`git_signature` makes it, and the key (raw, in hex) that signed it.

    ``None`` for any other form, and for a signature that does not verify. NOT checked: whose key it is.
    """
    message, begin, armored = signed.rpartition(_BEGIN.encode())
    found = _ARMORED.fullmatch((begin + armored).decode("ascii", "replace"))
    if found is None:
        return None
    try:
        blob = base64.b64decode(found[1].replace("\n", ""), validate=True)
        key, name, reserved, digest, whole = unpacked(blob.removeprefix(_MAGIC))
        _, raw = unpacked(whole)
    except (binascii.Error, ValueError):
        return None
    public_key = key_of(key)
    alike = (
        blob.startswith(_MAGIC)
        and packed(name) + packed(reserved) + packed(digest) == _INNER
        and public_key is not None
    )
    return (message, public_key) if alike and public_key and verifies(public_key, raw, _signed(message)) else None
