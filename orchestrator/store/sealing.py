"""State at rest, encrypted and authenticated: AES-256-GCM (NIST SP 800-38D) under keys derived by HKDF (RFC 5869).

One key of the user's gives one key for each purpose: the checkpoints of a run, the blobs of a repository. What a row
is for is authenticated with it, so a row that was altered, made without the key, or taken from another run or another
name is refused, and so is a row that was never sealed. NOT prevented: an older row of the same run put back in its
place; ids, times, titles and standings in ``runs.db``, which are not sealed.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

from orchestrator.errors import StoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
MARK = "sealed-"
_NONCE_BYTES = 12
_HINT = "name the key that it was written with (HANDRAIL_STATE_KEY), or restore the state folder from a backup"


class Seal:
    """One purpose's key. Safe to call from several threads."""

    def __init__(self, key: bytes, purpose: str) -> None:
        """Raises ``StoreError`` (STORE033) for a key that is not 32 bytes."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415  costs start-up
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415  the same
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF  # noqa: PLC0415  the same

        if len(key) != KEY_BYTES:
            text = f"A key for the state has {KEY_BYTES} bytes, and this one {len(key)}."
            raise StoreError("STORE033", text, "make one: openssl rand -hex 32")
        self._purpose = purpose
        derived = HKDF(SHA256(), KEY_BYTES, None, f"handrail state: {purpose}".encode()).derive(key)
        self._cipher: AESGCM = AESGCM(derived)

    def close(self, data: bytes, about: str) -> bytes:
        """Nonce and ciphertext. ``about`` is authenticated and not kept."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, data, about.encode())

    def open(self, data: bytes, about: str) -> bytes:
        """Raises ``StoreError`` (STORE031) for what this key did not seal for that."""
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415  costs start-up

        try:
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], about.encode())
        except (InvalidTag, ValueError) as problem:
            text = f"What is kept for {self._purpose} was altered, or sealed with another key."
            raise StoreError("STORE031", text, _HINT) from problem


class _Serializer(Protocol):
    """LangGraph's."""

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]: ...  # noqa: ANN401  LangGraph's signature

    def loads_typed(self, data: tuple[str, bytes]) -> Any: ...  # noqa: ANN401  the same


class StateSerializer:
    """LangGraph's serializer around a strict one; with a seal nothing else is read, without one nothing sealed.

    The stock wrapper of LangGraph takes rows that are not encrypted as they are, so whoever can write the file could
    put one there; this one refuses them.
    """

    def __init__(self, strict: _Serializer, seal: Seal | None) -> None:
        self._strict, self._seal = strict, seal

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:  # noqa: ANN401  LangGraph's signature
        """As LangGraph's."""
        return self.closed(*self._strict.dumps_typed(obj))

    def loads_typed(self, data: tuple[str, bytes]) -> Any:  # noqa: ANN401  the same
        """As LangGraph's. Raises ``StoreError``: STORE030 a row that is not sealed, STORE031, STORE032 no key."""
        return self._strict.loads_typed(self.opened(*data))

    def closed(self, kind: str, data: bytes) -> tuple[str, bytes]:
        """A row as it is kept."""
        return (kind, data) if self._seal is None else (MARK + kind, self._seal.close(data, kind))

    def opened(self, kind: str, data: bytes) -> tuple[str, bytes]:
        """A row as the strict serializer wrote it. Raises as :meth:`loads_typed`."""
        if kind.startswith(MARK) != (self._seal is not None):
            raise unsealed() if self._seal else keyless()
        return (kind, data) if self._seal is None else (kind[len(MARK) :], self._seal.open(data, kind[len(MARK) :]))


def unsealed() -> StoreError:
    """A row without a seal, where a key is named."""
    text = "There is a row that is not sealed, and with a key for the state only sealed ones are read."
    return StoreError(
        "STORE030", text, "somebody put it there, or the run began without the key: end it without, first"
    )


def keyless() -> StoreError:
    """A sealed row, and no key."""
    return StoreError("STORE032", "The state is sealed, and no key for it is named.", _HINT)
