"""ed25519 keys (RFC 8032) in files: PEM PKCS8 as openssl reads and writes them, or OpenSSH's own private key format.

A key file has mode 0600 and one owner; anything wider is refused rather than mended, because whoever could read it may
have. The file is not encrypted: what protects it is the account (D12 calls that ``user-held``). A key with a passphrase
is used through ssh-agent (:mod:`.sshagent`), any other store of keys through a program (:mod:`.signcommand`).
"""

from __future__ import annotations

import base64
import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from orchestrator.errors import UsageError
from orchestrator.models.attestation import PAYLOAD_TYPE, Signature
from orchestrator.models.base import Noun

from . import files

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_FAMILY: Final = "KEY"
_CAP_BYTES: Final = 4096
_SIGNATURE_BYTES: Final = 64
_OPENSSH: Final = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_PUBLIC: Final = re.compile(r"([0-9a-f]{64}) (\S.{0,98}\S|\S)\n")


def pae(payload: bytes, payload_type: str) -> bytes:
    """DSSE v1.0.2 pre-authentication encoding: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def keyid_of(public_key: str) -> str:
    """SHA-256 in hex of the raw public key, given in hex. Raises ``ValueError`` for what is no hex."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()


class PublicKey(Noun):
    """The half that may be shown. ``public_key`` is raw, in hex."""

    name: str
    public_key: str

    @property
    def keyid(self) -> str:
        """As in :func:`keyid_of`."""
        return keyid_of(self.public_key)


def verifies(public_key: str, signature: bytes, message: bytes) -> bool:
    """Whether a plain ed25519 signature is by this key (raw, in hex).

    libsodium checks, which also refuses keys of small order (under one, a signature fits any message) and an encoding
    that is not the canonical one.
    """
    if len(signature) != _SIGNATURE_BYTES:
        return False
    sign_open, refused = _libsodium()
    try:
        sign_open(signature + message, bytes.fromhex(public_key))
    except (refused, ValueError):
        return False
    return True


@cache
def _libsodium() -> tuple[Callable[[bytes, bytes], bytes], type[Exception]]:
    from nacl.bindings import crypto_sign_open  # noqa: PLC0415  start-up
    from nacl.exceptions import CryptoError  # noqa: PLC0415  start-up

    return crypto_sign_open, CryptoError


class KeySigner(ABC):
    """The half that all signers share. ``public_key`` is raw, in hex; nothing else of the key need be here."""

    def __init__(self, public_key: str) -> None:
        self._public_key = public_key
        self._keyid = keyid_of(public_key)

    @property
    def keyid(self) -> str:
        return self._keyid

    @property
    def public_key(self) -> str:
        return self._public_key

    @abstractmethod
    def sign_message(self, message: bytes) -> bytes: ...

    def sign(self, payload: bytes, payload_type: str = PAYLOAD_TYPE) -> Signature:
        raw = self.sign_message(pae(payload, payload_type))
        return Signature(keyid=self._keyid, sig=base64.b64encode(raw).decode())


class FileSigner(KeySigner):
    """A :class:`~orchestrator.ports.Signer` over one key file. Holds the private key in memory."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        super().__init__(key.public_key().public_bytes_raw().hex())
        self._key = key

    def sign_message(self, message: bytes) -> bytes:
        return self._key.sign(message)


def public_path(path: Path) -> Path:
    """Where the public half lies."""
    return path.with_name(path.name + ".pub")


def generate_key(path: Path, name: str) -> FileSigner:
    """Make a key pair: ``path`` (0600) and ``path`` + ``.pub`` (hex, a space, ``name``).

    Raises ``UsageError`` KEY001 when one of them exists, KEY008 for a name
    that is not one line of 1 to 100 characters.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  start-up
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  start-up
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    key = Ed25519PrivateKey.generate()
    signer = FileSigner(key)
    line = f"{signer.public_key} {name}\n"
    if not _PUBLIC.fullmatch(line) or not name.isprintable():
        raise UsageError("KEY008", "a key's name is one line of 1 to 100 printable characters", "use the person's name")
    if public_path(path).exists():
        raise UsageError("KEY001", f"{public_path(path)} exists already", "choose another path, or move it away")
    files.write_new(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), _FAMILY)
    files.write_new(public_path(path), line.encode(), _FAMILY, mode=0o644)
    return signer


def load_key(path: Path) -> FileSigner:
    """A key from its file.

    Raises ``UsageError`` KEY002-006 as in :func:`files.read_private`, KEY009 for other content, KEY011 for a key with
    a passphrase.
    """
    return parse_key(files.read_private(path, _FAMILY, _CAP_BYTES), path)


def parse_key(data: bytes, path: Path) -> FileSigner:
    """A key from the bytes of its file; ``path`` is for messages."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415  start-up
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415  start-up
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415  start-up
        load_pem_private_key,
        load_ssh_private_key,
    )

    load = load_ssh_private_key if data.startswith(_OPENSSH) else load_pem_private_key
    try:
        key = load(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        if "encrypted" in str(error).lower() or "password" in str(error).lower():
            raise UsageError(
                "KEY011", f"{path} has a passphrase", f"ssh-add {path}, then name its .pub file as the key"
            ) from None
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UsageError("KEY009", f"{path} holds no plain ed25519 key", f"openssl pkey -in {path} -text")
    return FileSigner(key)


def read_public(path: Path) -> PublicKey:
    """The public half from its ``.pub`` file. Raises ``UsageError`` KEY002, KEY009."""
    try:
        with path.open("rb") as file:
            data = file.read(_CAP_BYTES)
    except OSError as error:
        raise UsageError(
            "KEY002", f"{path} cannot be read: {error.strerror}", "ask its owner for the .pub file"
        ) from None
    found = _PUBLIC.fullmatch(data.decode(errors="replace"))
    if found is None:
        raise UsageError("KEY009", f"{path} is not `<64 hex digits> <name>`", "ask its owner for the .pub file")
    return PublicKey(public_key=found[1], name=found[2])
